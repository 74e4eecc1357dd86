/** Requests come in and are answered, each once, whatever becomes of them. */
import { assert, describe } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { errorResponse, type Message, notification, response } from "../../../src/rpc/Envelope.js"
import { codes, rpcError } from "../../../src/rpc/RpcError.js"
import { AppServer } from "../../../src/app-server/server/AppServer.js"
import type { Forward } from "../../../src/app-server/server/Handler.js"
import { appServerDropped } from "../../../src/services/Metrics.js"
import { FakeIssuer } from "../../../src/testing/index.js"
import {
  connect,
  errorOf,
  initialized,
  initializeParams,
  order,
  resultOf,
  server,
  signedOut,
  settle,
  withClient
} from "./harness.js"
import { test, virtual } from "../../cases.js"

/** Methods of the test's own. */
const acting =
  (methods: Readonly<Record<string, ReturnType<Forward> | Forward>>): Forward =>
  (request, caller) => {
    const work = methods[request.method]
    return typeof work === "function" ? work(request, caller) : work
  }

const withMethods = (methods: Parameters<typeof acting>[0]) =>
  server({ record: "nobody", server: { forward: acting(methods) } })

const answersById = (messages: ReadonlyArray<Message>) => {
  const found = new Map<unknown, Array<Message>>()
  for (const message of messages) {
    if (message._tag === "Notification") continue
    found.set(message.id, [...(found.get(message.id) ?? []), message])
  }
  return found
}

const overloaded: readonly [number, string] = [codes.overloaded, "Server overloaded; retry later."]
const shuttingDown: readonly [number, string] = [codes.internal, "app-server is shutting down"]

describe("whatever a handler does, it is answered once", () => {
  for (const [what, work, expected] of [
    ["fails", Effect.fail(rpcError(-32602, "no such thing")), [-32602, "no such thing"]],
    ["dies", Effect.dieMessage("a defect that nobody may see"), [codes.internal, "internal error"]],
    ["throws", () => Effect.sync(() => JSON.parse("{")), [codes.internal, "internal error"]],
    ["is interrupted", Effect.interrupt, shuttingDown]
  ] as const) {
    withClient(`when it ${what}`, withMethods({ test: work }), function* (client) {
      assert.deepStrictEqual(errorOf(yield* client.call("test")), expected)
      assert.deepStrictEqual(yield* client.rest, [])
    })
  }

  withClient("two of one id are both answered", server(), function* (client) {
    for (const id of [7, 7, "7", 9007199254740991]) yield* client.send(id, "account/read", {})
    const all = answersById(yield* client.rest)
    assert.deepStrictEqual(
      Array.from(all, ([id, answers]) => [id, answers.length]),
      [
        [7, 2],
        ["7", 1],
        [9007199254740991, 1]
      ]
    )
  })
})

describe("reading does not wait for a handler", () => {
  const asking = withMethods({ ask: (_, { ask }) => ask("question", {}) })

  withClient("which may ask the client, and is answered while others wait", asking, function* (client) {
    yield* client.send(1, "ask")
    yield* client.send(2, "ask")
    const questions = yield* client.rest
    assert.deepStrictEqual(order(questions), ["Request 0", "Request 1"])
    yield* client.send(3, "account/read", {})
    assert.deepStrictEqual(order(yield* client.rest), ["Response 3"])
    yield* client.connection.receive(response(1, "second"))
    yield* client.connection.receive(errorResponse(0, { code: -1, message: "will not say" }))
    const answers = answersById(yield* client.rest)
    assert.deepStrictEqual(answers.get(2)?.map(resultOf), ["second"])
    assert.deepStrictEqual(answers.get(1)?.map(errorOf), [[-1, "will not say"]])
    // Nobody asked for these.
    yield* client.connection.receive(response(1, "again"))
    yield* client.connection.receive(response("x", null))
    yield* client.connection.receive(notification("initialized"))
    assert.deepStrictEqual(yield* client.rest, [])
  })

  test("a question fails when the connection closes", asking, function* () {
    const scope = yield* Scope.make()
    const client = yield* Scope.extend(initialized(), scope)
    yield* client.send(1, "ask")
    assert.deepStrictEqual(order(yield* client.rest), ["Request 0"])
    yield* Scope.close(scope, Exit.void)
    assert.deepStrictEqual((yield* client.rest).map(errorOf), [shuttingDown])
    assert.deepStrictEqual(yield* client.connection.takeAll, [])
  })
})

describe("a flood", () => {
  virtual("finds room for those that run and those that wait, and the others are told at once", function* () {
    const gate = yield* Deferred.make<void>()
    yield* Effect.gen(function* () {
      const client = yield* initialized({ kind: "socket", capacity: 128 })
      for (let id = 0; id < 2_000; id++) yield* client.send(id, "slow")
      const refused = yield* client.rest
      assert.strictEqual(refused.length, 2_000 - 1024 - 128)
      assert.isTrue(refused.every((one) => errorOf(one)[0] === overloaded[0] && errorOf(one)[1] === overloaded[1]))
      yield* Deferred.succeed(gate, undefined)
      const served = yield* client.rest
      assert.strictEqual(served.length, 1024 + 128)
      assert.strictEqual(answersById([...refused, ...served]).size, 2_000)
    }).pipe(Effect.scoped, Effect.provide(withMethods({ slow: Effect.as(Deferred.await(gate), 1) })))
  })

  const quick = withMethods({ quick: Effect.succeed(1) })

  test("of a client that does not read is bounded: it has to wait, and nothing is lost", quick, function* () {
    const client = yield* initialized({ kind: "stdio", capacity: 1 })
    const total = 5_000
    let sent = 0
    const flood = yield* Effect.fork(
      Effect.gen(function* () {
        for (let id = 0; id < total; id++) {
          yield* client.send(id, "quick")
          sent = id + 1
        }
      })
    )
    yield* settle
    yield* settle
    assert.isAtMost(sent, 1024 + 1 + 1024)
    const got: Array<Message> = []
    for (let i = 0; i < 100 && got.length < total; i++) got.push(...(yield* client.rest))
    yield* Fiber.join(flood)
    assert.strictEqual(got.length, total)
    assert.strictEqual(answersById(got).size, total)
  })

  for (const capacity of [0, -3, 0.5]) {
    test(`a capacity of ${capacity} counts as one`, server(), function* () {
      const client = yield* initialized({ kind: "inProcess", capacity })
      resultOf(yield* client.call("account/read", {}))
    })
  }
})

describe("a client that does not take what it is told", () => {
  const chatter = {
    talk: ((_, { notifyRaw }) =>
      Effect.forEach(Array.from({ length: 10 }), (_, i) => notifyRaw("item/completed", { i }), {
        discard: true
      })) as Forward
  }

  test("on a socket is cut off, and others are not", withMethods(chatter), function* () {
    const slow = yield* initialized({ kind: "socket", capacity: 3 })
    const other = yield* initialized({ kind: "socket" })
    const closed = yield* Effect.fork(slow.connection.closed)
    yield* slow.send(1, "talk")
    yield* settle
    assert.isTrue(Option.isSome(yield* Fiber.poll(closed)))
    assert.deepStrictEqual(yield* slow.connection.takeAll, [])
    yield* slow.send(2, "account/read", {})
    resultOf(yield* other.call("account/read", {}))
  })

  for (const kind of ["stdio", "inProcess"] as const) {
    test(`${kind} is waited for, alone, and misses nothing`, withMethods(chatter), function* () {
      const slow = yield* initialized({ kind, capacity: 3 })
      const other = yield* initialized({ kind })
      yield* slow.send(1, "talk")
      yield* settle
      // Answers have a place of their own.
      yield* slow.send(2, "account/read", {})
      resultOf(yield* other.call("account/read", {}))
      resultOf(yield* other.call("account/logout"))
      const all = yield* slow.rest
      assert.strictEqual(all.filter((one) => one._tag === "Notification" && one.method === "item/completed").length, 10)
      assert.deepStrictEqual(
        all.flatMap((one) => (one._tag === "Response" ? [one.id] : [])),
        [2, 1]
      )
    })
  }

  test("is told the newest state, and a state in between is left out", signedOut, function* () {
    const slow = yield* initialized({ kind: "stdio", capacity: 2 })
    const other = yield* initialized({ kind: "stdio" })
    const before = (yield* Metric.value(appServerDropped())).count
    for (let i = 0; i < 5; i++) {
      resultOf(yield* other.call("account/login/start", { type: "apiKey", apiKey: "sk-1" }))
      resultOf(yield* other.call("account/logout"))
    }
    const seen = yield* slow.rest
    assert.strictEqual(seen.length, 2)
    const last = seen[1]
    assert.deepInclude(last, { method: "account/updated" })
    assert.deepInclude(last?._tag === "Notification" ? last.params : {}, { authMode: null })
    // Each of ten changes, and the end of each sign-in, was to be told.
    assert.strictEqual((yield* Metric.value(appServerDropped())).count - before, 13)
  })
})

describe("the end of what a client says", () => {
  const slow = withMethods({ later: Effect.delay(Effect.succeed("done"), "1 minute") })

  withClient("waits for what was accepted, and then nothing is left", slow, function* (client) {
    yield* client.send(1, "later")
    yield* client.connection.end
    yield* client.send(2, "account/read", {})
    assert.deepStrictEqual((yield* client.rest).map(errorOf), [shuttingDown])
    const next = yield* Effect.fork(client.connection.takeAll)
    yield* TestClock.adjust("59 seconds")
    assert.isTrue(Option.isNone(yield* Fiber.poll(next)))
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual((yield* Fiber.join(next)).map(resultOf), ["done"])
    assert.deepStrictEqual(yield* client.connection.takeAll, [])
  })

  test("is at once when nothing is owed", server(), function* () {
    const client = yield* connect()
    yield* client.connection.end
    assert.deepStrictEqual(yield* client.connection.takeAll, [])
  })
})

describe("shutdown", () => {
  const methods = { later: Effect.delay(Effect.succeed("done"), "3 seconds"), never: Effect.never }

  test("refuses what is new, waits for what is not, cancels the rest, and ends", withMethods(methods), function* () {
    const app = yield* AppServer
    const client = yield* initialized()
    yield* client.send(1, "later")
    yield* client.send(2, "never")
    const closed = yield* Effect.fork(client.connection.closed)
    const down = yield* Effect.fork(app.shutdown({ drain: "10 seconds" }))
    yield* settle
    yield* client.send(3, "account/read", {})
    assert.deepStrictEqual((yield* client.rest).map(errorOf), [shuttingDown])
    yield* TestClock.adjust("3 seconds")
    assert.deepStrictEqual((yield* client.rest).map(resultOf), ["done"])
    yield* TestClock.adjust("7 seconds")
    assert.deepStrictEqual((yield* client.rest).map(errorOf), [shuttingDown])
    yield* Fiber.join(down)
    yield* Fiber.join(closed)
    assert.deepStrictEqual(yield* client.connection.takeAll, [])
    const late = yield* connect()
    yield* late.send(1, "initialize", initializeParams())
    assert.deepStrictEqual(yield* late.connection.takeAll, [])
  })

  test("waits five seconds for a client to take what is owed, and no longer", withMethods(methods), function* () {
    const app = yield* AppServer
    const client = yield* initialized()
    yield* client.send(1, "never")
    yield* settle
    const down = yield* Effect.fork(app.shutdown({ drain: 0 }))
    yield* TestClock.adjust("4 seconds")
    assert.isTrue(Option.isNone(yield* Fiber.poll(down)))
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(down)
    assert.deepStrictEqual(yield* client.connection.takeAll, [])
  })

  test("a second one does not wait for the first", withMethods(methods), function* () {
    const app = yield* AppServer
    const client = yield* initialized()
    yield* client.send(1, "never")
    const first = yield* Effect.fork(app.shutdown({ drain: "10 minutes" }))
    yield* settle
    const second = yield* Effect.fork(app.shutdown({ drain: 0 }))
    assert.deepStrictEqual((yield* client.rest).map(errorOf), [shuttingDown])
    yield* Fiber.join(second)
    yield* Fiber.join(first)
  })

  virtual("of the scope that the server lives in does the same, and leaves nothing running", function* () {
    const cut = yield* Deferred.make<void>()
    const hanging = Effect.onInterrupt(Effect.never, () => Deferred.succeed(cut, undefined))
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(withMethods({ never: hanging }), scope)
    const client = yield* Effect.provide(Scope.extend(initialized(), yield* Scope.make()), context)
    yield* client.send(1, "never")
    yield* client.send(2, "account/login/start", { type: "chatgptDeviceCode" })
    resultOf((yield* client.rest)[0] ?? errorResponse(0, { code: 0, message: "no login was begun" }))
    const taken = yield* Effect.fork(client.connection.takeAll)
    yield* Scope.close(scope, Exit.void)
    assert.deepStrictEqual((yield* Fiber.join(taken)).map(errorOf), [shuttingDown])
    yield* Deferred.await(cut)
    yield* client.connection.closed
    assert.deepStrictEqual(yield* client.connection.takeAll, [])
    // Nobody asks for the device code any more.
    const { log } = Context.get(context, FakeIssuer.FakeIssuer)
    const before = (yield* log).length
    yield* TestClock.adjust("15 seconds")
    assert.deepStrictEqual([(yield* log).length, before > 0], [before, true])
  })
})
