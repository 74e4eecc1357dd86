import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { listenOnPort } from "../../../src/app-server/transports/listen.js"
import { sha256, type WsAuth } from "../../../src/app-server/transports/wsAuth.js"
import { serveWebSockets } from "../../../src/app-server/transports/wsServer.js"
import { makeFakeServer } from "./fakeServer.js"
import { secret, signed } from "./jwt.js"
import { get, open, turnedAway } from "./sockets.js"
import { live } from "../../cases.js"

/** Every wait takes so many times as long. */
const paced = (factor: number): Clock.Clock =>
  Object.assign(Clock.make(), {
    sleep: (time: Duration.Duration) => Clock.make().sleep(Duration.times(time, factor))
  })

const serving = (auth: WsAuth = { _tag: "Open" }, limits = { clients: 100, unfinishedBytes: 256 * 1024 * 1024 }) =>
  Effect.gen(function* () {
    const fake = yield* makeFakeServer
    const { server, url } = yield* listenOnPort({ _tag: "WebSocket", host: "127.0.0.1", port: 0 }, auth)
    const stopped = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkScoped(
      Effect.provide(serveWebSockets(server, { auth, isOpen: true, limits, stop: Deferred.await(stopped) }), fake.layer)
    )
    yield* Effect.yieldNow()
    return { ...fake, url, http: url.replace("ws:", "http:"), stop: Deferred.succeed(stopped, undefined), fiber }
  })

describe("websockets on a port", () => {
  live("carry one message in each text frame, both ways", function* () {
    const { url } = yield* serving()
    const client = yield* open(url)
    client.send({ id: 1, method: "notify", params: 2 })
    assert.deepStrictEqual(yield* client.until(3), [
      { method: "tick", params: 0 },
      { method: "tick", params: 1 },
      { id: 1, result: 2 }
    ])
  })

  live("ignore what is no message, drop binary frames, and answer pings", function* () {
    const { url } = yield* serving()
    const client = yield* open(url)
    const pong = Effect.async<void>((resume) => {
      client.socket.on("pong", () => resume(Effect.void))
      client.socket.ping()
    })
    client.send("nonsense")
    client.send("")
    client.socket.send(Buffer.from(JSON.stringify({ id: 1, method: "echo", params: "binary" })))
    client.send({ id: 2, method: "echo", params: "text" })
    assert.deepStrictEqual(yield* client.until(1), [{ id: 2, result: "text" }])
    yield* pong
  })

  live("are independent: equal ids, one that hangs, one that leaves", function* () {
    const { clients, url } = yield* serving()
    const one = yield* open(url)
    const two = yield* open(url)
    one.send({ id: 1, method: "hang" })
    one.send({ id: 7, method: "echo", params: "one" })
    two.send({ id: 7, method: "echo", params: "two" })
    assert.deepStrictEqual(yield* one.until(1), [{ id: 7, result: "one" }])
    assert.deepStrictEqual(yield* two.until(1), [{ id: 7, result: "two" }])
    one.socket.close()
    yield* one.closed
    yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => clients[0]?.released === true })
    two.send({ id: 8, method: "echo", params: "still" })
    assert.deepStrictEqual((yield* two.until(2))[1], { id: 8, result: "still" })
  })

  live("are so many and no more", function* () {
    const { url } = yield* serving(undefined, { clients: 2, unfinishedBytes: 1 })
    const first = yield* open(url)
    yield* open(url)
    assert.deepStrictEqual(yield* Effect.flip(open(url)), { status: 503, text: "too many connections" })
    first.socket.close()
    yield* first.closed
    yield* Effect.retry(open(url), { times: 100, schedule: Schedule.spaced("5 millis") })
  })

  live("may hold so much of unfinished messages together: the one with the most is cut off", function* () {
    const { url } = yield* serving(undefined, { clients: 9, unfinishedBytes: 300_000 })
    const clients = [yield* open(url), yield* open(url), yield* open(url)]
    const [small, large, whole] = clients
    assert(small !== undefined && large !== undefined && whole !== undefined)
    for (let n = 0; n < 10; n++) whole.send({ id: n, method: "echo", params: "x".repeat(100_000) })
    yield* whole.until(10)
    small.socket.send("x".repeat(100_000), { fin: false })
    large.socket.send("x".repeat(150_000), { fin: false })
    large.socket.send("x".repeat(100_000), { fin: false })
    yield* large.closed
    small.socket.send("", { fin: true })
    small.send({ id: 1, method: "echo", params: "still" })
    assert.deepStrictEqual(yield* small.until(1), [{ id: 1, result: "still" }])
  })

  // A slow machine may need longer than a client is given to read.
  it.scopedLive("take a frame of 20 MiB, and give one", () =>
    Effect.gen(function* () {
      const { url } = yield* serving()
      const client = yield* open(url)
      const text = "x".repeat(20 * 1024 * 1024)
      client.send({ id: 1, method: "echo", params: text })
      assert.deepStrictEqual(yield* client.until(1), [{ id: 1, result: text }])
    }).pipe(Effect.withClock(paced(50)))
  )

  live("end when they are told to: what was accepted is answered, nobody else gets in", function* () {
    const { fiber, layer, stop, url } = yield* serving()
    const client = yield* open(url)
    client.send({ id: 1, method: "hang" })
    client.send({ id: 2, method: "echo", params: "b" })
    yield* client.until(1)
    yield* stop
    yield* Effect.sleep("20 millis")
    assert.deepStrictEqual(yield* turnedAway(url), { status: 0, text: "" })
    const { AppServer } = yield* Effect.promise(() => import("../../../src/app-server/server/AppServer.js"))
    yield* Effect.provide(
      Effect.flatMap(AppServer, (server) => server.shutdown({ drain: "20 millis" })),
      layer
    )
    assert.deepStrictEqual((yield* client.until(2))[1], { error: { code: -32603, message: "cancelled" }, id: 1 })
    assert.strictEqual(yield* client.closed, 1001)
    yield* Fiber.join(fiber)
  })

  it.scopedLive("a client that does not read is cut off", () =>
    Effect.gen(function* () {
      const { clients, url } = yield* serving()
      const slow = yield* open(url)
      const quick = yield* open(url)
      slow.socket.pause()
      const text = "x".repeat(1024 * 1024)
      for (let id = 0; id < 50; id++) slow.send({ id, method: "echo", params: text })
      yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => clients[0]?.released === true })
      quick.send({ id: 1, method: "echo", params: "there" })
      assert.deepStrictEqual(yield* quick.until(1), [{ id: 1, result: "there" }])
    }).pipe(Effect.withClock(paced(0.02)))
  )

  live("a client that leaves notifications is cut off", function* () {
    const { clients, url } = yield* serving()
    const slow = yield* open(url)
    slow.send({ id: 1, method: "notify", params: 1000 })
    yield* slow.closed
    assert.isTrue(clients[0]?.released)
  })
})

describe("who is let in", () => {
  live("health is told to anybody but a browser", function* () {
    const { http } = yield* serving({ _tag: "CapabilityToken", digest: sha256("t") })
    for (const path of ["/readyz", "/healthz", "/readyz?verbose"]) {
      assert.deepStrictEqual(yield* get(http + path), { status: 200, text: "ok" })
      assert.deepStrictEqual(yield* get(http + path, { method: "HEAD" }), { status: 200, text: "" })
      const { status } = yield* get(http + path, { headers: { origin: "http://localhost" } })
      assert.strictEqual(status, 403)
    }
    for (const path of ["/", "/readyz/", "/rpc"]) assert.strictEqual((yield* get(http + path)).status, 426)
    assert.strictEqual((yield* get(`${http}/readyz`, { method: "POST" })).status, 426)
  })

  live("the metrics are told to who may connect", function* () {
    const { http } = yield* serving({ _tag: "CapabilityToken", digest: sha256("t") })
    assert.strictEqual((yield* get(`${http}/metrics`)).status, 401)
    const headers = { authorization: "Bearer t" }
    const { status, text } = yield* get(`${http}/metrics`, { headers })
    assert.strictEqual(status, 200)
    assert.match(text, /^# TYPE \w+ counter$/m)
    const foreign = yield* get(`${http}/metrics`, { headers: { ...headers, origin: "http://localhost" } })
    assert.strictEqual(foreign.status, 403)
  })

  live("a request with an Origin is turned away, with a credential too", function* () {
    const { clients, url } = yield* serving({ _tag: "CapabilityToken", digest: sha256("t") })
    for (const origin of ["http://evil.test", "null", ""]) {
      const { status } = yield* turnedAway(url, { origin, authorization: "Bearer t" })
      assert.strictEqual(status, 403)
    }
    assert.strictEqual(clients.length, 0)
  })

  const far = 4_000_000_000
  const token: WsAuth = { _tag: "CapabilityToken", digest: sha256("t") }
  const jwt: WsAuth = {
    _tag: "SignedBearer",
    secret: Redacted.make(Buffer.from(secret)),
    issuer: "me",
    audience: "you",
    maxClockSkewSeconds: 30
  }
  live.each<readonly [WsAuth, string | undefined, string | null]>([
    [token, undefined, "missing websocket bearer token"],
    [token, "Bearer t", null],
    [jwt, undefined, "missing websocket bearer token"],
    [jwt, `Bearer ${signed({ exp: 1, iss: "me", aud: "you" })}`, "expired websocket jwt"],
    [jwt, `Bearer ${signed({ exp: far, iss: "me", aud: "you" })}`, null]
  ])("credential %#", function* ([auth, authorization, expected]) {
    const { clients, url } = yield* serving(auth)
    const opened = yield* Effect.either(open(url, authorization === undefined ? {} : { authorization }))
    if (expected === null) return assert.strictEqual(opened._tag, "Right")
    assert.deepStrictEqual(opened._tag === "Left" ? opened.left : null, { status: 401, text: expected })
    assert.strictEqual(clients.length, 0)
  })

  live("other machines are not let in without a credential", function* () {
    for (const [host, address] of [
      ["0.0.0.0", "0.0.0.0:4500"],
      ["::", "[::]:4500"]
    ] as const) {
      const error = yield* Effect.flip(
        Effect.asVoid(listenOnPort({ _tag: "WebSocket", host, port: 4500 }, { _tag: "Open" }))
      )
      assert.strictEqual(
        error.message,
        `refusing to start non-loopback websocket listener ${address} without auth; configure \`--ws-auth capability-token\` or \`--ws-auth signed-bearer-token\``
      )
    }
    yield* listenOnPort({ _tag: "WebSocket", host: "0.0.0.0", port: 0 }, token)
  })

  live("a port that is taken is told", function* () {
    const { url } = yield* serving()
    const port = Number(new URL(url).port)
    const error = yield* Effect.flip(
      Effect.asVoid(listenOnPort({ _tag: "WebSocket", host: "127.0.0.1", port }, { _tag: "Open" }))
    )
    assert.strictEqual(error.message, `can't listen on ${url}: it is already in use`)
  })
})
