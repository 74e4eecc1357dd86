import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Record from "effect/Record"
import * as Ref from "effect/Ref"
import type * as Net from "node:net"
import { CallPolicy } from "../../src/domain/CallPolicy.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { type AttemptEnd, AttemptLog } from "../../src/services/BackendHttp.js"
import { Policies } from "../../src/services/Policies.js"
import {
  brief,
  calling,
  failures,
  consume,
  consumeOnce,
  oneAttempt,
  readUsage,
  secretToken,
  usageBody
} from "./support/backend.js"
import { accessToken, jwt, patRecord, record } from "./support/records.js"
import { freePort, httpServer, json, rawServer } from "./support/sockets.js"
import { live } from "../cases.js"

const reset = { code: "reset", windows_reset: 1 }
const answers = (value: unknown) => JSON.stringify(value)
const whole = (status: string, body: string, headers = "") =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`

describe("connections", () => {
  // Undici opens a second one for a request that comes in the moment in which the first is given back.
  live("are kept: a hundred calls one after the other need two at most", function* () {
    const server = yield* httpServer((request, response) =>
      json(response, request.method === "GET" ? usageBody : reset)
    )
    yield* Effect.gen(function* () {
      yield* Effect.repeatN(Effect.zip(readUsage, consume), 49)
    }).pipe(Effect.provide(calling(server.origin)))
    assert.strictEqual(server.received.length, 100)
    assert.isAtMost(server.counted.connections, 2)
  })

  live("are shared by backend and exchange", function* () {
    const server = yield* httpServer((request, response) =>
      json(response, request.url === "/oauth/token" ? { access_token: "opaque-2" } : usageBody)
    )
    yield* Effect.gen(function* () {
      for (let i = 0; i < 5; i++) {
        yield* readUsage
        yield* (yield* AuthSession).refresh
      }
    }).pipe(Effect.provide(calling(server.origin)))
    assert.strictEqual(server.received.filter(({ url }) => url === "/oauth/token").length, 5)
    assert.strictEqual(server.received.length, 10)
    assert.isAtMost(server.counted.connections, 2)
  })

  live("are closed with the layer", function* () {
    const server = yield* rawServer((socket) => void socket.write(whole("200 OK", answers(usageBody))))
    yield* Effect.provide(readUsage, calling(server.origin))
    yield* Effect.sleep("50 millis")
    assert.strictEqual(server.closed.count, 1)
  })
})

describe("a request", () => {
  live("has the headers of the session and our own user agent, asks for gzip, tells no trace", function* () {
    const server = yield* httpServer((_, response) => json(response, usageBody))
    yield* readUsage.pipe(Effect.withSpan("a span of the caller's"), Effect.provide(calling(server.origin)))
    const headers = server.received[0]?.headers ?? {}
    assert.strictEqual(headers.authorization, `Bearer ${secretToken}`)
    assert.strictEqual(headers["chatgpt-account-id"], "account-1")
    assert.match(headers["user-agent"] ?? "", /^effect-codex-account\/\d/)
    assert.deepStrictEqual(
      Object.keys(headers).filter(
        (name) => !["host", "connection", "authorization", "chatgpt-account-id", "user-agent", "accept"].includes(name)
      ),
      ["accept-encoding"]
    )
    assert.strictEqual(headers["accept-encoding"], "gzip")
  })

  live("with a body says that it is JSON; an exchange carries no bearer", function* () {
    const server = yield* httpServer((request, response) =>
      json(response, request.url === "/oauth/token" ? { access_token: "opaque-2" } : reset)
    )
    yield* Effect.gen(function* () {
      yield* consume
      yield* (yield* AuthSession).refresh
    }).pipe(Effect.withSpan("a span of the caller's"), Effect.provide(calling(server.origin)))
    const [act, exchange] = server.received
    assert.strictEqual(act?.headers["content-type"], "application/json")
    assert.strictEqual(act?.body, answers({ redeem_request_id: "key-1" }))
    assert.strictEqual(exchange?.headers["content-type"], "application/json")
    assert.isUndefined(exchange?.headers.authorization)
    assert.match(exchange?.headers["user-agent"] ?? "", /^effect-codex-account\/\d/)
    for (const { headers } of server.received) {
      for (const name of ["traceparent", "tracestate", "b3", "x-b3-traceid", "cookie"]) {
        assert.isUndefined(headers[name], name)
      }
    }
  })

  live("of a FedRAMP account says so; one without an account names none", function* () {
    const server = yield* httpServer((_, response) => json(response, usageBody))
    const claims = { chatgpt_user_id: "u", chatgpt_account_id: "a", chatgpt_account_is_fedramp: true }
    const fedramp = record({
      access: accessToken(4e12),
      id: jwt({ "https://api.openai.com/auth": claims }),
      accountId: "a"
    })
    yield* Effect.provide(readUsage, calling(server.origin, { record: fedramp }))
    yield* Effect.provide(readUsage, calling(server.origin, { record: patRecord }))
    const [first, second] = server.received
    assert.strictEqual(first?.headers["x-openai-fedramp"], "true")
    assert.strictEqual(first?.headers["chatgpt-account-id"], "a")
    assert.isUndefined(second?.headers["x-openai-fedramp"])
    assert.isUndefined(second?.headers["chatgpt-account-id"])
    assert.strictEqual(second?.headers.authorization, "Bearer at-example")
  })

  live("that is given up is aborted", function* () {
    const server = yield* rawServer(() => {})
    const until = (reached: () => boolean) => Effect.repeat(Effect.sleep("5 millis"), { until: reached })
    yield* Effect.gen(function* () {
      const acting = yield* Effect.fork(consume)
      yield* until(() => server.requests.length > 0)
      yield* Fiber.interrupt(acting)
      yield* until(() => server.closed.count === server.counted.connections)
      assert.strictEqual(server.requests.length, 1)
    }).pipe(Effect.provide(calling(server.origin)))
  })
})

live.each([301, 302, 303, 307, 308])("the redirect %s is an error, and is not followed", function* (status) {
  const elsewhere = yield* httpServer((_, response) => json(response, usageBody))
  for (const target of ["/backend-api/wham/other", `${elsewhere.origin}/backend-api/wham/usage`]) {
    const server = yield* httpServer((_, response) => response.writeHead(status, { location: target }).end())
    yield* Effect.gen(function* () {
      assert.deepStrictEqual((yield* failures).map(brief), [
        "Redirected answered",
        "Redirected answered",
        "Unavailable"
      ])
      const signedOut = yield* (yield* AuthSession).signOut({ revoke: true })
      assert.deepStrictEqual(signedOut, { removed: true, revoked: false })
    }).pipe(Effect.provide(calling(server.origin)))
    assert.deepStrictEqual(
      server.received.map(({ method, url }) => `${method} ${url}`),
      [
        "GET /backend-api/wham/usage",
        "POST /backend-api/wham/rate-limit-reset-credits/consume",
        "POST /oauth/token",
        "POST /oauth/revoke"
      ]
    )
  }
  assert.strictEqual(elsewhere.counted.connections, 0)
})

const answered = {
  Unauthorized: ["401 No"],
  RateLimited: ["429 No"],
  Rejected: ["408 No", "421 No", "425 No"],
  ServerError: ["500 No", "502 No", "503 No", "504 No"]
}

const ends = (text: string) => (socket: Net.Socket) => void socket.end(text)
const breaking: ReadonlyArray<readonly [label: string, expected: string, answer: (socket: Net.Socket) => void]> = [
  ...Object.entries(answered).flatMap(([reason, statuses]) =>
    statuses.map((status) => {
      const answer = (socket: Net.Socket) => void socket.write(whole(status, "{}", "retry-after: 0\r\n"))
      return [status, `${reason} answered`, answer] as const
    })
  ),
  ["a reset", "Transport unknown", (socket) => void socket.resetAndDestroy()],
  ["an end", "Transport unknown", ends("")],
  ["half a head", "Transport unknown", ends("HTTP/1.1 200 OK\r\ncontent-le")],
  ["half a body", "Transport unknown", ends(whole("200 OK", answers(reset)).slice(0, -5))],
  ["a hint and an end", "Transport unknown", ends("HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n")],
  ["no HTTP", "Transport unknown", ends("220 smtp.example.test ESMTP\r\n")],
  ["a success that is a page", "Malformed answered", (socket) => void socket.write(whole("200 OK", "<html>"))],
  [
    "a chunk and a reset",
    "Transport unknown",
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"cod\r\n')
      setTimeout(() => socket.resetAndDestroy(), 20)
    }
  ]
]

describe("one POST is one POST, answered with", () => {
  live.each(breaking)("%s: %s", function* ([, expected, answer]) {
    // On a new connection, and on one that has served before.
    const server = yield* rawServer((socket, _, nth) =>
      nth === 2 ? void socket.write(whole("200 OK", answers(usageBody))) : answer(socket)
    )
    yield* Effect.gen(function* () {
      assert.strictEqual(brief(yield* Effect.flip(consume)), expected)
      yield* readUsage
      assert.strictEqual(brief(yield* Effect.flip(consume)), expected)
      yield* Effect.sleep("30 millis")
    }).pipe(Effect.provide(calling(server.origin)))
    assert.deepStrictEqual(
      server.requests.map((request) => request.split(" ")[0]),
      ["POST", "GET", "POST"]
    )
  })

  live("nothing, and so is an exchange", function* () {
    const server = yield* rawServer((socket) => void socket.resetAndDestroy())
    const refresh = Effect.flatMap(AuthSession, (session) => Effect.flip(session.refresh))
    assert.strictEqual((yield* Effect.provide(refresh, calling(server.origin))).reason, "Unavailable")
    assert.strictEqual(server.requests.length, 1)
  })
})

live.each([
  ["http://127.0.0.1:free", "ConnectionRefused"],
  ["https://no-such-host.invalid", "HostNotFound"],
  ["http://[::1]:1", "ConnectionRefused"],
  ["http://127.0.0.1:1", "ConnectionRefused"]
] as const)("where no connection can be made nothing was sent: %s, %s", function* ([origin, reason]) {
  const found = yield* Effect.provide(failures, calling(origin.replace("free", String(yield* freePort))))
  assert.deepStrictEqual(found.map(brief), [`${reason} notSent`, `${reason} notSent`, "Unavailable"])
})

live("a time limit says what it waited for, and whether anything had left", function* () {
  const silent = yield* rawServer(() => {})
  const begun = yield* rawServer((socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"))
  const brisk = Record.map(oneAttempt, (policy) => new CallPolicy({ ...policy, attemptTimeout: Duration.millis(300) }))
  const log = yield* Ref.make<ReadonlyArray<AttemptEnd>>([])
  for (const [origin, expected] of [
    // The handshake is never answered.
    [silent.origin.replace("http:", "https:"), "ConnectTimeout notSent"],
    [silent.origin, "Timeout unknown"],
    [begun.origin, "BodyTimeout unknown"]
  ] as const) {
    const acting = Effect.flip(consumeOnce).pipe(
      Effect.provideService(Policies, brisk),
      Effect.provideService(AttemptLog, log)
    )
    assert.strictEqual(brief(yield* Effect.provide(acting, calling(origin))), expected)
  }
  assert.deepStrictEqual(
    (yield* Ref.get(log)).map(({ _tag }) => _tag),
    ["NotSent", "CutShort", "CutShort"]
  )
  assert.strictEqual(silent.requests.length, 1)
})

live("no error shows a token, a header or a body", function* () {
  const server = yield* httpServer((request, response) => {
    response.writeHead(500, { "content-type": "text/plain" })
    response.end(`${JSON.stringify(request.headers)} ${request.body}`)
  })
  const errors = yield* Effect.provide(failures, calling(server.origin))
  assert.strictEqual(server.received.length, 3)
  for (const error of errors) {
    const shown = `${error.message} ${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`
    for (const secret of [secretToken, "rt_1", "Bearer", "key-1", server.origin]) assert.notInclude(shown, secret)
  }
})
