/** The tables: what is experimental, what is lossless, and what older and newer servers say. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import {
  isMethodName,
  type MethodName,
  methods,
  refreshTokens,
  serverRequestNames
} from "../../../src/app-server/protocol/methods.js"
import { initialized, isLossless } from "../../../src/app-server/protocol/notifications.js"
import * as recorded from "./fixtures.js"

const result = (method: MethodName, value: unknown): unknown => {
  const read: Either.Either<unknown, unknown> = methods[method].decodeResult(value)
  return Either.merge(read)
}

describe("methods", () => {
  it("go by their names", () => {
    ok(isMethodName("account/read"))
    ok(!isMethodName("toString") && !isMethodName("__proto__") && !isMethodName("Account/Read"))
  })

  it("one way to sign in is experimental", () => {
    const { experimental } = methods["account/login/start"]
    strictEqual(
      experimental({ type: "chatgptAuthTokens", accessToken: "a", chatgptAccountId: "b" }),
      "account/login/start.chatgptAuthTokens"
    )
    strictEqual(experimental({ type: "apiKey", apiKey: "k" }), null)
    strictEqual(methods["account/read"].experimental({}), null)
  })
})

describe("notifications and server requests", () => {
  it("a name that the protocol does not know is not lossless", () => {
    ok(!isLossless("item/commandExecution/outputDelta") && !isLossless("toString"))
    strictEqual(initialized, "initialized")
  })

  it("ten requests of a server are known", () => {
    strictEqual(serverRequestNames.size, 10)
    ok(serverRequestNames.has(refreshTokens.method))
    ok(!serverRequestNames.has("thread/unknown"))
  })
})

describe("results of other servers", () => {
  it("what an older one leaves out is null", () => {
    deepStrictEqual(
      result("account/read", { account: null, requiresOpenaiAuth: true, workspaceRole: "account-owner" }),
      {
        account: null,
        userId: null,
        requiresOpenaiAuth: true,
        workspaceRouting: null,
        workspaceRole: "account-owner",
        isWorkspaceOwner: null
      }
    )
    deepStrictEqual(result("initialize", {}), { userAgent: "", codexHome: "", platformFamily: "", platformOs: "" })
    const limits = result("account/rateLimits/read", { rateLimits: { primary: { usedPercent: 1 } } })
    deepStrictEqual(limits, {
      ordinaryUsageAllowed: null,
      rateLimits: {
        limitId: null,
        limitName: null,
        normalModelSlug: null,
        primary: { usedPercent: 1, windowDurationMins: null, resetsAt: null },
        secondary: null,
        credits: null,
        individualLimit: null,
        spendControlReached: null,
        planType: null,
        rateLimitReachedType: null
      },
      rateLimitsByLimitId: null,
      rateLimitResetCredits: null,
      accountId: null,
      rateLimitUpsell: null
    })
  })

  it("what a newer one says more, and in words that nobody knows, fails no read", () => {
    deepStrictEqual(
      result("account/read", {
        account: { type: "chatgpt", email: null, planType: "galactic", badge: 1 },
        userId: "u",
        requiresOpenaiAuth: true,
        novelty: {}
      }),
      {
        account: { type: "chatgpt", email: null, planType: "unknown", workspaceName: null },
        userId: "u",
        requiresOpenaiAuth: true,
        workspaceRouting: null,
        workspaceRole: null,
        isWorkspaceOwner: null
      }
    )
    deepStrictEqual(result("getAuthStatus", { authMethod: "telepathy" }), {
      authMethod: "unknown",
      authToken: null,
      requiresOpenaiAuth: null
    })
    ok(Either.isRight(methods["account/read"].decodeResult({ account: { type: "martian" }, requiresOpenaiAuth: true })))
    ok(
      Either.isRight(
        methods["account/rateLimits/read"].decodeResult({ rateLimits: { rateLimitReachedType: "moon_phase" } })
      )
    )
  })

  it("an outcome that nobody knows is no outcome", () => {
    ok(Either.isLeft(methods["account/rateLimitResetCredit/consume"].decodeResult({ outcome: "maybe" })))
  })

  it.each(recorded.rateLimits.flatMap(({ label, result }, n) => (result === undefined ? [] : [{ label, n, result }])))(
    "the original's, and writing it changes nothing: $n $label",
    ({ result }) => {
      const read = Either.getOrThrow(methods["account/rateLimits/read"].decodeResult(JSON.parse(result)))
      deepStrictEqual(read, JSON.parse(result))
      deepStrictEqual(Schema.encodeSync(methods["account/rateLimits/read"].result)(read), JSON.parse(result))
    }
  )
})
