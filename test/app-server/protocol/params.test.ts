/** Params: which are accepted is as with the original, and so are the codes of refusals. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { codes, type RpcError } from "../../../src/rpc/RpcError.js"
import { isMethodName, type MethodName, methods, unknownMethod } from "../../../src/app-server/protocol/methods.js"
import * as recorded from "./fixtures.js"

const decodeCall = (method: string, params: unknown): Either.Either<unknown, RpcError> =>
  isMethodName(method) ? methods[method].decodeParams(params) : Either.left(unknownMethod(method))

const refusal = (method: string, params: unknown) =>
  Either.match(decodeCall(method, params), { onLeft: ({ code, message }) => ({ code, message }), onRight: () => null })

const message = (method: MethodName, params: unknown): string | null => refusal(method, params)?.message ?? null

describe("recorded calls", () => {
  // The original also takes the values of a struct as an array.
  const objects = recorded.params.filter(({ params }) => !Array.isArray(params))

  it.each(objects.map((call) => ({ ...call, shown: JSON.stringify(call.params)?.slice(0, 70) })))(
    "$method $shown",
    ({ error, method, params }) => strictEqual(refusal(method, params)?.code, error?.code)
  )

  it.each(recorded.unknownMethods)("the unknown method $method", ({ code, method }) => {
    strictEqual(refusal(method, {})?.code, code)
  })

  it("hold many refusals, so that this proves something", () => {
    ok(objects.filter(({ error }) => error !== null).length > 25)
  })
})

describe("an error says where the problem is and what was expected", () => {
  it.each<[MethodName, unknown, string]>([
    ["account/read", undefined, "`params` is missing"],
    ["account/read", "xyz", "`params` is not GetAccountParams"],
    ["account/read", [true], "`params` is not GetAccountParams"],
    ["account/read", { refreshToken: "x" }, "`params.refreshToken` is not boolean"],
    ["account/rateLimitResetCredit/consume", { creditId: 5 }, "`params.idempotencyKey` is missing"],
    ["account/login/start", 5, "`params` is not LoginAccountParams"],
    ["account/login/start", [], "`params.type` is missing"],
    [
      "account/login/start",
      { type: "bogus" },
      '`params.type` is not "apiKey" | "chatgpt" | "chatgptDeviceCode" | "chatgptAuthTokens" | "amazonBedrock" | "amazonBedrockAccessKeys"'
    ],
    ["account/login/start", { type: "chatgpt", appBrand: "other" }, '`params.appBrand` is not "codex" | "chatgpt"'],
    ["account/login/start", { type: "amazonBedrockAccessKeys", region: "r" }, "`params.accessKeyId` is missing"],
    ["initialize", { clientInfo: "x" }, "`params.clientInfo` is not ClientInfo"],
    ["initialize", { clientInfo: { name: "x", title: 5 } }, "`params.clientInfo.title` is not string"],
    [
      "initialize",
      { clientInfo: { name: "x", version: "1" }, capabilities: { optOutNotificationMethods: {} } },
      "`params.capabilities.optOutNotificationMethods` is not ReadonlyArray<string>"
    ],
    [
      "initialize",
      { clientInfo: { name: "x", version: "1" }, capabilities: { optOutNotificationMethods: ["a", null] } },
      "`params.capabilities.optOutNotificationMethods.1` is not string"
    ],
    ["account/sendAddCreditsNudgeEmail", { creditType: 5 }, '`params.creditType` is not "credits" | "usage_limit"'],
    ["thread/list", { limit: -1 }, "`params.limit` is not u32"],
    ["thread/list", { limit: 1.5 }, "`params.limit` is not u32"],
    ["thread/list", { cwd: 5 }, "`params.cwd` is not ThreadListCwdFilter"],
    ["account/logout", [], "the method takes no params"],
    ["account/workspaceMessages/read", "x", "the method takes no params"]
  ])("%s with %j", (method, params, expected) => strictEqual(message(method, params), `Invalid request: ${expected}`))

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

  it("control: a harmless method is repeated", () => {
    strictEqual(refusal("account/raed", {})?.message, "Invalid request: unknown method `account/raed`")
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
        ok(/^Invalid request: (`params|the method takes no params$)/.test(told.message), told.message)
      }
    },
    { fastCheck: { numRuns: 3000 } }
  )

  it.prop(
    "decode the same with members that nobody knows",
    [
      FastCheck.constantFrom(
        ...recorded.params.filter(({ error, params }) => error === null && !Array.isArray(params))
      ),
      FastCheck.jsonValue()
    ],
    ([{ method, params }, value]) => {
      const isStruct = typeof params === "object" && params !== null && !Array.isArray(params)
      // For a method without params even one member is one too many.
      if (!isStruct || (isMethodName(method) && methods[method].presence === "none")) return
      deepStrictEqual(decodeCall(method, { ...params, zzz: value }), decodeCall(method, params))
    }
  )
})
