import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { OAuthErrorBody, oauthErrorCode, RefreshRequest, RefreshResponse } from "../../src/contracts/OAuthApi.js"

describe("the refusal's code", () => {
  it.each([
    [{ error: { code: "refresh_token_reused", message: "m" } }, "refresh_token_reused"],
    [{ error: { code: "REFRESH_TOKEN_EXPIRED" } }, "refresh_token_expired"],
    [{ error: "invalid_grant", error_description: "d" }, "invalid_grant"],
    [{ code: "refresh_token_invalidated" }, "refresh_token_invalidated"],
    [{ error: { message: "m" }, code: "outer" }, "outer"],
    [{ error: { code: "inner" }, code: "outer" }, "inner"],
    [{ error: null }, null],
    [{}, null]
  ])("%j: %s", (body, code) => strictEqual(oauthErrorCode(Schema.decodeUnknownSync(OAuthErrorBody)(body)), code))

  it.each([[{ error: 3 }], ["text"], [null]])("%j is no such body", (body) =>
    ok(Either.isLeft(Schema.decodeUnknownEither(OAuthErrorBody)(body)))
  )
})

describe("the exchange", () => {
  it("may leave any token out", () =>
    deepStrictEqual(Schema.decodeUnknownSync(RefreshResponse)({ access_token: "a", scope: "x" }), {
      access_token: "a"
    }))

  it.each(["forced", "proactive_expiry", "scheduled", "unauthorized_recovery"] as const)(
    "is asked for as %s",
    (reason) => {
      const request = {
        client_id: "c",
        grant_type: "refresh_token",
        refresh_reason: reason,
        refresh_token: "r"
      } as const
      deepStrictEqual(Schema.encodeSync(RefreshRequest)(request), request)
    }
  )
})
