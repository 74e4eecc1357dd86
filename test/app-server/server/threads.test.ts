/** Threads as a client sees them, over the server and a store. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Path from "node:path"
import { legacyExtension } from "../../../src/app-server/protocol/schemas/Initialize.js"
import { layer as serverLayer } from "../../../src/app-server/server/layer.js"
import { makeThreadHandlers, type ThreadOptions } from "../../../src/app-server/server/threads.js"
import {
  ThreadListResponse,
  ThreadReadResponse,
  ThreadStartResponse
} from "../../../src/app-server/protocol/schemas/Threads.js"
import { version } from "../../../src/domain/version.js"
import { layerMemory } from "../../../src/layers/ThreadStoreMemory.js"
import { ThreadStore, ThreadStoreError } from "../../../src/services/ThreadStore.js"
import { type Body, test } from "../../cases.js"
import {
  type Client,
  connect,
  errorOf,
  initialized,
  initializeParams,
  order,
  resultOf,
  services,
  told,
  withClient
} from "./harness.js"

const at = 1_763_640_000

const serverOver = (store: Layer.Layer<ThreadStore>, options?: ThreadOptions) =>
  Layer.unwrapEffect(Effect.map(makeThreadHandlers(options), (threads) => serverLayer({ threads }))).pipe(
    Layer.provideMerge(store),
    Layer.provide(services())
  )

const started = Schema.decodeUnknownSync(ThreadStartResponse)
const listed = Schema.decodeUnknownSync(ThreadListResponse)
const read = Schema.decodeUnknownSync(ThreadReadResponse)

const start = (client: Client, params: unknown = {}) =>
  Effect.map(client.call("thread/start", params), (answer) => started(resultOf(answer)))
const list = (client: Client, params: unknown = {}) =>
  Effect.map(client.call("thread/list", params), (answer) => listed(resultOf(answer)))

// The clock is set before the server is made: it would do all that it does four times a second.
const atNow = Layer.effectDiscard(TestClock.setTime(at * 1000 + 789))
const inMemory = (options?: ThreadOptions) => Layer.provideMerge(serverOver(layerMemory, options), atNow)

type Available = Layer.Layer.Success<ReturnType<typeof serverOver>> | Scope.Scope

const threads = (name: string, body: Body<Available>) => test(name, inMemory(), body)
const withThreads = (name: string, body: Body<Available, [Client]>, options?: ThreadOptions) =>
  withClient(name, inMemory(options), body)

const unknownId = "0199a213-81c0-7800-8aa1-bbab2a035a53"

describe("thread/start", () => {
  withThreads("answers with a thread, and then tells of it", function* (client) {
    yield* client.until("account/updated")
    yield* client.send(7, "thread/start", { cwd: "/work", threadSource: "user", serviceTier: "fast" })
    const messages = yield* client.rest
    assert.deepStrictEqual(order(messages), ["Response 7", "thread/started"])
    const [answer] = messages
    assert(answer?._tag === "Response")
    assert(Predicate.isRecord(answer.result))
    const { thread, ...rest } = answer.result
    assert.deepStrictEqual(rest, {
      model: "none",
      modelProvider: "openai",
      serviceTier: "fast",
      cwd: "/work",
      approvalPolicy: "never",
      approvalsReviewer: "user",
      sandbox: { type: "readOnly" },
      activePermissionProfile: null,
      disabledPluginIds: [],
      instructionSources: [],
      multiAgentMode: "explicitRequestOnly",
      runtimeWorkspaceRoots: [],
      reasoningEffort: null
    })
    assert.deepStrictEqual(told(messages), [["thread/started", { thread }]])
    assert(Predicate.isRecord(thread))
    const { id, ...facts } = thread
    assert.match(String(id), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.deepStrictEqual(facts, {
      sessionId: id,
      forkedFromId: null,
      parentThreadId: null,
      preview: "",
      ephemeral: false,
      modelProvider: "openai",
      projectId: null,
      createdAt: at,
      updatedAt: at,
      status: { type: "idle" },
      path: null,
      cwd: "/work",
      cliVersion: version,
      originator: "tester",
      source: "vscode",
      threadSource: "user",
      agentNickname: null,
      agentRole: null,
      gitInfo: null,
      name: null,
      model: null,
      reasoningEffort: null,
      environments: null,
      extra: null,
      attachedToThreadId: null,
      section: null,
      sectionEnteredAt: null,
      historyMode: "paginated",
      recencyAt: at,
      canAcceptDirectInput: null,
      daybreakEnabled: null,
      turns: []
    })
  })

  withThreads(
    "tells the model of the settings, unless another is asked for",
    function* (client) {
      const [usual, other] = [yield* start(client), yield* start(client, { model: "other" })]
      assert.deepStrictEqual([usual.model, other.model], ["of-settings", "other"])
    },
    { model: "of-settings" }
  )

  withThreads("keeps what the client wants turns to be run with", function* (client) {
    const answer = yield* start(client, {
      model: "gpt",
      modelProvider: "other",
      approvalPolicy: "on-request",
      approvalsReviewer: "auto",
      sandbox: "workspace-write",
      cwd: "a/b"
    })
    assert.deepStrictEqual(
      [answer.model, answer.modelProvider, answer.approvalPolicy, answer.approvalsReviewer, answer.sandbox],
      ["gpt", "other", "on-request", "auto", { type: "workspaceWrite" }]
    )
    assert.strictEqual(answer.cwd, Path.resolve("a/b"))
    assert.deepStrictEqual([answer.thread.model, answer.thread.modelProvider], ["gpt", "other"])
  })

  for (const source of ["cli", "exec", { custom: "atlas" }] as const) {
    withThreads(
      `tells what kind of program the server is in: ${JSON.stringify(source)}`,
      function* (client) {
        const { thread } = yield* start(client, { ephemeral: true })
        assert.deepStrictEqual(thread.source, source)
      },
      { source }
    )
  }

  it.scoped("the environment's name for the originator counts more than the client's", () => {
    const named = ConfigProvider.fromMap(new Map([["CODEX_INTERNAL_ORIGINATOR_OVERRIDE", "the daemon"]]))
    return Effect.gen(function* () {
      const client = yield* initialized()
      assert.strictEqual((yield* start(client)).thread.originator, "the daemon")
    }).pipe(Effect.provide(serverOver(layerMemory)), Effect.withConfigProvider(named))
  })

  threads("a client that does not want to know is not told", function* () {
    const client = yield* initialized({ kind: "stdio", optOut: ["thread/started"] })
    yield* start(client)
    assert.notInclude(order(yield* client.rest), "thread/started")
  })

  it.scoped("fails when the thread can't be stored, and an ephemeral one does not need to be", () => {
    const broken = Effect.fail(new ThreadStoreError({ detail: "the disk is full" }))
    const store = Layer.succeed(ThreadStore, {
      add: () => broken,
      find: () => broken,
      list: () => broken,
      rename: () => broken
    })
    return Effect.gen(function* () {
      const client = yield* initialized()
      const text = "The store of threads can't be used: the disk is full."
      assert.deepStrictEqual(errorOf(yield* client.call("thread/start", {})), [-32_603, text])
      assert.deepStrictEqual(errorOf(yield* client.call("thread/list", {})), [-32_603, text])
      assert.notInclude(order(yield* client.rest), "thread/started")
      yield* start(client, { ephemeral: true })
    }).pipe(Effect.provide(serverOver(store)))
  })
})

describe("thread/read and thread/resume", () => {
  withThreads("find a thread of another connection, which is idle as long as somebody is in it", function* (client) {
    const scope = yield* Scope.make()
    const other = yield* Scope.extend(initialized({ kind: "socket" }), scope)
    const { thread } = yield* start(other, { cwd: "/work" })
    assert.deepStrictEqual(read(resultOf(yield* client.call("thread/read", { threadId: thread.id }))).thread, thread)
    yield* Scope.close(scope, Exit.void)
    const after = read(resultOf(yield* client.call("thread/read", { threadId: thread.id.toUpperCase() })))
    assert.deepStrictEqual(after, { thread: { ...thread, status: { type: "notLoaded" } }, readState: null })
    const resumed = started(resultOf(yield* client.call("thread/resume", { threadId: thread.id, model: "gpt" })))
    assert.deepStrictEqual(resumed.thread, thread)
    assert.strictEqual(resumed.model, "gpt")
    assert.notInclude(order(yield* client.rest), "thread/started")
  })

  withThreads("an ephemeral thread is there as long as a connection is in it, and is in no list", function* (client) {
    const scope = yield* Scope.make()
    const other = yield* Scope.extend(initialized({ kind: "socket" }), scope)
    const { thread } = yield* start(other, { ephemeral: true })
    assert.isTrue(thread.ephemeral)
    yield* client.call("thread/resume", { threadId: thread.id })
    yield* Scope.close(scope, Exit.void)
    assert.isTrue(read(resultOf(yield* client.call("thread/read", { threadId: thread.id }))).thread.ephemeral)
    assert.deepStrictEqual((yield* list(client)).data, [])
  })

  withThreads("an ephemeral thread ends with its connection", function* (client) {
    const { thread } = yield* Effect.scoped(
      Effect.flatMap(initialized({ kind: "socket" }), (other) => start(other, { ephemeral: true }))
    )
    const [, text] = errorOf(yield* client.call("thread/read", { threadId: thread.id }))
    assert.strictEqual(text, `thread not loaded: ${thread.id}`)
  })

  withThreads("what is not there, not an id, or not known here is refused", function* (client) {
    const refused = (method: string, params: unknown) => Effect.map(client.call(method, params), errorOf)
    assert.deepStrictEqual(yield* refused("thread/read", { threadId: unknownId }), [
      -32_600,
      `thread not loaded: ${unknownId}`
    ])
    assert.deepStrictEqual(yield* refused("thread/resume", { threadId: unknownId }), [
      -32_600,
      `no rollout found for thread id ${unknownId}`
    ])
    for (const method of ["thread/read", "thread/resume"]) {
      const [code, text] = yield* refused(method, { threadId: "bad" })
      assert.strictEqual(code, -32_600)
      assert.match(text, /^invalid thread id: /)
    }
    const { thread } = yield* start(client)
    const [code, text] = yield* refused("thread/read", { threadId: thread.id, includeTurns: true })
    assert.strictEqual(code, -32_600)
    assert.match(text, /includeTurns is unavailable before first user message$/)
    yield* Effect.forEach([{ path: "/some/rollout" }, { history: [] }], (more) =>
      Effect.map(refused("thread/resume", { threadId: thread.id, ...more }), ([code]) =>
        assert.strictEqual(code, -32_600)
      )
    )
    started(resultOf(yield* client.call("thread/resume", { threadId: thread.id, path: "" })))
  })
})

describe("thread/list", () => {
  const idsOf = ({ data }: { readonly data: ReadonlyArray<{ readonly id: string }> }) => data.map(({ id }) => id)

  const many = (client: Client, count: number) =>
    Effect.map(
      Effect.forEach(Array.from({ length: count }), () =>
        Effect.zipRight(TestClock.adjust("1 second"), start(client, { cwd: "/work" }))
      ),
      (all) => all.map(({ thread }) => thread.id)
    )

  withThreads("pages of 25, newest first, and back again", function* (client) {
    const ids = (yield* many(client, 60)).toReversed()
    const first = yield* list(client)
    assert.deepStrictEqual(idsOf(first), ids.slice(0, 25))
    const second = yield* list(client, { cursor: first.nextCursor })
    assert.deepStrictEqual(idsOf(second), ids.slice(25, 50))
    const third = yield* list(client, { cursor: second.nextCursor })
    assert.deepStrictEqual(idsOf(third), ids.slice(50))
    assert.isNull(third.nextCursor)
    const back = yield* list(client, { cursor: third.backwardsCursor, sortDirection: "asc", limit: 3 })
    assert.deepStrictEqual(idsOf(back), ids.slice(47, 50).toReversed())
    assert.lengthOf((yield* list(client, { limit: 0 })).data, 1)
    assert.lengthOf((yield* list(client, { limit: 1000 })).data, 60)
    const empty = yield* list(client, { cwd: "/elsewhere" })
    assert.deepStrictEqual(empty, { data: [], nextCursor: null, backwardsCursor: null, readStates: {} })
  })

  withThreads("at most 100", function* (client) {
    yield* many(client, 101)
    const page = yield* list(client, { limit: 1000 })
    assert.lengthOf(page.data, 100)
    assert.isString(page.nextCursor)
  })

  withThreads("bad cursors are refused", function* (client) {
    yield* many(client, 2)
    const { nextCursor } = yield* list(client, { limit: 1 })
    for (const params of [
      { cursor: "nonsense" },
      { cursor: "" },
      { cursor: `createdAt:99999999999999999:${unknownId}` },
      { cursor: nextCursor, sortKey: "updated_at" }
    ]) {
      const [code] = errorOf(yield* client.call("thread/list", params))
      assert.strictEqual(code, -32_600, JSON.stringify(params))
    }
    assert.lengthOf((yield* list(client, { originators: [] })).data, 2)
  })

  withThreads("by folder, provider and name; archived and of a parent are none", function* (client) {
    const store = yield* ThreadStore
    const { thread } = yield* start(client, { cwd: "/a", modelProvider: "other" })
    yield* start(client, { cwd: "/b" })
    assert.deepStrictEqual(idsOf(yield* list(client, { cwd: "/a" })), [thread.id])
    assert.lengthOf((yield* list(client, { cwd: ["/a", "/b"] })).data, 2)
    assert.deepStrictEqual(idsOf(yield* list(client, { modelProviders: ["other"] })), [thread.id])
    assert.lengthOf((yield* list(client, { archived: true })).data, 0)
    assert.lengthOf((yield* list(client, { archived: false })).data, 2)
    assert.lengthOf((yield* list(client, { parentThreadId: thread.id })).data, 0)
    assert.lengthOf((yield* list(client, { searchTerm: "build" })).data, 0)
    const [stored] = yield* store.list({
      kinds: [],
      providers: ["other"],
      folders: [],
      included: null,
      excluded: [],
      search: null,
      sortBy: "createdAt",
      direction: "asc",
      after: null,
      limit: 1
    })
    assert(stored !== undefined)
    yield* store.rename(stored.id, "Fix the build")
    assert.deepStrictEqual(idsOf(yield* list(client, { searchTerm: "BUILD" })), [thread.id])
    assert.lengthOf((yield* list(client, { searchTerm: "" })).data, 2)
  })

  withThreads("by id; in a section, attached or spawned are none", function* (client) {
    const [first, second, third] = yield* many(client, 3)
    const found = (params: object) => Effect.map(list(client, params), idsOf)
    assert.deepStrictEqual(yield* found({ includedThreadIds: [first, third] }), [third, first])
    assert.deepStrictEqual(yield* found({ includedThreadIds: [first, third], excludedThreadIds: [first] }), [third])
    assert.deepStrictEqual(yield* found({ excludedThreadIds: [`{${third}}`] }), [second, first])
    const all = [third, second, first]
    for (const params of [
      { includedThreadIds: null, excludedThreadIds: [], sectionId: null, projectId: null, useStateDbOnly: true },
      { sortKey: "recency_at" },
      { sectionId: null, sortKey: "section_position" },
      { currentAccountOnly: false }
    ]) {
      assert.deepStrictEqual(yield* found(params), all, JSON.stringify(params))
    }
    for (const params of [
      { includedThreadIds: [] },
      { sectionId: "any" },
      { ancestorThreadId: first },
      { attachedToThreadId: first }
    ]) {
      assert.deepStrictEqual(yield* found(params), [], JSON.stringify(params))
    }
  })

  withThreads("what can't be asked for is refused as the original does", function* (client) {
    const ids = Array.from({ length: 101 }, () => unknownId)
    for (const [params, code, message] of [
      [{ originators: ["me"] }, -32_602, /originator filtering is not supported/],
      [{ includedThreadIds: ["x"] }, -32_602, /invalid included thread id: x/],
      [{ excludedThreadIds: ["x"] }, -32_602, /invalid excluded thread id: x/],
      [{ includedThreadIds: ids }, -32_602, /includedThreadIds accepts at most 100 entries/],
      [{ projectId: "x" }, -32_602, /project not found: x/],
      [{ parentThreadId: "x" }, -32_600, /invalid parent thread id/],
      [{ ancestorThreadId: "x" }, -32_600, /invalid ancestor thread id/],
      [{ attachedToThreadId: "x" }, -32_600, /invalid attached thread parent id/],
      [{ parentThreadId: unknownId, ancestorThreadId: unknownId }, -32_600, /mutually exclusive/],
      [{ attachedToThreadId: unknownId, parentThreadId: unknownId }, -32_600, /cannot be combined/],
      [{ includeAttachedThreads: true }, -32_600, /requires a non-empty searchTerm/],
      [{ sortKey: "section_position" }, -32_600, /requires a section filter/],
      [{ currentAccountOnly: true }, -32_600, /currentAccountOnly is not supported/],
      [{ includedThreadIds: "x" }, -32_600, /Invalid request/]
    ] as const) {
      const [found, text] = errorOf(yield* client.call("thread/list", params))
      assert.strictEqual(found, code, JSON.stringify(params))
      assert.match(text, message)
    }
  })

  withThreads(
    "without kinds only what a person is in",
    function* (client) {
      yield* start(client)
      assert.lengthOf((yield* list(client)).data, 0)
      assert.lengthOf((yield* list(client, { sourceKinds: [] })).data, 0)
      assert.lengthOf((yield* list(client, { sourceKinds: ["cli", "exec"] })).data, 1)
      assert.lengthOf((yield* list(client, { sourceKinds: ["subAgent"] })).data, 0)
    },
    { source: "exec" }
  )

  withThreads(
    "any kind of sub-agent",
    function* (client) {
      yield* start(client)
      assert.lengthOf((yield* list(client, { sourceKinds: ["subAgent"] })).data, 1)
      assert.lengthOf((yield* list(client, { sourceKinds: ["subAgentReview"] })).data, 1)
      assert.lengthOf((yield* list(client, { sourceKinds: ["subAgentOther"] })).data, 0)
    },
    { source: { subAgent: "review" } }
  )
})

describe("clients of the older protocol", () => {
  const legacy = (extensions: unknown) =>
    Effect.gen(function* () {
      const client = yield* connect()
      const { capabilities, ...params } = initializeParams()
      yield* client.call("initialize", { ...params, capabilities: { ...capabilities, extensions } })
      return client
    })

  threads("are told of the session too, where they ask for it", function* () {
    const client = yield* legacy({ [legacyExtension]: true })
    yield* client.until("account/updated")
    const { thread } = yield* start(client, { cwd: "/work", sandbox: "workspace-write" })
    const events = told(yield* client.rest)
    assert.deepStrictEqual(
      events.map(([method]) => method),
      ["thread/started", "codex/event/session_configured"]
    )
    assert.deepStrictEqual(events[1]?.[1], {
      conversationId: thread.id,
      id: "",
      msg: {
        type: "session_configured",
        session_id: thread.id,
        thread_name: null,
        model: "none",
        model_provider_id: "openai",
        service_tier: null,
        approval_policy: "never",
        approvals_reviewer: "user",
        sandbox_policy: { type: "workspace-write" },
        cwd: "/work",
        reasoning_effort: null,
        history_log_id: 0,
        history_entry_count: 0,
        initial_messages: null,
        rollout_path: null
      }
    })
    yield* client.call("thread/resume", { threadId: thread.id })
    assert.deepStrictEqual(
      told(yield* client.rest).map(([method]) => method),
      ["codex/event/session_configured"]
    )
  })

  threads("and only where they do", function* () {
    const client = yield* legacy({ [legacyExtension]: "yes" })
    yield* start(client)
    assert.notInclude(order(yield* client.rest), "codex/event/session_configured")
  })
})
