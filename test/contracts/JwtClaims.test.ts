import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Arbitrary from "effect/Arbitrary"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as FastCheck from "effect/FastCheck"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { JwtClaims, JwtPayload } from "../../src/contracts/JwtClaims.js"

const decode = Schema.decodeEither(JwtClaims)
const token = (payload: unknown) => `h.${Encoding.encodeBase64Url(JSON.stringify(payload))}.s`
const read = (payload: unknown) => Either.getOrThrow(decode(token(payload)))
const auth = "https://api.openai.com/auth"
const profile = "https://api.openai.com/profile"

describe("claims", () => {
  it("those of an ID token", () => {
    const claims = read({
      iss: "https://auth.openai.com",
      aud: ["app_x"],
      exp: 1_790_003_600,
      email: "ada@example.test",
      [auth]: {
        chatgpt_plan_type: "pro",
        chatgpt_user_id: "user-1",
        user_id: "user-0",
        chatgpt_account_id: "acct-1",
        chatgpt_account_is_fedramp: false,
        organizations: [{ id: "org", role: "owner" }],
        is_org_owner: true
      }
    })
    strictEqual(claims.exp, 1_790_003_600)
    strictEqual(claims.email, "ada@example.test")
    deepStrictEqual(claims[auth], {
      chatgpt_plan_type: "pro",
      chatgpt_user_id: "user-1",
      user_id: "user-0",
      chatgpt_account_id: "acct-1",
      chatgpt_account_is_fedramp: false,
      is_org_owner: true
    })
    ok(!claims[profile])
  })

  it("those of an access token, whose e-mail is in the profile", () => {
    const claims = read({
      scp: ["openid"],
      [auth]: { chatgpt_plan_type: "pro" },
      [profile]: { email: "ada@example.test" }
    })
    ok(!claims.email)
    strictEqual(claims[profile]?.email, "ada@example.test")
    ok(!claims[auth]?.chatgpt_user_id)
  })

  it("all are optional", () => deepStrictEqual(read({}), {}))

  it.each(["exp", "email", auth, profile])("%s may be null", (claim) =>
    deepStrictEqual(read({ [claim]: null }), { [claim]: null })
  )

  it("text beyond ASCII", () => strictEqual(read({ email: "jürgen@müller.test 👍" }).email, "jürgen@müller.test 👍"))

  it("neither header nor signature is read", () => ok(Either.isRight(decode(`x.${Encoding.encodeBase64Url("{}")}.y`))))
})

describe("what is no token", () => {
  const payload = Encoding.encodeBase64Url("{}")

  it.each([
    "",
    "opaque",
    ".",
    "..",
    `.${payload}.s`,
    `h.${payload}.`,
    "h..s",
    `h.${payload}`,
    `h.${payload}.s.t`,
    "h.%%%.s",
    `h.${Encoding.encodeBase64Url("not json")}.s`,
    `h.${Encoding.encodeBase64Url("null")}.s`,
    `h.${Encoding.encodeBase64Url('"text"')}.s`,
    `h.${Encoding.encodeBase64Url('{"exp":"soon"}')}.s`,
    `h.${Encoding.encodeBase64Url(`{"${auth}":"text"}`)}.s`
  ])("%j", (text) => ok(Either.isLeft(decode(text))))

  it.prop(
    "whatever it is, the error does not tell it",
    [FastCheck.string({ minLength: 12, unit: "grapheme-ascii" }), FastCheck.constantFrom("", ".x", "a.b.")],
    ([text, prefix]) => {
      const hidden = `SECRET${text}`
      const result = decode(`${prefix}${hidden}`)
      if (Either.isLeft(result)) {
        const shown = `${ParseResult.TreeFormatter.formatErrorSync(result.left)} ${result.left.message}`
        ok(!shown.includes("SECRET"), shown)
      }
    }
  )

  it("nor the payload of one with a wrong claim", () => {
    const result = decode(token({ email: "ada@example.test", exp: "soon" }))
    ok(Either.isLeft(result))
    ok(!result.left.message.includes("ada"), result.left.message)
  })
})

describe("a made token", () => {
  it.prop("reads as it was made", [Arbitrary.make(JwtPayload)], ([payload]) => {
    const made = Schema.encodeSync(JwtClaims)(payload)
    strictEqual(made.split(".").length, 3)
    // By way of JSON, which has no NaN.
    deepStrictEqual(JSON.parse(JSON.stringify(Either.getOrThrow(decode(made)))), JSON.parse(JSON.stringify(payload)))
  })
})
