import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type * as Net from "node:net"
import { gzipSync } from "node:zlib"
import { BodyTooLarge, boundedHttpClient } from "../../src/layers/internal/BoundedHttpClient.js"
import { watched } from "../laws/watching.js"
import { brief, calling, failures, readUsage, usageBody } from "./support/backend.js"
import { httpServer, json, rawServer } from "./support/sockets.js"
import { live, liveOver, test, virtual } from "../cases.js"

const maxBytes = 1_048_576

/** A JSON answer of exactly so many bytes. */
const padded = (bytes: number): string => {
  const text = JSON.stringify(usageBody)
  return text + " ".repeat(bytes - text.length)
}

const declared =
  (body: string, status = "200 OK") =>
  (socket: Net.Socket) =>
    void socket.write(
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    )

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const chunked = (body: string) => (socket: Net.Socket) =>
  void socket.write(
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${(body.match(/[^]{1,60000}/g) ?? []).map(chunk).join("")}0\r\n\r\n`
  )

const untilClosed = (body: string) => (socket: Net.Socket) => void socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`)

/** Says little, and sends until it is cut off. */
const endless = (sent: { bytes: number }) => (socket: Net.Socket) => {
  socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
  const piece = chunk(" ".repeat(65_536))
  const more = () => {
    while (!socket.destroyed && socket.writable) {
      sent.bytes += 65_536
      if (!socket.write(piece)) return void socket.once("drain", more)
    }
  }
  more()
}

const framings = [
  ["with its length declared", declared],
  ["in chunks", chunked],
  ["until the connection ends", untilClosed]
] as const

describe("an answer through the one client", () => {
  live.each(framings)("may have 1 MiB, and not a byte more: %s", function* ([, framed]) {
    const server = yield* rawServer((socket, _, nth) => framed(padded(nth === 1 ? maxBytes : maxBytes + 1))(socket))
    yield* Effect.gen(function* () {
      yield* readUsage
      assert.strictEqual(brief(yield* Effect.flip(readUsage)), "TooLarge answered")
      assert.strictEqual(server.requests.length, 2)
    }).pipe(Effect.provide(calling(server.origin)))
  })

  live("that has no end is cut off, for reads, acts and exchanges", function* () {
    const sent = { bytes: 0 }
    const server = yield* rawServer(endless(sent))
    yield* Effect.gen(function* () {
      assert.deepStrictEqual((yield* failures).map(brief), ["TooLarge answered", "TooLarge answered", "Unavailable"])
      assert.strictEqual(server.requests.length, 3)
      yield* Effect.sleep("30 millis")
      const after = sent.bytes
      yield* Effect.sleep("30 millis")
      assert.strictEqual(sent.bytes, after)
      // What the sockets hold beside it, at most.
      assert.isBelow(after, 3 * 16 * maxBytes)
    }).pipe(Effect.provide(calling(server.origin)))
  })

  live("that lies about its length is none", function* () {
    const server = yield* rawServer(
      (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n{}")
    )
    const error = yield* Effect.flip(Effect.provide(readUsage, calling(server.origin)))
    assert.include(["TooLarge", "Transport"], error.reason)
  })

  live("is bounded as the settings say", function* () {
    const server = yield* rawServer((socket, _, nth) => declared(padded(nth === 1 ? 200 : 201))(socket))
    yield* Effect.gen(function* () {
      yield* readUsage
      assert.strictEqual((yield* Effect.flip(readUsage)).reason, "TooLarge")
    }).pipe(Effect.provide(calling(server.origin, { settings: { maxResponseBytes: 200 } })))
  })

  /** Says that it is packed. */
  const packed =
    (bytes: Buffer, status = "200 OK", encoding = "gzip") =>
    (socket: Net.Socket) => {
      socket.write(`HTTP/1.1 ${status}\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`)
      socket.write(bytes)
    }

  live.each(["gzip", "x-gzip", "GZIP"])("that is packed is unpacked: %s", function* (encoding) {
    const server = yield* rawServer(packed(gzipSync(JSON.stringify(usageBody)), "200 OK", encoding))
    assert.strictEqual((yield* Effect.provide(readUsage, calling(server.origin))).plan_type, usageBody.plan_type)
    assert.include((server.requests[0] ?? "").toLowerCase(), "accept-encoding: gzip\r\n")
  })

  live("that is packed and refuses keeps its cause", function* () {
    const body = gzipSync(JSON.stringify({ detail: { code: "deactivated_workspace" } }))
    const server = yield* rawServer(packed(body, "402 No"))
    const error = yield* Effect.flip(Effect.provide(readUsage, calling(server.origin)))
    assert.strictEqual(error.reason, "WorkspaceDeactivated")
  })

  const whole = gzipSync(JSON.stringify(usageBody))
  live.each([
    ["is not", Buffer.from(JSON.stringify(usageBody)), "gzip"],
    ["is cut", whole.subarray(0, -9), "gzip"],
    ["is packed otherwise", whole, "br"]
  ] as const)("that says it is packed and %s can't be understood", function* ([, bytes, encoding]) {
    const server = yield* rawServer(packed(bytes, "200 OK", encoding))
    assert.strictEqual((yield* Effect.flip(Effect.provide(readUsage, calling(server.origin)))).reason, "Malformed")
  })

  live.each([
    [maxBytes, null],
    [maxBytes + 1, "TooLarge"],
    [256 * maxBytes, "TooLarge"]
  ] as const)("that unpacks to %s bytes: %s", function* ([bytes, reason]) {
    const body = gzipSync(padded(bytes))
    assert.isBelow(body.length, maxBytes)
    const server = yield* rawServer(packed(body))
    const ended = yield* Effect.either(Effect.provide(readUsage, calling(server.origin)))
    assert.strictEqual(ended._tag === "Left" ? ended.left.reason : null, reason)
  })
})

const clients = [
  ["undici's", NodeHttpClient.layerUndici],
  ["node's", NodeHttpClient.layer],
  ["fetch", FetchHttpClient.layer]
] as const

describe("an answer through a client of the caller's", () => {
  test.live.each(clients, ([, layer]) => layer)("is bounded all the same: %s", function* () {
    const execute = boundedHttpClient(yield* HttpClient.HttpClient, { maxResponseBytes: maxBytes, userAgent: "ours" })
    for (const [, framed] of framings) {
      const server = yield* rawServer((socket, _, nth) => framed(padded(nth === 1 ? maxBytes : maxBytes + 1))(socket))
      const request = HttpClientRequest.get(server.origin)
      assert.strictEqual((yield* execute(request)).bodyText.length, maxBytes)
      assert.instanceOf(yield* Effect.flip(execute(request)), BodyTooLarge)
    }
    const server = yield* rawServer(endless({ bytes: 0 }))
    assert.instanceOf(yield* Effect.flip(execute(HttpClientRequest.get(server.origin))), BodyTooLarge)
  })

  liveOver(FetchHttpClient.layer)("is bounded by what it unpacks to, not by what was sent", function* () {
    const bomb = gzipSync(padded(8 * maxBytes))
    assert.isBelow(bomb.length, maxBytes / 16)
    const server = yield* rawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`)
      socket.write(bomb)
    })
    const execute = boundedHttpClient(yield* HttpClient.HttpClient, { maxResponseBytes: maxBytes, userAgent: "ours" })
    assert.instanceOf(yield* Effect.flip(execute(HttpClientRequest.get(server.origin))), BodyTooLarge)
  })

  test.live.each(clients, ([, layer]) => layer)("was asked for under our name and without a trace: %s", function* () {
    const server = yield* rawServer(declared("{}"))
    const execute = boundedHttpClient(yield* HttpClient.HttpClient, { maxResponseBytes: maxBytes, userAgent: "ours" })
    yield* Effect.withSpan(execute(HttpClientRequest.get(server.origin)), "a span of the caller's")
    const request = (server.requests[0] ?? "").toLowerCase()
    assert.include(request, "user-agent: ours\r\n")
    assert.notInclude(request, "traceparent")
    assert.notInclude(request, "b3:")
  })

  liveOver(NodeHttpClient.layerUndici)("control: the same client without us tells its trace", function* () {
    const server = yield* rawServer(declared("{}"))
    const client = yield* HttpClient.HttpClient
    yield* Effect.withSpan(client.get(server.origin), "a span of the caller's")
    assert.include((server.requests[0] ?? "").toLowerCase(), "traceparent")
  })
})

describe("a client of the caller's", () => {
  const calls = ["GET /backend-api/wham/usage", "POST /backend-api/wham/rate-limit-reset-credits/consume"]

  for (const [name, client] of clients) {
    live.each([301, 302, 303, 307, 308])(`follows no redirect: ${name}, %s`, function* (status) {
      const elsewhere = yield* httpServer((_, response) => json(response, usageBody))
      const location = `${elsewhere.origin}/backend-api/wham/usage`
      const server = yield* httpServer((_, response) => response.writeHead(status, { location }).end())
      const found = yield* Effect.provide(failures, calling(server.origin, { client }))
      assert.deepStrictEqual(found.map(brief), ["Redirected answered", "Redirected answered", "Unavailable"])
      assert.deepStrictEqual(
        server.received.map(({ method, url }) => `${method} ${url}`),
        [...calls, "POST /oauth/token"]
      )
      assert.strictEqual(elsewhere.counted.connections, 0)
    })

    live(`repeats nothing when the connection breaks: ${name}`, function* () {
      const server = yield* rawServer((socket) => void socket.destroy())
      const found = yield* Effect.provide(failures, calling(server.origin, { client }))
      assert.deepStrictEqual(found.map(brief), ["Transport unknown", "Transport unknown", "Unavailable"])
      assert.strictEqual(server.requests.length, 3)
    })
  }

  live("that follows one all the same gives no answer of it", function* () {
    const follow = Layer.succeed(FetchHttpClient.Fetch, (input: Parameters<typeof fetch>[0], init?: RequestInit) =>
      fetch(input, { ...init, redirect: "follow" })
    )
    const server = yield* httpServer((request, response) =>
      request.url === "/there" ? json(response, usageBody) : void response.writeHead(302, { location: "/there" }).end()
    )
    const client = Layer.provide(FetchHttpClient.layer, follow)
    const error = yield* Effect.flip(Effect.provide(readUsage, calling(server.origin, { client })))
    assert.strictEqual(brief(error), "Redirected answered")
    assert.strictEqual(server.received.length, 2)
  })

  liveOver(FetchHttpClient.layer)("control: fetch without us follows", function* () {
    const server = yield* httpServer((request, response) =>
      request.url === "/there" ? json(response, {}) : void response.writeHead(307, { location: "/there" }).end()
    )
    const client = yield* HttpClient.HttpClient
    assert.strictEqual((yield* client.get(server.origin)).status, 200)
  })

  virtual("has a jar of cookies for each account that it serves", function* () {
    const sent: Array<string | undefined> = []
    const headers = { "set-cookie": "cf_clearance=7; Path=/" }
    const client = HttpClient.make((request) => {
      sent.push(request.headers["cookie"])
      return Effect.succeed(HttpClientResponse.fromWeb(request, new Response("{}", { headers })))
    })
    const [one, other] = [0, 1].map(() => boundedHttpClient(client, { maxResponseBytes: maxBytes, userAgent: "ours" }))
    const request = HttpClientRequest.get("https://chatgpt.com/backend-api/wham/usage")
    for (const execute of [one, other, one, other]) yield* execute?.(request) ?? Effect.void
    assert.deepStrictEqual(sent, [undefined, undefined, "cf_clearance=7", "cf_clearance=7"])
  })
})

/** A response whose body breaks off, with the body read by a stream whichever way it is asked for. */
const cutResponse = (request: HttpClientRequest.HttpClientRequest, headers: Record<string, string>) => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("other side closed")) })
  const response = HttpClientResponse.fromWeb(request, new Response(body, { headers }))
  return Object.defineProperty(response, "arrayBuffer", {
    value: Effect.as(Stream.runDrain(response.stream), new ArrayBuffer())
  })
}

const broken = [
  ["in a stream", HttpClient.make((request) => Effect.succeed(cutResponse(request, {})))],
  [
    "in a body of declared length",
    HttpClient.make((request) => Effect.succeed(cutResponse(request, { "content-length": "9" })))
  ],
  [
    "in a fiber that the client started",
    HttpClient.make((request) =>
      Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" })).pipe(
        Effect.fork,
        Effect.flatMap(Fiber.join)
      )
    )
  ]
] as const

describe("a connection that breaks", () => {
  const request = HttpClientRequest.get("https://backend.example/secret-path")

  virtual.each(broken)("is an error for the caller, and leaves nothing in the log: %s", function* ([, client]) {
    const execute = boundedHttpClient(client, { maxResponseBytes: maxBytes, userAgent: "ours" })
    const { logs, results } = yield* watched(execute(request), Layer.empty)
    assert.deepStrictEqual(logs, [])
    assert.isTrue(results.some((text) => text.includes("Error")))
  })

  virtual.each(broken)("control: the runtime logs its URL without us: %s", function* ([, client]) {
    const read = Effect.flatMap(client.execute(request), (response) => response.arrayBuffer)
    const { logs } = yield* watched(read, Layer.empty)
    assert.isTrue(logs.some((text) => text.includes("secret-path")))
  })
})
