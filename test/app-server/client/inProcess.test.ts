import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import type { AppServerClientService } from "../../../src/app-server/client/AppServerClient.js"
import * as inProcess from "../../../src/app-server/client/inProcess.js"
import { errorResponse, notification, request, response } from "../../../src/rpc/Envelope.js"
import {
  accountResult,
  answerInitialize,
  brief,
  delta,
  failsClosed,
  idOf,
  initializeResult,
  makeScripted,
  me,
  nextEvents,
  type Script,
  settled
} from "./scripted.js"
import { virtual } from "../../cases.js"

/** A client, and the server's end of its connection, with the handshake over. */
const connected = (options: Partial<inProcess.InProcessOptions> = {}, script: Script = {}) =>
  Effect.gen(function* () {
    const { layer, next } = yield* makeScripted(script)
    const client = yield* Effect.provide(inProcess.start({ ...me, ...options }), layer)
    const server = yield* next
    yield* settled
    yield* server.heardSoFar
    return { client, server }
  })

describe("the handshake", () => {
  virtual("is made before the client is there, with all that it wants", function* () {
    const { layer, next } = yield* makeScripted()
    const client = yield* Effect.provide(
      inProcess.start({
        ...me,
        experimentalApi: true,
        mcpServerOpenaiFormElicitation: true,
        optOutNotificationMethods: ["thread/started"],
        channelCapacity: 7
      }),
      layer
    )
    const server = yield* next
    yield* settled
    assert.deepStrictEqual(server.how, { kind: "inProcess", capacity: 7 })
    assert.deepStrictEqual(yield* server.heardSoFar, [
      request("initialize", "initialize", {
        clientInfo: { name: "tests", title: null, version: "1.0.0" },
        capabilities: {
          experimentalApi: true,
          requestAttestation: false,
          optOutNotificationMethods: ["thread/started"],
          mcpServerOpenaiFormElicitation: true
        }
      }),
      notification("initialized")
    ])
    assert.deepStrictEqual(client.server, {
      userAgent: initializeResult.userAgent,
      version: "1.2.3",
      codexHome: "/server/.codex"
    })
  })

  virtual("that is refused leaves nothing behind", function* () {
    const { layer, next } = yield* makeScripted({
      answer: (message) => [errorResponse(idOf(message), { code: -32600, message: "go away" })]
    })
    const error = yield* Effect.flip(Effect.provide(inProcess.start(me), layer))
    assert.strictEqual(error.reason, "Other")
    assert.strictEqual(error.message, "the app-server at `this process` rejected initialize: go away")
    assert.isTrue(yield* (yield* next).isLeft)
  })

  virtual("that is never answered can be given up", function* () {
    const { layer, next } = yield* makeScripted({ answer: () => [] })
    const scope = yield* Scope.make()
    const starting = yield* Effect.fork(Scope.extend(Effect.provide(inProcess.start(me), layer), scope))
    const server = yield* next
    yield* Fiber.interrupt(starting)
    yield* Scope.close(scope, Exit.void)
    assert.isTrue(yield* server.isLeft)
  })

  virtual("clamps a capacity of 0 to 1", function* () {
    const { client, server } = yield* connected({ channelCapacity: 0 })
    assert.deepStrictEqual(server.how, { kind: "inProcess", capacity: 1 })
    const asked = yield* Effect.fork(client.request("account/read"))
    yield* server.say(response(idOf(yield* server.heard), accountResult))
    assert.strictEqual((yield* asked).requiresOpenaiAuth, true)
  })
})

describe("requests", () => {
  virtual("leave params out only where the method has none or needs none", function* () {
    const { client, server } = yield* connected()
    yield* Effect.fork(
      Effect.all(
        [client.request("account/read"), client.request("account/logout"), client.request("account/rateLimits/read")],
        { concurrency: "unbounded" }
      )
    )
    const heard = [yield* server.heard, yield* server.heard, yield* server.heard]
    assert.deepStrictEqual(heard, [
      request(1, "account/read", {}),
      request(2, "account/logout"),
      request(3, "account/rateLimits/read")
    ])
  })

  virtual("fail in the server's words, with code and data", function* () {
    const { client, server } = yield* connected()
    const asked = yield* Effect.fork(Effect.flip(client.request("thread/read", { threadId: "t" })))
    yield* server.heard
    yield* server.say(errorResponse(1, { code: -32603, message: "internal", data: { detail: "config lock mismatch" } }))
    const error = yield* asked
    assert.strictEqual(
      brief(error),
      'ServerError: thread/read failed: internal (code -32603), data: {"detail":"config lock mismatch"}'
    )
    assert.isUndefined(error.cause)
  })

  virtual("fail where the answer can't be read, without repeating a secret of it", function* () {
    const { client, server } = yield* connected()
    const asked = yield* Effect.fork(Effect.flip(client.request("getAuthStatus")))
    yield* server.heard
    yield* server.say(
      response(1, {
        authMethod: "chatgpt",
        authToken: "eyJhbGciOiJub25lIn0.e30.",
        requiresOpenaiAuth: "eyJhbGciOiJub25lIn0.e30."
      })
    )
    const error = yield* asked
    assert.strictEqual(error._tag, "DeserializeError")
    assert.strictEqual(error.message, "getAuthStatus response decode error: `result.requiresOpenaiAuth` is not boolean")
    assert.isDefined(error.cause)
  })

  virtual("wait each by itself, while events go on", function* () {
    const { client, server } = yield* connected()
    const slow = yield* Effect.fork(client.requestRaw({ method: "slow" }))
    const fast = yield* Effect.fork(client.requestRaw({ method: "fast" }))
    const [first, second] = [yield* server.heard, yield* server.heard]
    yield* server.say(delta(1), response(idOf(second), "fast"), delta(2))
    assert.strictEqual(yield* fast, "fast")
    assert.deepStrictEqual(
      (yield* nextEvents(client, 2)).map((event) => "params" in event && event.params),
      [{ n: 1 }, { n: 2 }]
    )
    yield* server.say(response(idOf(first), "slow"))
    assert.strictEqual(yield* slow, "slow")
  })

  virtual("with an id that is in flight are refused, and the first one keeps its answer", function* () {
    const { client, server } = yield* connected()
    const first = yield* Effect.fork(client.requestRaw({ id: 1, method: "account/read" }))
    yield* server.heard
    const error = yield* Effect.flip(client.requestRaw({ id: 1, method: "account/read" }))
    assert.strictEqual(brief(error), "TransportError: account/read transport error: not sent: duplicate request id")
    assert.lengthOf(yield* server.heardSoFar, 0)
    // An id of the client's own choosing goes out of its way.
    yield* Effect.fork(client.requestRaw({ method: "other" }))
    assert.deepStrictEqual(yield* server.heard, request(2, "other"))
    yield* server.say(response(1, "first"))
    assert.strictEqual(yield* first, "first")
  })

  virtual("that nobody waits for any more are still answered, and their ids in use until then", function* () {
    const { client, server } = yield* connected()
    const left = yield* Effect.fork(client.requestRaw({ id: "mine", method: "slow" }))
    yield* server.heard
    yield* Fiber.interrupt(left)
    assert.include(
      (yield* Effect.flip(client.requestRaw({ id: "mine", method: "slow" }))).message,
      "duplicate request id"
    )
    yield* server.say(response("mine", null))
    yield* settled
    const again = yield* Effect.fork(client.requestRaw({ id: "mine", method: "slow" }))
    yield* server.heard
    yield* server.say(response("mine", "again"))
    assert.strictEqual(yield* again, "again")
  })

  virtual("wait for room instead of failing", function* () {
    const { client, server } = yield* connected({ channelCapacity: 1 })
    yield* server.deaf(true)
    const all = yield* Effect.fork(
      Effect.forEach([1, 2, 3, 4, 5], (n) => client.requestRaw({ method: `m${n}` }), { concurrency: "unbounded" })
    )
    yield* settled
    assert.lengthOf(yield* server.heardSoFar, 0)
    yield* server.deaf(false)
    for (const n of [1, 2, 3, 4, 5]) {
      const message = yield* server.heard
      assert.deepStrictEqual(message, request(idOf(message), `m${n}`))
      yield* server.say(response(idOf(message), n))
    }
    assert.deepStrictEqual(yield* all, [1, 2, 3, 4, 5])
  })
})

describe("events", () => {
  virtual("are read as what they are", function* () {
    const { client, server } = yield* connected({ legacyNotifications: true })
    yield* server.say(
      { ...notification("account/updated", { authMode: "chatgpt", planType: "pro" }), emittedAtMs: 5 },
      notification("account/updated", { authMode: 7 }),
      notification("turn/started", { a: 1 }),
      notification("codex/event/task_complete", { b: 2 }),
      request(0, "item/tool/call", { c: 3 })
    )
    assert.deepStrictEqual(yield* nextEvents(client, 5), [
      {
        _tag: "ServerNotification",
        method: "account/updated",
        params: { authMode: "chatgpt", planType: "pro", reason: null, workspaceRole: null, isWorkspaceOwner: null },
        emittedAtMs: 5
      },
      { _tag: "OtherNotification", method: "account/updated", params: { authMode: 7 }, emittedAtMs: null },
      { _tag: "OtherNotification", method: "turn/started", params: { a: 1 }, emittedAtMs: null },
      { _tag: "LegacyNotification", method: "codex/event/task_complete", params: { b: 2 } },
      { _tag: "ServerRequest", id: 0, method: "item/tool/call", params: { c: 3 } }
    ])
  })

  virtual("of a stream that was stopped come in the next one", function* () {
    const { client, server } = yield* connected()
    yield* server.say(delta(1), delta(2), delta(3))
    yield* settled
    const numbers = (events: ReadonlyArray<{ readonly _tag: string }>) =>
      events.map((event) => ("params" in event ? event.params : event._tag))
    assert.deepStrictEqual(numbers(yield* nextEvents(client, 1)), [{ n: 1 }])
    assert.deepStrictEqual(numbers(yield* nextEvents(client, 2)), [{ n: 2 }, { n: 3 }])
  })

  virtual("that ask are answered by the consumer", function* () {
    const { client, server } = yield* connected()
    yield* server.say(request(7, "item/tool/call"), request("seven", "item/tool/call"))
    const [first, second] = yield* nextEvents(client, 2)
    assert.isTrue(first?._tag === "ServerRequest" && second?._tag === "ServerRequest")
    yield* client.resolveServerRequest(7, { ok: true })
    yield* client.rejectServerRequest("seven", { code: -32000, message: "no" })
    assert.deepStrictEqual(yield* server.heard, response(7, { ok: true }))
    assert.deepStrictEqual(yield* server.heard, errorResponse("seven", { code: -32000, message: "no" }))
  })

  virtual("for new tokens are refused, unless the caller takes them on", function* () {
    const ask = request(0, "account/chatgptAuthTokens/refresh", { reason: "unauthorized", previousAccountId: null })
    const { server } = yield* connected()
    yield* server.say(ask)
    assert.deepStrictEqual(
      yield* server.heard,
      errorResponse(0, { code: -32000, message: "this client does not refresh tokens" })
    )
    const willing = yield* connected({ handleTokenRefresh: true })
    yield* willing.server.say(ask)
    const [event] = yield* nextEvents(willing.client, 1)
    assert.deepStrictEqual(event, { _tag: "ServerRequest", id: 0, method: ask.method, params: ask.params })
  })

  virtual("that nobody wants any more hold up nothing, and questions are refused", function* () {
    const { client, server } = yield* connected({ channelCapacity: 1 })
    yield* server.say(request(0, "item/tool/call"))
    yield* settled
    yield* server.say(delta(1), delta(2), delta(3))
    yield* settled
    yield* client.closeEvents
    const refusal = { code: -32603, message: "the client reads no more events" }
    assert.deepStrictEqual(yield* server.heard, errorResponse(0, refusal))
    yield* server.say(delta(4), response(99, null))
    yield* settled
    yield* server.say(request(1, "item/tool/call"), delta(5))
    assert.deepStrictEqual(yield* server.heard, errorResponse(1, refusal))
    assert.lengthOf(yield* Stream.runCollect(client.events), 0)
    const asked = yield* Effect.fork(client.requestRaw({ method: "x" }))
    yield* server.say(response(idOf(yield* server.heard), "y"))
    assert.strictEqual(yield* asked, "y")
  })
})

describe("the end", () => {
  virtual("fails what waits, and everything after it at once", function* () {
    const { client, server } = yield* connected()
    const waiting = yield* Effect.fork(Effect.flip(client.request("account/read")))
    yield* server.heard
    yield* client.shutdown
    assert.strictEqual(
      brief(yield* waiting),
      "TransportError: account/read transport error: the app-server client is closed"
    )
    assert.isTrue(yield* server.isLeft)
    yield* failsClosed(client)
    assert.lengthOf(yield* Stream.runCollect(client.events), 0)
    yield* client.shutdown
  })

  virtual("fails what has found no room yet", function* () {
    const { client, server } = yield* connected({ channelCapacity: 1 })
    yield* server.deaf(true)
    const waiting = yield* Effect.fork(
      Effect.forEach([1, 2, 3, 4], () => Effect.flip(client.requestRaw({ method: "x" })), { concurrency: "unbounded" })
    )
    yield* settled
    const ending = yield* Effect.fork(client.shutdown)
    yield* TestClock.adjust("6 seconds")
    yield* Fiber.join(ending)
    for (const error of yield* waiting) assert.strictEqual(error._tag, "TransportError")
  })

  virtual("comes though nobody reads and a lossless event waits", function* () {
    const { client, server } = yield* connected({ channelCapacity: 1 })
    yield* server.say(...Array.from({ length: 9 }, (_, n) => delta(n)))
    yield* settled
    yield* client.shutdown
    assert.isTrue(yield* server.isLeft)
  })

  virtual("comes in bounded time though the server does not let go", function* () {
    const stuck = yield* Deferred.make<void>()
    const { layer } = yield* makeScripted()
    const { AppServer } = yield* Effect.promise(() => import("../../../src/app-server/server/AppServer.js"))
    const holding = Effect.map(AppServer, (inner) =>
      AppServer.of({
        ...inner,
        connect: (how) =>
          Effect.zipRight(
            Effect.addFinalizer(() => Deferred.await(stuck)),
            inner.connect(how)
          )
      })
    ).pipe(Effect.provide(layer))
    const scope = yield* Scope.make()
    const client = yield* Scope.extend(Effect.provideServiceEffect(inProcess.start(me), AppServer, holding), scope)
    const ending = yield* Effect.fork(client.shutdown)
    yield* TestClock.adjust("4 seconds")
    assert.isNull(ending.unsafePoll())
    yield* TestClock.adjust("16 seconds")
    assert.isNotNull(ending.unsafePoll())
    const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
    yield* TestClock.adjust("20 seconds")
    assert.isNotNull(closing.unsafePoll())
    yield* Deferred.succeed(stuck, undefined)
  })

  virtual("of the server ends the client, after all that came before", function* () {
    const { client, server } = yield* connected()
    const waiting = yield* Effect.fork(Effect.flip(client.request("account/read")))
    yield* server.heard
    yield* server.say(delta(1))
    yield* server.hangUp
    assert.strictEqual(
      brief(yield* waiting),
      "TransportError: account/read transport error: the app-server client is closed"
    )
    assert.lengthOf(yield* Stream.runCollect(client.events), 1)
    yield* failsClosed(client)
  })

  virtual("of the scope is the end of the client, and leaves no fiber behind", function* () {
    const { layer, next } = yield* makeScripted()
    const scope = yield* Scope.make()
    const before = yield* Effect.fork(Effect.void)
    yield* Fiber.join(before)
    const started = yield* Effect.fork(
      Effect.gen(function* () {
        const client = yield* Scope.extend(Effect.provide(inProcess.start(me), layer), scope)
        const server = yield* next
        yield* Effect.forkDaemon(Effect.ignore(client.request("account/read")))
        yield* server.say(delta(1), request(0, "item/tool/call"))
        yield* settled
        return { client, server }
      })
    )
    const { client, server } = yield* Fiber.join(started)
    yield* Scope.close(scope, Exit.void)
    assert.isTrue(yield* server.isLeft)
    yield* failsClosed(client)
    yield* settled
    const alive = yield* Fiber.roots
    assert.lengthOf(
      alive.filter((fiber) => fiber.unsafePoll() === null && fiber.id().id > before.id().id),
      0
    )
  })
})

/** What the type checker says of calls that make no sense. */
export const mistakes = (client: AppServerClientService) => [
  // @ts-expect-error The key is needed.
  client.request("account/rateLimitResetCredit/consume"),
  // @ts-expect-error There are no params.
  client.request("account/logout", {}),
  // @ts-expect-error There is no such method.
  client.request("account/nothing"),
  // @ts-expect-error The handshake is made already.
  client.request("initialize", { clientInfo: { name: "a", version: "1" } }),
  // @ts-expect-error The answer is a struct.
  Effect.map(client.request("account/read"), (answer): string => answer)
]

virtual("a client as a service is a layer", function* () {
  const { layer, next } = yield* makeScripted({
    answer: (message) =>
      message._tag === "Request" && message.method !== "initialize"
        ? [response(message.id, accountResult)]
        : answerInitialize(message)
  })
  const { AppServerClient } = yield* Effect.promise(() => import("../../../src/app-server/client/AppServerClient.js"))
  const program = Effect.flatMap(AppServerClient, (client) => client.request("account/read"))
  const read = yield* program.pipe(Effect.provide(inProcess.layer(me)), Effect.provide(layer))
  assert.deepStrictEqual(read.account, { type: "apiKey" })
  assert.isTrue(yield* (yield* next).isLeft)
})
