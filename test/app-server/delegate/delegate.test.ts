/** A server that leaves to a child what is not of the account. The child is a script that does as it is told. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import { fileURLToPath } from "node:url"
import { isOurs, makeForward } from "../../../src/app-server/delegate/delegate.js"
import { errorResponse, type Message, response } from "../../../src/rpc/Envelope.js"
import { rpcError } from "../../../src/rpc/RpcError.js"
import { AppServer } from "../../../src/app-server/server/AppServer.js"
import { layer as serverLayer } from "../../../src/app-server/server/layer.js"
import {
  type Client,
  connect,
  errorOf,
  initialized,
  order,
  resultOf,
  services,
  told,
  withClient
} from "../server/harness.js"
import { test } from "../../cases.js"

const script = fileURLToPath(new URL("./fakeAppServer.mjs", import.meta.url))

const delegating = (...args: ReadonlyArray<string>) =>
  Layer.unwrapEffect(
    Effect.map(makeForward({ command: [process.execPath, script, ...args] }), (forward) => serverLayer({ forward }))
  ).pipe(Layer.provide(services({ settings: { codexHome: "/the/home" } })), Layer.provide(NodeContext.layer))

const unstartable = Layer.unwrapEffect(
  Effect.map(makeForward({ command: ["/no/such/program"] }), (forward) => serverLayer({ forward }))
).pipe(Layer.provide(services()), Layer.provide(NodeContext.layer))

const look = (client: Client, params: unknown = {}): Effect.Effect<Record<string, unknown>> =>
  Effect.map(client.call("fake/look", params), (answer) => {
    const result = resultOf(answer)
    assert(Predicate.isRecord(result))
    return result
  })

/** Waits, in real time, until the condition holds of all that came. */
const collected = (client: Client, done: (all: ReadonlyArray<Message>) => boolean) =>
  Effect.gen(function* () {
    const all: Array<Message> = []
    for (let n = 0; n < 500 && !done(all); n++)
      all.push(...(yield* client.rest), ...(yield* Effect.as(Effect.sleep(10), [])))
    assert.isTrue(done(all), JSON.stringify(all.slice(-3)))
    return all
  })

const isTold = (method: string) => (all: ReadonlyArray<Message>) => order(all).includes(method)

const isAlive = (pid: unknown): boolean => {
  try {
    return process.kill(Number(pid), 0)
  } catch {
    return false
  }
}

describe("a delegating server", () => {
  it("keeps what is of the account", () => {
    for (const method of ["initialize", "account/read", "account/whatever", "accountSession/switch", "getAuthStatus"]) {
      assert.isTrue(isOurs(method), method)
    }
    for (const method of ["thread/start", "turn/start", "model/list", "accounts", "config/read"]) {
      assert.isFalse(isOurs(method), method)
    }
  })

  test.live(
    "leaves the rest to a child that knows who the client is",
    delegating("well", "one", "two words"),
    function* () {
      const client = yield* initialized({ kind: "stdio", experimental: true, optOut: ["item/started"] })
      const seen = yield* look(client, { deep: [1, null, { x: "ω" }] })
      assert.deepStrictEqual(seen["params"], { deep: [1, null, { x: "ω" }] })
      assert.deepStrictEqual(seen["words"], ["one", "two words"])
      assert.strictEqual(seen["home"], "/the/home")
      assert.isTrue(seen["initialized"])
      assert.deepStrictEqual(seen["introduction"], {
        clientInfo: { name: "tester", title: null, version: "1.2.3" },
        capabilities: {
          experimentalApi: true,
          optOutNotificationMethods: ["item/started", "account/updated", "account/login/completed"]
        }
      })
      // One child for all that a client asks, under ids of the server's own.
      const again = yield* look(client)
      assert.strictEqual(again["pid"], seen["pid"])
      assert.notStrictEqual(again["id"], seen["id"])
    }
  )

  withClient.live("answers for the account itself, without a child", unstartable, function* (client) {
    const account = resultOf(yield* client.call("account/read", {}))
    assert(Predicate.isRecord(account))
    assert.strictEqual(account["requiresOpenaiAuth"], true)
    const [code, text] = errorOf(yield* client.call("account/bedrock/discover", {}))
    assert.strictEqual(code, -32_600)
    assert.include(text, "unknown method `account/bedrock/discover`")
  })

  withClient.live("passes errors on as they are", delegating("well"), function* (client) {
    const answer = yield* client.call("fake/fail", {})
    assert(answer._tag === "ErrorResponse")
    assert.deepStrictEqual(answer.error, { code: -32_602, message: "bad words", data: { more: [1] } })
  })

  test.live("nothing is asked of a child before the handshake", delegating("well"), function* () {
    const client = yield* connect()
    const [code] = errorOf(yield* client.call("thread/start", {}))
    assert.strictEqual(code, -32_600)
    assert.deepStrictEqual(errorOf(yield* client.call("thread/start", {})), [-32_600, "Not initialized"])
  })

  test.live(
    "tells what the child tells, after the answer and in order, but not what the server tells itself",
    delegating("well"),
    function* () {
      const client = yield* initialized({ kind: "stdio", optOut: ["thread/started"] })
      yield* client.until("account/updated")
      yield* client.send(1, "thread/start", {})
      yield* client.send(2, "turn/start", { threadId: "t", input: [] })
      const all = yield* collected(client, isTold("turn/completed"))
      const kinds = order(all)
      assert.notInclude(kinds, "thread/started")
      assert.notInclude(kinds, "account/updated")
      assert.notInclude(kinds, "account/login/completed")
      assert.include(kinds, "account/rateLimits/updated")
      assert.include(kinds, "remoteControl/status/changed")
      assert.isBelow(kinds.indexOf("Response 2"), kinds.indexOf("item/agentMessage/delta"))
      const deltas = told(all).filter(([method]) => method === "item/agentMessage/delta")
      assert.deepStrictEqual(
        deltas.map(([, params]) => params),
        Array.from({ length: 200 }, (_, n) => ({ n }))
      )
      assert.strictEqual(kinds.at(-1), "turn/completed")
    }
  )

  withClient.live(
    "brings the child's questions to the client, and the answers back, each under its own ids",
    delegating("well"),
    function* (client) {
      // The client's ids are those that the child uses for its questions.
      yield* client.send(0, "fake/ask", { which: "first" })
      yield* client.send(1, "fake/ask", { which: "second" })
      const asked = (yield* collected(
        client,
        (all) => all.filter(({ _tag }) => _tag === "Request").length === 2
      )).filter((message) => message._tag === "Request")
      assert.deepStrictEqual(
        asked.map(({ method, params }) => [method, params]),
        [
          ["item/tool/requestUserInput", { which: "first" }],
          ["item/tool/requestUserInput", { which: "second" }]
        ]
      )
      const [first, second] = asked
      assert(first !== undefined && second !== undefined)
      yield* client.connection.receive(errorResponse(second.id, rpcError(-32_000, "no")))
      yield* client.connection.receive(response(first.id, { yes: true }))
      const answers = yield* collected(client, (all) => all.length >= 2)
      const results = new Map(answers.flatMap((one) => (one._tag === "Response" ? [[one.id, one.result]] : [])))
      assert.deepStrictEqual(results.get(0), { question: 0, answer: { result: { yes: true } } })
      assert.deepStrictEqual(results.get(1), { question: 1, answer: { error: { code: -32_000, message: "no" } } })
    }
  )

  withClient.live(
    "a child that dies fails what waits for it, and the account goes on",
    delegating("well"),
    function* (client) {
      const before = yield* look(client)
      yield* client.send(1, "fake/hang", {})
      yield* client.send(2, "fake/die", {})
      const failures = (yield* collected(
        client,
        (all) => all.filter((one) => one._tag === "ErrorResponse").length === 2
      ))
        .filter((one) => one._tag === "ErrorResponse")
        .map(errorOf)
      for (const [code, text] of failures) {
        assert.strictEqual(code, -32_603)
        assert.strictEqual(text, "the delegated app-server has ended; the next request starts it again")
      }
      assert.isTrue(Predicate.isRecord(resultOf(yield* client.call("account/read", {}))))
      const after = yield* look(client)
      assert.notStrictEqual(after["pid"], before["pid"])
    }
  )

  for (const [how, text] of [
    ["refuse", "the delegated app-server refused the handshake"],
    ["crash", "the delegated app-server has ended; the next request starts it again"]
  ] as const) {
    withClient.live(`a child that can't be used: ${how}`, delegating(how), function* (client) {
      assert.deepStrictEqual(errorOf(yield* client.call("fake/look", {})), [-32_603, text])
      assert.deepStrictEqual(errorOf(yield* client.call("fake/look", {})), [-32_603, text])
      assert.isTrue(Predicate.isRecord(resultOf(yield* client.call("account/read", {}))))
    })
  }

  withClient.live("a program that is not there", unstartable, function* (client) {
    const [code, text] = errorOf(yield* client.call("thread/list", {}))
    assert.strictEqual(code, -32_603)
    assert.strictEqual(text, "the delegated app-server could not be started")
  })

  withClient.live("what is no message, and an answer to nobody, are ignored", delegating("well"), function* (client) {
    assert.strictEqual(resultOf(yield* client.call("fake/babble", {})), "still here")
  })

  test.live("each client has a child of its own, which ends with its connection", delegating("well"), function* () {
    const server = yield* AppServer
    const first = yield* initialized()
    const scope = yield* Scope.make()
    const second = yield* Scope.extend(initialized({ kind: "socket" }), scope)
    const [one, two] = [yield* look(first), yield* look(second)]
    assert.notStrictEqual(one["pid"], two["pid"])
    assert.isTrue(isAlive(two["pid"]))
    yield* Scope.close(scope, Exit.void)
    assert.isFalse(isAlive(two["pid"]))
    assert.isTrue(isAlive(one["pid"]))
    yield* server.shutdown({ drain: 0 })
  })
})
