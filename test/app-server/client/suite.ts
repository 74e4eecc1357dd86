/** What every client does, wherever its server runs. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type {
  AppServerClientService,
  AppServerEvent,
  ClientOptions
} from "../../../src/app-server/client/AppServerClient.js"
import { type Body } from "../../cases.js"
import type { IoError } from "../../../src/app-server/client/TypedRequestError.js"

/** A server over a backend of its own, at which somebody is signed in, and clients of it. */
export interface World {
  readonly connect: (options: ClientOptions) => Effect.Effect<AppServerClientService, IoError, Scope.Scope>
  /** How often the backend was asked for the usage. */
  readonly usageReads: Effect.Effect<number>
  /** Whether several clients can be connected to the same server. */
  readonly isShared: boolean
}

const me: ClientOptions = { clientName: "suite", clientVersion: "1.0.0" }

const until = (client: AppServerClientService, wanted: (event: AppServerEvent) => boolean) =>
  client.events.pipe(
    Stream.takeUntil(wanted),
    Stream.runCollect,
    Effect.map((all) => [...all]),
    Effect.timeout("1 minute")
  )

const isNamed = (method: string) => (event: AppServerEvent) => "method" in event && event.method === method

const methodsOf = (events: ReadonlyArray<AppServerEvent>) =>
  events.map((event) => ("method" in event ? event.method : event._tag))

const missing = "0199a213-81c0-7800-8aa1-bbab2a035a53"

export const clientSuite = (
  name: string,
  makeWorld: Effect.Effect<World, never, Scope.Scope>,
  { timeout = 20_000 }: { readonly timeout?: number } = {}
) =>
  describe(name, () => {
    const test = (what: string, body: Body<Scope.Scope, [World]>) =>
      it.scopedLive(what, () => Effect.flatMap(makeWorld, (world) => Effect.gen(() => body(world))), timeout)

    test("reads account and limits, typed, with the handshake done", function* ({ connect, usageReads }) {
      const client = yield* connect(me)
      assert.match(client.server.userAgent ?? "", /^suite\//)
      assert.isNotNull(client.server.version)
      assert.isNotNull(client.server.codexHome)
      const { account, requiresOpenaiAuth } = yield* client.request("account/read", { refreshToken: false })
      assert.strictEqual(account?.type, "chatgpt")
      assert.isTrue(requiresOpenaiAuth)
      const { rateLimits, rateLimitsByLimitId } = yield* client.request("account/rateLimits/read")
      assert.strictEqual(rateLimits.limitId, "codex")
      assert.isNumber(rateLimits.primary?.usedPercent)
      assert.isDefined(rateLimitsByLimitId?.["codex"])
      assert.strictEqual(yield* usageReads, 1)
      const raw = yield* client.requestRaw({ method: "account/read", params: {} })
      assert.isTrue(typeof raw === "object" && raw !== null && "account" in raw)
    })

    test("reports what the server refuses", function* ({ connect }) {
      const client = yield* connect(me)
      const unknown = yield* Effect.flip(client.request("thread/read", { threadId: missing }))
      assert.match(unknown.message, /^thread\/read failed: thread not loaded: .* \(code -32600\)$/)
      const empty = yield* Effect.flip(client.request("account/rateLimitResetCredit/consume", { idempotencyKey: "" }))
      assert.strictEqual(
        empty.message,
        "account/rateLimitResetCredit/consume failed: idempotencyKey must not be empty (code -32600)"
      )
      const method = yield* Effect.flip(client.requestRaw({ method: "no/such", params: {} }))
      assert.match(method.message, /^no\/such failed: Invalid request: unknown method `no\/such`/)
      const gated = yield* Effect.flip(
        client.request("account/login/start", { type: "chatgptAuthTokens", accessToken: "a", chatgptAccountId: "b" })
      )
      assert.strictEqual(
        gated.message,
        "account/login/start failed: account/login/start.chatgptAuthTokens requires experimentalApi capability (code -32600)"
      )
    })

    test("sees a thread that it has started, and is told of it", function* ({ connect }) {
      const client = yield* connect(me)
      const told = yield* Effect.fork(until(client, isNamed("thread/started")))
      const { thread } = yield* client.request("thread/start", { ephemeral: true })
      assert.strictEqual(thread.originator, "suite")
      assert.isTrue(thread.ephemeral)
      assert.isNull(thread.path)
      const read = yield* client.request("thread/read", { threadId: thread.id })
      assert.strictEqual(read.thread.id, thread.id)
      const last = (yield* told).at(-1)
      assert.isTrue(
        last?._tag === "ServerNotification" && last.method === "thread/started" && last.params.thread.id === thread.id
      )
    })

    test("is told in the words of the older protocol too, where it wants that", function* ({ connect }) {
      const client = yield* connect({ ...me, legacyNotifications: true })
      const events = yield* Effect.fork(until(client, (event) => event._tag === "LegacyNotification"))
      yield* client.request("thread/start", { ephemeral: true })
      const last = (yield* events).at(-1)
      assert.isTrue(last?._tag === "LegacyNotification" && last.method === "codex/event/session_configured")
    })

    test("is told of a sign-in in order, and of the sign-out", function* ({ connect }) {
      const client = yield* connect(me)
      // The greeting comes first.
      yield* until(client, isNamed("account/updated"))
      const events = yield* Effect.fork(
        until(
          client,
          (event) =>
            event._tag === "ServerNotification" &&
            event.method === "account/updated" &&
            event.params.authMode === "apikey"
        )
      )
      const answer = yield* client.request("account/login/start", { type: "apiKey", apiKey: "sk-test-1" })
      assert.deepStrictEqual(answer, { type: "apiKey" })
      const heard = (yield* events).filter(({ _tag }) => _tag === "ServerNotification")
      assert.deepStrictEqual(methodsOf(heard), ["account/login/completed", "account/updated"])
      assert.deepStrictEqual((yield* client.request("account/read")).account, { type: "apiKey" })
      const gone = yield* Effect.fork(until(client, isNamed("account/updated")))
      yield* client.request("account/logout")
      const [last] = (yield* gone).slice(-1)
      assert.isTrue(
        last?._tag === "ServerNotification" && last.method === "account/updated" && last.params.authMode === null
      )
      assert.isNull((yield* client.request("account/read")).account)
    })

    test("is not told of what it does not want", function* ({ connect }) {
      const client = yield* connect({ ...me, optOutNotificationMethods: ["account/updated", "no/such"] })
      const events = yield* Effect.fork(until(client, isNamed("thread/started")))
      yield* client.request("account/logout")
      yield* client.request("thread/start", { ephemeral: true })
      assert.notInclude(methodsOf(yield* events), "account/updated")
    })

    test("works through queues of one, for many callers at once", function* ({ connect }) {
      const client = yield* connect({ ...me, channelCapacity: 1 })
      const answers = yield* Effect.forEach(
        Array.from({ length: 30 }, (_, n) => n),
        () =>
          Effect.retry(client.requestHandle.request("account/read"), {
            while: (error) => error._tag === "ServerError" && error.error.code === -32001
          }),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(new Set(answers.map(({ account }) => account?.type)), 1)
    })

    test("ends, with what is asked after it", function* ({ connect }) {
      const client = yield* connect(me)
      const listening = yield* Effect.fork(Stream.runDrain(client.events))
      yield* client.shutdown
      yield* Fiber.join(listening)
      const error = yield* Effect.flip(client.request("account/read"))
      assert.strictEqual(error._tag, "TransportError")
      assert.match(error.message, /the app-server client is closed$/)
    })

    test("is one of several", function* ({ connect, isShared }) {
      const [one, two] = yield* Effect.all([connect(me), connect({ ...me, clientName: "other" })])
      const { thread } = yield* one.request("thread/start", { ephemeral: true })
      assert.strictEqual(thread.originator, "suite")
      const seen = yield* Effect.option(two.request("thread/read", { threadId: thread.id }))
      assert.strictEqual(Option.isSome(seen), isShared)
      yield* one.shutdown
      assert.strictEqual((yield* two.request("account/read")).account?.type, "chatgpt")
    })
  })
