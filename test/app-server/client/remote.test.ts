import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Net from "node:net"
import { join } from "node:path"
import { makeClient, refuseUnknown } from "../../../src/app-server/client/makeClient.js"
import * as remote from "../../../src/app-server/client/remote.js"
import type { Transport } from "../../../src/rpc/Transport.js"
import { encode, errorResponse, type Message, notification, request, response } from "../../../src/rpc/Envelope.js"
import { temporaryFolder } from "../../e2e/cli/harness.js"
import { listening } from "../../layers/support/sockets.js"
import { memoryTransport, type Peer, webSocketPeers } from "./peer.js"
import {
  accountResult,
  answerInitialize,
  brief,
  delta,
  failsClosed,
  idOf,
  initializeResult,
  me,
  nextEvents,
  settled
} from "./scripted.js"
import { live, virtual } from "../../cases.js"

/** A client over a transport of the test's own. */
const over = (transport: Transport<string>, options: Options = {}) =>
  makeClient(Effect.succeed(transport), transport.endpoint, { ...me, ...options, refusal: refuseUnknown })

type Options = Partial<Omit<remote.RemoteOptions, "endpoint">>

const connectTo = (url: string, options: Options = {}, authToken?: string) =>
  remote.connect({
    ...me,
    ...options,
    endpoint: { _tag: "WebSocket", url, authToken: authToken === undefined ? undefined : Redacted.make(authToken) }
  })

/** A client over a real websocket, and the server's end, with the handshake over. */
const connected = (options: Options = {}, answer: (message: Message) => ReadonlyArray<Message> = answerInitialize) =>
  Effect.gen(function* () {
    const peers = yield* webSocketPeers({ answer })
    const client = yield* connectTo(peers.url, options)
    const peer = yield* peers.next
    assert.strictEqual((yield* peer.heard)._tag, "Request")
    assert.deepStrictEqual(yield* peer.heard, notification("initialized"))
    return { client, peer, url: peers.url }
  })

describe("a websocket", () => {
  live("may lead to a unix socket, whatever its path", function* () {
    const path = join(yield* temporaryFolder, "a b:ü.sock")
    const peers = yield* webSocketPeers({ at: path })
    const client = yield* remote.connect({ ...me, endpoint: { _tag: "UnixSocket", path } })
    const peer = yield* peers.next
    assert.strictEqual(peer.url, "/rpc")
    assert.strictEqual(peer.headers.host, "localhost")
    assert.isUndefined(peer.headers.origin)
    yield* peer.heard
    yield* peer.heard
    const asked = yield* Effect.fork(client.request("account/read"))
    yield* peer.say(response(idOf(yield* peer.heard), accountResult))
    assert.strictEqual((yield* asked).requiresOpenaiAuth, true)
  })

  live("carries a frame of 17 MiB, and members that the protocol does not know", function* () {
    const userAgent = "codex_cli_rs/9.8.7-test (Test OS 1.0; x86_64) dumb (tests; 1.0.0)"
    const { client, peer } = yield* connected({}, (message) =>
      message._tag === "Request" && message.method === "initialize"
        ? [response(message.id, { ...initializeResult, userAgent })]
        : []
    )
    assert.deepStrictEqual([client.server.version, client.server.codexHome], ["9.8.7-test", "/server/.codex"])
    const asked = yield* Effect.fork(client.request("account/read", { refreshToken: false }))
    assert.deepStrictEqual(yield* peer.heard, request(1, "account/read", { refreshToken: false }))
    yield* peer.say(response(1, { ...accountResult, ballast: "x".repeat(17 * 1024 * 1024) }))
    assert.deepStrictEqual((yield* asked).account, { type: "apiKey" })
  })

  live("carries the token as a bearer token, where it may", function* () {
    const peers = yield* webSocketPeers()
    yield* connectTo(peers.url, {}, "remote-bearer-token")
    assert.strictEqual((yield* peers.next).headers.authorization, "Bearer remote-bearer-token")
    yield* connectTo(peers.url)
    assert.isUndefined((yield* peers.next).headers.authorization)
  })

  live("carries messages in text frames alone", function* () {
    const { client, peer } = yield* connected()
    yield* peer.sayBytes(encode(notification("turn/started")))
    yield* peer.sayBytes("no message")
    yield* peer.say(notification("turn/started"))
    yield* peer.say(delta(1))
    const events = yield* nextEvents(client, 2)
    assert.deepStrictEqual(
      events.map(({ _tag }) => _tag),
      ["OtherNotification", "ServerNotification"]
    )
  })
})

describe("before any connection", () => {
  it.each([
    ["wss://example.com", true],
    ["wss://127.0.0.1:1", true],
    ["ws://localhost:4500", true],
    ["ws://LOCALHOST", true],
    ["ws://127.0.0.1:4500", true],
    ["ws://127.9.9.9", true],
    ["ws://127.1", true],
    ["ws://[::1]:4500", true],
    ["ws://example.com:4500", false],
    ["ws://localhost.example.com", false],
    ["ws://127.0.0.1.example.com", false],
    ["ws://0.0.0.0", false],
    ["ws://10.0.0.1", false],
    ["ws://[::ffff:127.0.0.1]", false],
    ["http://localhost", false]
  ])("%s may carry a token: %s", (url, expected) => {
    const target = remote.targetOf({ _tag: "WebSocket", url, authToken: Redacted.make("t") })
    assert.strictEqual(Either.isRight(target), expected)
  })

  live.each([
    ["ws://example.com:4500", "t", "a token needs a `wss://` or loopback `ws://` URL, not `ws://example.com:4500`"],
    ["ws://127.0.0.1:1", "a\r\nx: y", "the token can't be sent as an HTTP header"],
    ["no url", undefined, "invalid websocket URL `no url`: it is no URL"],
    ["http://127.0.0.1:1", undefined, "invalid websocket URL `http://127.0.0.1:1`: the scheme is neither ws nor wss"],
    ["ws://me:secret@127.0.0.1:1", undefined, "invalid websocket URL `…`: it holds credentials; use authToken"],
    ["ws://127.0.0.1:1/#a", undefined, "invalid websocket URL `ws://127.0.0.1:1/#a`: it has a fragment"]
  ] as const)("%s with %s is refused", function* ([url, token, message]) {
    const error = yield* Effect.flip(connectTo(url, {}, token))
    assert.strictEqual(error.reason, "InvalidInput")
    assert.strictEqual(error.message, message)
  })
})

describe("a server that", () => {
  live("is not there is told as that", function* () {
    const error = yield* Effect.flip(connectTo("ws://127.0.0.1:1"))
    assert.strictEqual(error.reason, "Other")
    assert.match(
      error.message,
      /^can't connect to the app-server at `ws:\/\/127\.0\.0\.1:1`: connect ECONNREFUSED 127\.0\.0\.1:1$/
    )
  })

  live("is no websocket server is told with its status, and no redirect is followed", function* () {
    const { createServer } = yield* Effect.promise(() => import("node:http"))
    const visits: Array<string> = []
    const server = createServer((incoming, answer) => {
      visits.push(incoming.url ?? "")
      answer.writeHead(302, { location: "/elsewhere" }).end()
    })
    const { port } = yield* listening(() => server)
    const error = yield* Effect.flip(connectTo(`ws://127.0.0.1:${port}/first`))
    assert.match(error.message, /: HTTP error: 302$/)
    assert.deepStrictEqual(visits, ["/first"])
  })

  virtual("never answers the upgrade is given up after ten seconds", function* () {
    const server = Net.createServer(() => {})
    const { port } = yield* listening(() => server)
    const connecting = yield* Effect.fork(Effect.flip(connectTo(`ws://127.0.0.1:${port}`)))
    yield* TestClock.adjust("9 seconds")
    assert.isNull(connecting.unsafePoll())
    yield* TestClock.adjust("1 seconds")
    const error = yield* Fiber.join(connecting)
    assert.strictEqual(error.reason, "TimedOut")
    assert.strictEqual(error.message, `the app-server at \`ws://127.0.0.1:${port}\` did not answer in time`)
  })

  virtual("never answers initialize is given up after ten seconds", function* () {
    const { transport } = yield* memoryTransport({ answer: () => [] })
    const connecting = yield* Effect.fork(Effect.flip(over(transport)))
    yield* TestClock.adjust("10 seconds")
    const error = yield* Fiber.join(connecting)
    assert.strictEqual(error.reason, "TimedOut")
    assert.strictEqual(error.message, "the app-server at `memory` did not answer in time")
  })

  type Saying = (peer: Peer) => Effect.Effect<void>

  virtual.each<readonly [what: string, say: Saying, reason: string, message: string]>([
    [
      "refuses initialize",
      (peer) => peer.say(errorResponse("initialize", { code: -32600, message: "no" })),
      "Other",
      "the app-server at `memory` rejected initialize: no"
    ],
    [
      "answers initialize with text",
      (peer) => peer.say(response("initialize", "hello")),
      "InvalidData",
      "the app-server at `memory` sent an invalid answer to initialize: `result` is not InitializeResponse"
    ],
    [
      "answers with no message",
      (peer) => peer.sayText("hello"),
      "InvalidData",
      "the app-server at `memory` sent invalid JSON-RPC: not a message"
    ],
    [
      "closes with a reason",
      (peer) => peer.close(1008, "go away"),
      "ConnectionAborted",
      "the app-server at `memory` disconnected: go away"
    ],
    ["ends without a word", (peer) => peer.cut, "UnexpectedEof", "the app-server at `memory` closed the connection"]
  ])("%s is told as that", function* ([, say, reason, message]) {
    const { peer, transport } = yield* memoryTransport({ answer: () => [] })
    const connecting = yield* Effect.fork(Effect.flip(over(transport)))
    yield* peer.heard
    yield* say(peer)
    const error = yield* Fiber.join(connecting)
    assert.deepStrictEqual([error.reason, error.message], [reason, message])
  })

  live("says nothing of itself is taken as it is", function* () {
    const { client } = yield* connected({}, (message) => (message._tag === "Request" ? [response(message.id, {})] : []))
    assert.deepStrictEqual(client.server, { userAgent: null, version: null, codexHome: null })
  })
})

describe("what comes before the answer to initialize", () => {
  live("comes first and in order; what is unknown is refused at once; the reply comes after initialized", function* () {
    const peers = yield* webSocketPeers({ answer: () => [] })
    const connecting = yield* Effect.fork(connectTo(peers.url, { channelCapacity: 1 }))
    const peer = yield* peers.next
    const { id } = { id: idOf(yield* peer.heard) }
    assert.strictEqual(id, "initialize")
    yield* peer.say(
      notification("account/updated", {}),
      request("srv-1", "account/chatgptAuthTokens/refresh", { reason: "unauthorized", previousAccountId: "org-123" }),
      request(9, "thread/unknown"),
      delta(1)
    )
    assert.deepStrictEqual(
      yield* peer.heard,
      errorResponse(9, { code: -32601, message: "unsupported app-server request `thread/unknown`" })
    )
    yield* peer.say(response("initialize", {}), delta(2))
    const client = yield* Fiber.join(connecting)
    const events = yield* nextEvents(client, 4)
    assert.deepStrictEqual(
      events.map((event) => ("method" in event ? event.method : event._tag)),
      ["account/updated", "account/chatgptAuthTokens/refresh", "item/agentMessage/delta", "item/agentMessage/delta"]
    )
    yield* client.resolveServerRequest("srv-1", { done: true })
    assert.deepStrictEqual(yield* peer.heard, notification("initialized"))
    assert.deepStrictEqual(yield* peer.heard, response("srv-1", { done: true }))
  })
})

describe("requests", () => {
  virtual("that can't be written are their caller's affair", function* () {
    const { peer, transport } = yield* memoryTransport()
    const client = yield* over(transport)
    const error = yield* Effect.flip(client.requestRaw({ method: "x", params: { n: 1n } }))
    assert.strictEqual(brief(error), "TransportError: x transport error: not sent: it can't be written as JSON")
    const asked = yield* Effect.fork(client.requestRaw({ method: "y" }))
    for (;;) {
      const message = yield* peer.heard
      if (message._tag !== "Request" || message.method === "initialize") continue
      assert.strictEqual(message.method, "y")
      yield* peer.say(response(message.id, 1))
      break
    }
    assert.strictEqual(yield* asked, 1)
  })
})

describe("events", () => {
  live("that nobody reads slow the server down, and are not heaped up here", function* () {
    const { client, peer } = yield* connected({ channelCapacity: 1 })
    const ballast = "x".repeat(64 * 1024)
    const count = 400
    for (let n = 0; n < count; n++) yield* peer.say(notification("item/agentMessage/delta", { n, ballast }))
    yield* Effect.sleep("300 millis")
    const answered = yield* Effect.fork(client.requestRaw({ method: "x" }))
    assert.deepStrictEqual((yield* peer.heard)._tag, "Request")
    const events = yield* nextEvents(client, count)
    assert.deepStrictEqual(
      events.map((event) => ("params" in event ? event.params : null)).map((params) => Object(params).n),
      Array.from({ length: count }, (_, n) => n)
    )
    yield* peer.say(response(1, "y"))
    assert.strictEqual(yield* answered, "y")
  })

  live("that ask are refused where there is no room, or nobody listens", function* () {
    const { client, peer } = yield* connected({ channelCapacity: 1 })
    yield* peer.say(request(0, "item/tool/call"), request(1, "item/tool/call"))
    assert.deepStrictEqual(
      yield* peer.heard,
      errorResponse(1, { code: -32001, message: "the client's event queue is full" })
    )
    yield* client.closeEvents
    const closed = { code: -32603, message: "the client reads no more events" }
    assert.deepStrictEqual(yield* peer.heard, errorResponse(0, closed))
    yield* peer.say(request(2, "item/tool/call"))
    assert.deepStrictEqual(yield* peer.heard, errorResponse(2, closed))
    yield* peer.say(request(3, "thread/unknown"))
    assert.deepStrictEqual(
      yield* peer.heard,
      errorResponse(3, { code: -32601, message: "unsupported app-server request `thread/unknown`" })
    )
  })
})

describe("the end of the connection", () => {
  const ends = [
    [
      "the server closes it",
      (peer: Peer) => peer.close(1000, ""),
      "ConnectionAborted",
      "disconnected: connection closed"
    ],
    [
      "the server closes it and says why",
      (peer: Peer) => peer.close(1001, "bye"),
      "ConnectionAborted",
      "disconnected: bye"
    ],
    ["it is cut", (peer: Peer) => peer.cut, "UnexpectedEof", "closed the connection"],
    [
      "the server says what is no message",
      (peer: Peer) => peer.sayText("{"),
      "InvalidData",
      "sent invalid JSON-RPC: not a message"
    ]
  ] as const

  live.each(ends)("when %s is the last event, and fails what waits", function* ([, end, reason, words]) {
    const { client, peer, url } = yield* connected()
    const message = `the app-server at \`${url}\` ${words}`
    const waiting = yield* Effect.fork(Effect.flip(client.request("account/read")))
    yield* peer.heard
    yield* peer.say(delta(1))
    yield* end(peer)
    const events = Chunk.toReadonlyArray(yield* Stream.runCollect(client.events))
    assert.deepStrictEqual(
      events.map((event) => (event._tag === "Disconnected" ? event : event._tag)),
      ["ServerNotification", { _tag: "Disconnected", message }]
    )
    const error = yield* waiting
    assert.strictEqual(brief(error), `TransportError: account/read transport error: ${message}`)
    assert.isTrue(error._tag === "TransportError" && error.cause.reason === reason)
    yield* failsClosed(client)
    yield* client.shutdown
  })

  live("by the client says goodbye after all that was said, and tells no event", function* () {
    const { client, peer } = yield* connected()
    const waiting = yield* Effect.fork(Effect.flip(client.request("account/read")))
    yield* peer.heard
    yield* client.resolveServerRequest(1, "last words")
    yield* client.shutdown
    assert.deepStrictEqual(yield* peer.heard, response(1, "last words"))
    assert.strictEqual(
      brief(yield* waiting),
      "TransportError: account/read transport error: the app-server client is closed"
    )
    assert.lengthOf(yield* Stream.runCollect(client.events), 0)
    assert.strictEqual(brief(yield* Effect.flip(client.notify("x"))), "IoError: the app-server client is closed")
  })

  virtual("comes in bounded time though the server does not say goodbye", function* () {
    const { transport } = yield* memoryTransport()
    const scope = yield* Scope.make()
    yield* Scope.extend(over({ ...transport, close: Effect.never }), scope)
    const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
    yield* TestClock.adjust("11 seconds")
    assert.isNotNull(closing.unsafePoll())
  })

  virtual("comes in bounded time though the server does not read", function* () {
    const { transport } = yield* memoryTransport()
    const scope = yield* Scope.make()
    let isStuck = false
    const stuck: Transport<string> = { ...transport, send: (texts) => (isStuck ? Effect.never : transport.send(texts)) }
    const client = yield* Scope.extend(over(stuck, { channelCapacity: 1 }), scope)
    yield* settled
    isStuck = true
    const waiting = yield* Effect.fork(
      Effect.forEach([1, 2, 3, 4], () => Effect.flip(client.requestRaw({ method: "x" })), { concurrency: "unbounded" })
    )
    yield* settled
    const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
    yield* TestClock.adjust("11 seconds")
    assert.isNotNull(closing.unsafePoll())
    for (const error of yield* waiting) assert.strictEqual(error._tag, "TransportError")
  })
})
