import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Net from "node:net"
import { AuthSession } from "../../src/services/AuthSession.js"
import { brief, calling, consume, readUsage, secretToken, usageBody } from "./support/backend.js"
import { accessToken, jwt, patRecord, record } from "./support/records.js"
import { freePort, httpServer, json, rawServer } from "./support/sockets.js"

const reset = { code: "reset", windows_reset: 1 }

const answers = (value: unknown) => JSON.stringify(value)

const whole = (status: string, body: string, headers = "") =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`

describe("connections", () => {
  // Undici opens a second one for a request that comes in the moment in which the first is given back.
  it.scopedLive("are kept: a hundred calls one after the other need two at most", () =>
    Effect.gen(function* () {
      const server = yield* httpServer((request, response) =>
        json(response, request.method === "GET" ? usageBody : reset)
      )
      yield* Effect.gen(function* () {
        yield* Effect.repeatN(Effect.zip(readUsage, consume), 49)
      }).pipe(Effect.provide(calling(server.origin)))
      assert.strictEqual(server.received.length, 100)
      assert.isAtMost(server.counted.connections, 2)
    })
  )

  it.scopedLive("are shared by backend and exchange", () =>
    Effect.gen(function* () {
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
  )

  it.scopedLive("are closed with the layer", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((socket) => void socket.write(whole("200 OK", answers(usageBody))))
      yield* Effect.provide(readUsage, calling(server.origin))
      yield* Effect.sleep("50 millis")
      assert.strictEqual(server.closed.count, 1)
    })
  )
})

describe("a request", () => {
  it.scopedLive("has the headers of the session and our own user agent, asks for no compression, tells no trace", () =>
    Effect.gen(function* () {
      const server = yield* httpServer((_, response) => json(response, usageBody))
      yield* readUsage.pipe(Effect.withSpan("a span of the caller's"), Effect.provide(calling(server.origin)))
      const headers = server.received[0]?.headers ?? {}
      assert.strictEqual(headers.authorization, `Bearer ${secretToken}`)
      assert.strictEqual(headers["chatgpt-account-id"], "account-1")
      assert.match(headers["user-agent"] ?? "", /^effect-codex-account\/\d/)
      assert.deepStrictEqual(
        Object.keys(headers).filter(
          (name) =>
            !["host", "connection", "authorization", "chatgpt-account-id", "user-agent", "accept"].includes(name)
        ),
        []
      )
    })
  )

  it.scopedLive("with a body says that it is JSON; an exchange carries no bearer", () =>
    Effect.gen(function* () {
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
        for (const name of ["traceparent", "tracestate", "b3", "x-b3-traceid", "accept-encoding", "cookie"]) {
          assert.isUndefined(headers[name], name)
        }
      }
    })
  )

  it.scopedLive("of a FedRAMP account says so; one without an account names none", () =>
    Effect.gen(function* () {
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
  )

  it.scopedLive("that is given up is aborted", () =>
    Effect.gen(function* () {
      const server = yield* rawServer(() => {})
      yield* Effect.gen(function* () {
        yield* Effect.timeoutOption(consume, "50 millis")
        yield* Effect.sleep("50 millis")
        assert.strictEqual(server.requests.length, 1)
        assert.isAbove(server.closed.count, 0)
        assert.strictEqual(server.closed.count, server.counted.connections)
      }).pipe(Effect.provide(calling(server.origin)))
    })
  )
})

describe("a redirect", () => {
  it.scopedLive.each([301, 302, 303, 307, 308])("%s is an error, and nothing goes where it leads", (status) =>
    Effect.gen(function* () {
      const elsewhere = yield* httpServer((_, response) => json(response, usageBody))
      for (const target of ["/backend-api/wham/other", `${elsewhere.origin}/backend-api/wham/usage`]) {
        const server = yield* httpServer((_, response) => response.writeHead(status, { location: target }).end())
        yield* Effect.gen(function* () {
          assert.strictEqual(brief(yield* Effect.flip(readUsage)), "Redirected answered")
          assert.strictEqual(brief(yield* Effect.flip(consume)), "Redirected answered")
          const { reason } = yield* Effect.flip((yield* AuthSession).refresh)
          assert.strictEqual(reason, "Unavailable")
          assert.deepStrictEqual(yield* (yield* AuthSession).signOut({ revoke: true }), {
            removed: true,
            revoked: false
          })
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
  )
})

const statuses = ["401 No", "408 No", "421 No", "425 No", "429 No", "500 No", "502 No", "503 No", "504 No"]

interface Breaking {
  readonly label: string
  readonly answer: (socket: Net.Socket) => void
  readonly expected: string
}

const breaking: ReadonlyArray<Breaking> = [
  ...statuses.map((status) => ({
    label: status,
    answer: (socket: Net.Socket) => void socket.write(whole(status, "{}", "retry-after: 0\r\n")),
    expected:
      {
        "401 No": "Unauthorized answered",
        "429 No": "RateLimited answered",
        "408 No": "Rejected answered",
        "421 No": "Rejected answered",
        "425 No": "Rejected answered"
      }[status] ?? "ServerError answered"
  })),
  { label: "a reset", answer: (socket) => void socket.resetAndDestroy(), expected: "Transport unknown" },
  { label: "an end", answer: (socket) => void socket.end(), expected: "Transport unknown" },
  {
    label: "half a head",
    answer: (socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-le"),
    expected: "Transport unknown"
  },
  {
    label: "half a body",
    answer: (socket) => void socket.end(whole("200 OK", answers(reset)).slice(0, -5)),
    expected: "Transport unknown"
  },
  {
    label: "a hint and an end",
    answer: (socket) => void socket.end("HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n"),
    expected: "Transport unknown"
  },
  {
    label: "a chunk and a reset",
    answer: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"cod\r\n')
      setTimeout(() => socket.resetAndDestroy(), 20)
    },
    expected: "Transport unknown"
  },
  {
    label: "no HTTP",
    answer: (socket) => void socket.end("220 smtp.example.test ESMTP\r\n"),
    expected: "Transport unknown"
  },
  {
    label: "a success that is a page",
    answer: (socket) => void socket.write(whole("200 OK", "<html>")),
    expected: "Malformed answered"
  }
]

describe("one POST is one POST, answered with", () => {
  it.scopedLive.each(breaking)("$label: $expected", ({ answer, expected }) =>
    Effect.gen(function* () {
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
  )

  it.scopedLive("nothing, and so is an exchange", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((socket) => void socket.resetAndDestroy())
      yield* Effect.gen(function* () {
        const session = yield* AuthSession
        assert.strictEqual((yield* Effect.flip(session.refresh)).reason, "Unavailable")
        assert.strictEqual(server.requests.length, 1)
      }).pipe(Effect.provide(calling(server.origin)))
    })
  )
})

describe("a connection that can't be made", () => {
  it.scopedLive("is no doubt: nothing was sent", () =>
    Effect.gen(function* () {
      const origin = `http://127.0.0.1:${yield* freePort}`
      yield* Effect.gen(function* () {
        assert.strictEqual(brief(yield* Effect.flip(readUsage)), "Unreachable notSent")
        assert.strictEqual(brief(yield* Effect.flip(consume)), "Unreachable notSent")
      }).pipe(Effect.provide(calling(origin)))
    })
  )

  it.scopedLive.each(["http://no-such-host.invalid", "http://[::1]:1", "http://127.0.0.1:1"])("%s", (origin) =>
    Effect.gen(function* () {
      assert.strictEqual(brief(yield* Effect.flip(consume)), "Unreachable notSent")
    }).pipe(Effect.provide(calling(origin)))
  )
})

it.scopedLive("no error shows a token, a header or a body", () =>
  Effect.gen(function* () {
    const server = yield* httpServer((request, response) => {
      response.writeHead(500, { "content-type": "text/plain" })
      response.end(`${JSON.stringify(request.headers)} ${request.body}`)
    })
    const shown = yield* Effect.gen(function* () {
      const session = yield* AuthSession
      const errors = [yield* Effect.flip(readUsage), yield* Effect.flip(consume), yield* Effect.flip(session.refresh)]
      return errors.map((error) => `${error.message} ${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`)
    }).pipe(Effect.provide(calling(server.origin)))
    assert.strictEqual(server.received.length, 3)
    for (const text of shown) {
      for (const secret of [secretToken, "rt_1", "Bearer", "key-1", server.origin]) {
        assert.notInclude(text, secret)
      }
    }
  })
)
