/** What a connection begins with. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Initialized } from "../../../src/app-server/server/dispatch.js"
import { version } from "../../../src/domain/version.js"
import { connect, errorOf, initialized, initializeParams, resultOf, server, withClient } from "./harness.js"
import { test } from "../../cases.js"

const clientInfo = { name: "tester", version: "1.2.3" }

const refusals: ReadonlyArray<readonly [string, unknown, string]> = [
  ["account/read", {}, "Not initialized"],
  ["account/rateLimits/read", undefined, "Not initialized"],
  ["account/rateLimitResetCredit/consume", { idempotencyKey: "" }, "Not initialized"],
  ["getAuthStatus", { includeToken: null, refreshToken: null }, "Not initialized"],
  ["turn/start", { threadId: "x", input: [] }, "Not initialized"],
  // The params are decoded first.
  ["account/rateLimitResetCredit/consume", {}, "Invalid request: `params.idempotencyKey` is missing"],
  ["initialize", {}, "Invalid request: `params.clientInfo` is missing"],
  ["initialize", undefined, "Invalid request: `params` is missing"],
  ["initialize", { clientInfo: { name: "x" } }, "Invalid request: `params.clientInfo.version` is missing"],
  [
    "initialize",
    { clientInfo: { name: "bad\nname", version: "1" } },
    "Invalid clientInfo.name: 'bad\nname'. Must be a valid HTTP header value."
  ],
  [
    "initialize",
    { clientInfo: { name: "naïve", version: "1" } },
    "Invalid clientInfo.name: 'naïve'. Must be a valid HTTP header value."
  ]
]

describe("before initialize", () => {
  for (const [method, params, message] of refusals) {
    test(`${method} with ${JSON.stringify(params)} is refused, and nothing is lost by it`, server(), function* () {
      const client = yield* connect()
      assert.deepStrictEqual(errorOf(yield* client.call(method, params)), [-32600, message])
      resultOf(yield* client.call("initialize", { clientInfo }))
    })
  }

  test("an unknown method is told so", server(), function* () {
    const client = yield* connect()
    const [code, message] = errorOf(yield* client.call("nope/method", {}))
    assert.strictEqual(code, -32600)
    assert.strictEqual(message, "Invalid request: unknown method `nope/method`")
  })
})

describe("initialize", () => {
  it.effect(
    "runs the hook of the server with what the client said, before the answer and only when it succeeds",
    () => {
      const seen: Array<Initialized> = []
      const onInitialized = (one: Initialized) => Effect.sync(() => void seen.push(one))
      return Effect.gen(function* () {
        const client = yield* connect()
        yield* client.call("initialize", { clientInfo: { name: "bad\nname", version: "1" } })
        assert.lengthOf(seen, 0)
        const result = resultOf(yield* client.call("initialize", { clientInfo }))
        const { userAgent } = Object.assign({ userAgent: "" }, result)
        assert.deepStrictEqual(seen, [{ client: clientInfo, userAgent }])
        yield* client.call("initialize", { clientInfo })
        assert.lengthOf(seen, 1)
      }).pipe(Effect.scoped, Effect.provide(server({ server: { onInitialized } })))
    }
  )

  test("tells of the server and its machine", server(), function* () {
    const client = yield* connect()
    const result = resultOf(yield* client.call("initialize", initializeParams()))
    assert.containsAllKeys(result, ["userAgent", "codexHome", "platformFamily", "platformOs"])
    assert.deepInclude(result, { codexHome: "/nonexistent/codex-home", platformFamily: "unix" })
    const { userAgent } = Object.assign({ userAgent: "" }, result)
    assert.match(
      userAgent,
      new RegExp(`^tester/${version.replaceAll(".", "\\.")} \\([^;]+; [^)]+\\) \\S+ \\(tester; 1\\.2\\.3\\)$`)
    )
  })

  test("takes an empty name, and no version", server(), function* () {
    const client = yield* connect()
    const result = resultOf(yield* client.call("initialize", { clientInfo: { name: "", version: "" } }))
    assert.match(Object.assign({ userAgent: "" }, result).userAgent, /^\/.* \(;\)$/)
  })

  withClient("is made once, also with another name that would not do", server(), function* (client) {
    for (const name of ["tester", "bad\nname"]) {
      const again = yield* client.call("initialize", { clientInfo: { name, version: "1" } })
      assert.deepStrictEqual(errorOf(again), [-32600, "Already initialized"])
    }
    resultOf(yield* client.call("account/read", {}))
  })

  test("is each connection's own, and so are its ids", server(), function* () {
    const first = yield* initialized()
    const second = yield* connect()
    assert.deepStrictEqual(errorOf(yield* second.call("account/read", {})), [-32600, "Not initialized"])
    resultOf(yield* first.call("account/read", {}))
    resultOf(yield* second.call("initialize", initializeParams()))
  })

  test("need not be waited for", server(), function* () {
    const client = yield* connect()
    yield* client.send(1, "initialize", initializeParams())
    yield* client.send(2, "account/read", {})
    const [first, second] = yield* client.rest
    assert.deepInclude(first, { _tag: "Response", id: 1 })
    assert.deepInclude(second, { _tag: "Response", id: 2 })
  })
})

describe("what is experimental", () => {
  const tokens = { type: "chatgptAuthTokens", accessToken: "garbage", chatgptAccountId: "a" }

  for (const [how, capabilities] of [
    ["without capabilities", null],
    ["without the capability", { experimentalApi: false }]
  ] as const) {
    test(`is refused ${how}`, server(), function* () {
      const client = yield* connect()
      resultOf(yield* client.call("initialize", { clientInfo, capabilities }))
      assert.deepStrictEqual(errorOf(yield* client.call("account/login/start", tokens)), [
        -32600,
        "account/login/start.chatgptAuthTokens requires experimentalApi capability"
      ])
    })
  }

  test("is done with the capability", server(), function* () {
    const client = yield* initialized({ kind: "stdio", experimental: true })
    assert.deepStrictEqual(errorOf(yield* client.call("account/login/start", tokens)), [
      -32603,
      "failed to set external auth: invalid ID token format"
    ])
  })
})
