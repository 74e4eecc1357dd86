/** Params decode to what the original makes of them, and are refused in its words. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { codes } from "../../../src/app-server/protocol/errors.js"
import { decodeCall, isMethodName, type MethodName, methods } from "../../../src/app-server/protocol/methods.js"
import * as recorded from "./fixtures.js"

const refusal = (method: string, params: unknown) =>
  Either.match(decodeCall(method, params), {
    onLeft: ({ code, message }) => ({ code, message }),
    onRight: () => null
  })

const message = (method: MethodName, params: unknown): string | null => refusal(method, params)?.message ?? null

describe("recorded calls", () => {
  it.each(recorded.params.map((call) => ({ ...call, shown: JSON.stringify(call.params)?.slice(0, 70) })))(
    "$method $shown",
    ({ error, method, params }) => deepStrictEqual(refusal(method, params), error)
  )

  it.each(recorded.unknownMethods)("the unknown method $method", ({ code, message, method }) => {
    const told = refusal(method, {})
    strictEqual(told?.code, code)
    ok(told.message.startsWith(message), told.message)
    ok(told.message.endsWith("`account/read`, `getAuthStatus`"), told.message)
  })

  it("hold many refusals, so that this proves something", () => {
    ok(recorded.params.filter(({ error }) => error !== null).length > 30)
  })
})

describe("what is wrong is told in the order in which the original meets it", () => {
  it.each<[string, MethodName, unknown, string]>([
    [
      "a wrong value before a missing one",
      "account/rateLimitResetCredit/consume",
      { creditId: 5 },
      "invalid type: integer `5`, expected a string"
    ],
    [
      "values as they are written",
      "account/rateLimits/read",
      { excludeResetCreditDetails: 1.5, supportsLunaReserve: "x" },
      "invalid type: floating point `1.5`, expected a boolean"
    ],
    [
      "the first of two missing ones",
      "account/login/start",
      { type: "amazonBedrockAccessKeys", region: "r" },
      "missing field `accessKeyId`"
    ],
    [
      "inside a struct",
      "initialize",
      { clientInfo: { name: "x", title: 5 } },
      "invalid type: integer `5`, expected a string"
    ],
    [
      "a struct that is none",
      "initialize",
      { clientInfo: "x" },
      'invalid type: string "x", expected struct ClientInfo'
    ],
    [
      "a list that is none",
      "initialize",
      { clientInfo: { name: "x", version: "1" }, capabilities: { optOutNotificationMethods: {} } },
      "invalid type: map, expected a sequence"
    ],
    [
      "inside a list",
      "initialize",
      { clientInfo: { name: "x", version: "1" }, capabilities: { optOutNotificationMethods: ["a", null] } },
      "invalid type: null, expected a string"
    ],
    [
      "a map that is none",
      "initialize",
      { clientInfo: { name: "x", version: "1" }, capabilities: { extensions: [] } },
      "invalid type: sequence, expected a map"
    ],
    [
      "one of two words",
      "account/sendAddCreditsNudgeEmail",
      { creditType: "bogus" },
      "unknown variant `bogus`, expected `credits` or `usage_limit`"
    ],
    [
      "a word that is none",
      "account/sendAddCreditsNudgeEmail",
      { creditType: 5 },
      "invalid type: integer `5`, expected string or map"
    ],
    [
      "a word inside an option",
      "account/login/start",
      { type: "chatgpt", appBrand: "other" },
      "unknown variant `other`, expected `codex` or `chatgpt`"
    ],
    [
      "a word inside a list",
      "thread/list",
      { sourceKinds: ["cli", "moon"] },
      "unknown variant `moon`, expected one of `cli`, `vscode`, `exec`, `appServer`, `subAgent`, `subAgentReview`, `subAgentCompact`, `subAgentThreadSpawn`, `subAgentOther`, `unknown`"
    ],
    ["a negative count", "thread/list", { limit: -1 }, "invalid value: integer `-1`, expected u32"],
    ["a broken count", "thread/list", { limit: 1.5 }, "invalid type: floating point `1.5`, expected u32"],
    ["no count at all", "thread/list", { limit: "1" }, 'invalid type: string "1", expected u32'],
    [
      "neither of two shapes",
      "thread/list",
      { cwd: 5 },
      "data did not match any variant of untagged enum ThreadListCwdFilter"
    ],
    ["a tag that is no word", "account/login/start", { type: null }, "invalid type: null, expected variant identifier"],
    [
      "no map with a tag",
      "account/login/start",
      5,
      "invalid type: integer `5`, expected internally tagged enum LoginAccountParams"
    ],
    ["an empty list for a tag", "account/login/start", [], "missing field `type`"],
    ["a list for nothing", "account/logout", [], "invalid type: sequence, expected unit"],
    ["text for nothing", "account/workspaceMessages/read", "x", 'invalid type: string "x", expected unit'],
    ["too long a list", "account/read", [true, false], "invalid length 2, expected 1 element in sequence"],
    [
      "too short a list",
      "account/rateLimitResetCredit/consume",
      ["key"],
      "invalid length 1, expected struct ConsumeAccountRateLimitResetCreditParams with 2 elements"
    ],
    ["a wrong value in a list", "account/read", ["x"], 'invalid type: string "x", expected a boolean']
  ])("%s", (_, method, params, expected) => strictEqual(message(method, params), `Invalid request: ${expected}`))

  it("a list of the values stands for the struct", () => {
    deepStrictEqual(decodeCall("account/read", [true]), Either.right({ refreshToken: true }))
    deepStrictEqual(
      decodeCall("account/rateLimitResetCredit/consume", ["k", null]),
      Either.right({ idempotencyKey: "k", creditId: null })
    )
  })

  it("without params nothing is decoded to nothing", () => {
    for (const params of [undefined, null, {}])
      deepStrictEqual(decodeCall("account/logout", params), Either.right(undefined))
    for (const params of [undefined, null, {}])
      deepStrictEqual(decodeCall("account/usage/read", params), Either.right({}))
  })
})

describe("a client's own words in an error", () => {
  const secrets = FastCheck.constantFrom(
    `sk-${"a".repeat(20)}`,
    `eyJ${"b".repeat(40)}.c.d`,
    "someone@example.com",
    `rt-${"c".repeat(12)}`,
    "Bearer abc",
    "d".repeat(65),
    "key\u001b[31m"
  )
  const misplaced = FastCheck.constantFrom<(secret: string) => readonly [string, unknown]>(
    (secret) => ["account/read", secret],
    (secret) => ["account/read", { refreshToken: secret }],
    (secret) => ["account/login/start", { type: secret }],
    (secret) => ["account/login/start", secret],
    (secret) => ["account/sendAddCreditsNudgeEmail", { creditType: secret }],
    (secret) => ["account/logout", secret],
    (secret) => ["thread/list", { limit: secret }],
    (secret) => [secret, {}]
  )

  it.prop("hold no secret that stood in the wrong place", [secrets, misplaced], ([secret, place]) => {
    const [method, params] = place(secret)
    const told = refusal(method, params)
    strictEqual(told?.code, codes.invalidRequest)
    ok(!told.message.includes(secret), told.message)
  })

  it("control: a harmless one is repeated", () => {
    strictEqual(
      message("account/read", "xyz"),
      'Invalid request: invalid type: string "xyz", expected struct GetAccountParams'
    )
  })
})

describe("any params", () => {
  const names = Object.keys(methods)

  it.prop(
    "decode or are refused, and never throw",
    [FastCheck.constantFrom(...names), FastCheck.oneof(FastCheck.jsonValue(), FastCheck.anything())],
    ([method, params]) => {
      const told = refusal(method, params)
      if (told !== null) {
        strictEqual(told.code, codes.invalidRequest)
        ok(/^Invalid request: (invalid|missing|unknown|data) /.test(told.message), told.message)
        ok(!told.message.includes("expected value") && !told.message.endsWith("invalid value"), told.message)
      }
    },
    { fastCheck: { numRuns: 3000 } }
  )

  it.prop(
    "decode the same with members that nobody knows",
    [FastCheck.constantFrom(...recorded.params.filter(({ error }) => error === null)), FastCheck.jsonValue()],
    ([{ method, params }, value]) => {
      const isStruct = typeof params === "object" && params !== null && !Array.isArray(params)
      // For a method without params even one member is one too many.
      if (!isStruct || (isMethodName(method) && methods[method].presence === "none")) return
      deepStrictEqual(decodeCall(method, { ...params, zzz: value }), decodeCall(method, params))
    }
  )
})
