/** Threads as far as a client needs them to start: who made them, where and when. No model turn is ever run. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { SessionSource, Thread, ThreadId, threadIdAt } from "../../domain/Thread.js"
import { version } from "../../domain/version.js"
import { codes, type RpcError, rpcError } from "../../rpc/RpcError.js"
import { ThreadStore, type ThreadStoreError } from "../../services/ThreadStore.js"
import { invalidThreadId, noRolloutFound, notSupported, threadNotLoaded, turnsUnavailable } from "../protocol/errors.js"
import { uuidIn } from "../protocol/Method.js"
import type { Params } from "../protocol/methods.js"
import { type InitializeParams, legacyExtension, sessionSourceExtension } from "../protocol/schemas/Initialize.js"
import type { ThreadStartResponse } from "../protocol/schemas/Threads.js"
import type { Handlers, RequestContext, ThreadMethod } from "./Handler.js"
import { originatorOverride, Host } from "./handlers/initialize.js"
import { pageOf, queryOf } from "./threadPages.js"

export const wantsLegacy = ({ capabilities }: InitializeParams): boolean =>
  capabilities?.extensions?.[legacyExtension] === true

/** What may be written to, in the words of newer clients and of older ones. */
const sandboxes = [
  ["readOnly", "read-only"],
  ["workspaceWrite", "workspace-write"],
  ["dangerFullAccess", "danger-full-access"]
] as const

const olderSandbox = (sandbox: unknown): unknown =>
  Predicate.hasProperty(sandbox, "type")
    ? { ...sandbox, type: sandboxes.find(([newer]) => newer === sandbox.type)?.[1] ?? sandbox.type }
    : sandbox

/** The session of a thread is set up. Newer clients read that from the answer to `thread/start` or `thread/resume`. */
export const legacyConfigured = {
  method: "codex/event/session_configured",
  params: ({ thread, ...answer }: ThreadStartResponse) => ({
    conversationId: thread.id,
    id: "",
    msg: {
      type: "session_configured",
      session_id: thread.sessionId,
      thread_name: thread.name,
      model: answer.model,
      model_provider_id: answer.modelProvider,
      service_tier: answer.serviceTier,
      approval_policy: answer.approvalPolicy,
      approvals_reviewer: answer.approvalsReviewer,
      sandbox_policy: olderSandbox(answer.sandbox),
      cwd: answer.cwd,
      reasoning_effort: answer.reasoningEffort,
      history_log_id: 0,
      history_entry_count: 0,
      initial_messages: null,
      rollout_path: null
    }
  })
}

/**
 * `source` is what kind of program the server is part of, for the threads that it makes: `vscode` by default. `model` is
 * told of those that are asked for without one.
 * @since 0.1.0
 * @category models
 */
export interface ThreadOptions {
  readonly source?: SessionSource | undefined
  readonly model?: string | null
}

/** As no turn is ever run, nothing is allowed by default. */
const sandboxOf = (asked: unknown): unknown =>
  typeof asked === "string"
    ? { type: sandboxes.find(([, older]) => older === asked)?.[0] ?? asked }
    : (asked ?? { type: "readOnly" })

const stored = <A>(self: Effect.Effect<A, ThreadStoreError>): Effect.Effect<A, RpcError> =>
  Effect.catchAll(self, (error) =>
    Effect.zipRight(Effect.logWarning(error.message), Effect.fail(rpcError(codes.internal, error.message)))
  )

const secondsOf = (time: DateTime.Utc): number => Math.floor(DateTime.toEpochMillis(time) / 1000)

/** A thread that this server holds for at least one connection. */
interface Loaded {
  readonly thread: Thread
  readonly ephemeral: boolean
  connections: number
}

const wireThread = (thread: Thread, loaded: Loaded | undefined): ThreadStartResponse["thread"] => ({
  ...thread,
  forkedFromId: null,
  parentThreadId: null,
  preview: "",
  ephemeral: loaded?.ephemeral ?? false,
  projectId: null,
  createdAt: secondsOf(thread.createdAt),
  updatedAt: secondsOf(thread.updatedAt),
  status: { type: loaded === undefined ? "notLoaded" : "idle" },
  path: null,
  agentNickname: null,
  agentRole: null,
  gitInfo: null,
  reasoningEffort: null,
  environments: null,
  extra: null,
  attachedToThreadId: null,
  section: null,
  sectionEnteredAt: null,
  historyMode: "paginated",
  recencyAt: secondsOf(thread.updatedAt),
  canAcceptDirectInput: null,
  daybreakEnabled: null,
  turns: []
})

const started = (
  thread: Thread,
  loaded: Loaded,
  asked: Params<"thread/start"> | Params<"thread/resume">,
  absolute: (path: string) => string
): ThreadStartResponse => ({
  thread: wireThread(thread, loaded),
  model: asked.model ?? thread.model ?? "none",
  modelProvider: asked.modelProvider ?? thread.modelProvider,
  serviceTier: asked.serviceTier ?? null,
  cwd: asked.cwd == null ? thread.cwd : absolute(asked.cwd),
  approvalPolicy: asked.approvalPolicy ?? "never",
  approvalsReviewer: asked.approvalsReviewer ?? "user",
  sandbox: sandboxOf(asked.sandbox),
  activePermissionProfile: null,
  disabledPluginIds: [],
  instructionSources: [],
  multiAgentMode: "explicitRequestOnly",
  runtimeWorkspaceRoots: [],
  reasoningEffort: null
})

const asSource = Schema.decodeUnknownOption(SessionSource)

/** The kind that a client in this process gives itself; other clients have the kind of the server. */
const sourceOf = ({ client, kind }: RequestContext): Option.Option<SessionSource> =>
  kind === "inProcess" ? asSource(client.capabilities?.extensions?.[sessionSourceExtension]) : Option.none()

/**
 * The handlers of `thread/start`, `thread/resume`, `thread/list` and `thread/read`. A thread counts as idle as long as a
 * connection that started or resumed it is open. An ephemeral one is not stored, and gone after that.
 * @since 0.1.0
 * @category constructors
 */
export const makeThreadHandlers = ({ model = null, source = "vscode" }: ThreadOptions = {}): Effect.Effect<
  Handlers<ThreadMethod>,
  never,
  ThreadStore
> =>
  Effect.gen(function* () {
    const store = yield* ThreadStore
    const override = yield* originatorOverride
    const { absolute } = yield* Host
    const held = new Map<ThreadId, Loaded>()

    /** Until the connection closes. */
    const hold = (thread: Thread, ephemeral: boolean, { scope }: RequestContext): Effect.Effect<Loaded> =>
      Effect.suspend(() => {
        const loaded = held.get(thread.id) ?? { thread, ephemeral, connections: 0 }
        held.set(thread.id, loaded)
        loaded.connections += 1
        const release = Effect.sync(() => {
          loaded.connections -= 1
          if (loaded.connections === 0) held.delete(thread.id)
        })
        return Effect.as(Scope.addFinalizer(scope, release), loaded)
      })

    const find = (text: string, missing: (id: string) => RpcError): Effect.Effect<Thread, RpcError> =>
      Effect.gen(function* () {
        const uuid = uuidIn(text)
        if (uuid === null) return yield* invalidThreadId(text)
        const id = ThreadId.make(uuid)
        const loaded = held.get(id)
        if (loaded?.ephemeral === true) return loaded.thread
        return yield* Effect.flatMap(
          stored(store.find(id)),
          Option.match({ onNone: () => missing(id), onSome: Effect.succeed })
        )
      })

    const configured = (context: RequestContext, response: ThreadStartResponse) =>
      wantsLegacy(context.client)
        ? context.afterwards(context.notifyRaw(legacyConfigured.method, legacyConfigured.params(response)))
        : Effect.void

    return {
      "thread/start": (params, context) =>
        Effect.gen(function* () {
          const now = yield* DateTime.now
          const random = yield* Effect.sync(() => globalThis.crypto.getRandomValues(new Uint8Array(16)))
          const id = threadIdAt(DateTime.toEpochMillis(now), random)
          const thread = new Thread({
            id,
            sessionId: id,
            source: Option.getOrElse(sourceOf(context), () => source),
            originator: Option.getOrElse(override, () => context.client.clientInfo.name),
            threadSource: params.threadSource ?? null,
            cwd: absolute(params.cwd ?? "."),
            name: null,
            modelProvider: params.modelProvider ?? "openai",
            model: params.model ?? model,
            cliVersion: version,
            createdAt: now,
            updatedAt: now
          })
          const ephemeral = params.ephemeral === true
          if (!ephemeral) yield* stored(store.add(thread))
          const loaded = yield* hold(thread, ephemeral, context)
          const response = started(thread, loaded, params, absolute)
          yield* context.afterwards(context.notify("thread/started", { thread: response.thread }))
          yield* configured(context, response)
          return response
        }),
      "thread/resume": (params, context) =>
        Effect.gen(function* () {
          if (params.history != null) return yield* notSupported("thread/resume.history")
          if (params.path != null && params.path !== "") return yield* notSupported("thread/resume.path")
          const thread = yield* find(params.threadId, noRolloutFound)
          const loaded = yield* hold(thread, false, context)
          const response = started(thread, loaded, params, absolute)
          yield* configured(context, response)
          return response
        }),
      "thread/list": (params) =>
        Effect.gen(function* () {
          const query = yield* queryOf(params)
          if (query === null) return { data: [], nextCursor: null, backwardsCursor: null, readStates: {} }
          const found = yield* stored(store.list({ ...query, limit: query.limit + 1 }))
          const { backwards, next, threads } = pageOf(query, found)
          return {
            data: threads.map((thread) => wireThread(thread, held.get(thread.id))),
            nextCursor: next,
            backwardsCursor: backwards,
            readStates: {}
          }
        }),
      "thread/read": ({ includeTurns = false, threadId }) =>
        Effect.gen(function* () {
          const thread = yield* find(threadId, threadNotLoaded)
          if (includeTurns) return yield* turnsUnavailable(thread.id)
          return { thread: wireThread(thread, held.get(thread.id)), readState: null }
        })
    }
  })
