import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Arbitrary from "effect/Arbitrary"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type AuthJson, AuthJson as AuthJsonSchema, AuthJsonText } from "../../src/contracts/AuthJson.js"

const decode = Schema.decodeEither(AuthJsonText)
const encode = Schema.encodeSync(AuthJsonText)
const read = (json: unknown): AuthJson => Either.getOrThrow(decode(JSON.stringify(json)))
const refuses = (json: unknown) => ok(Either.isLeft(decode(JSON.stringify(json))), JSON.stringify(json))
const secret = (value: Redacted.Redacted<string> | null | undefined) => (value ? Redacted.value(value) : value)
const tokens = {
  id_token: "h.eyJlbWFpbCI6ImFkYUBleGFtcGxlLnRlc3QifQ.s",
  access_token: "opaque-access",
  refresh_token: "rt_EXAMPLE_not_a_real_token",
  account_id: "00000000-1111-4222-8333-444444444444"
}

const sample = {
  auth_mode: "chatgpt",
  OPENAI_API_KEY: null,
  tokens,
  last_refresh: "2026-09-21T14:13:20.123456789Z"
}

describe("samples", () => {
  it("a ChatGPT record", () => {
    const record = read(sample)
    strictEqual(record.auth_mode, "chatgpt")
    strictEqual(record.OPENAI_API_KEY, null)
    deepStrictEqual([record.tokens?.id_token, record.tokens?.access_token, record.tokens?.refresh_token].map(secret), [
      tokens.id_token,
      tokens.access_token,
      tokens.refresh_token
    ])
    strictEqual(record.tokens?.account_id, tokens.account_id)
    strictEqual(record.last_refresh, "2026-09-21T14:13:20.123456789Z")
  })

  it("an API key", () => {
    const record = read({ auth_mode: "apikey", OPENAI_API_KEY: "sk-example" })
    strictEqual(secret(record.OPENAI_API_KEY), "sk-example")
    ok(!("tokens" in record))
  })

  it("a personal access token, without a mode", () => {
    const record = read({ OPENAI_API_KEY: null, personal_access_token: "at-example" })
    strictEqual(secret(record.personal_access_token), "at-example")
    ok(!("auth_mode" in record))
  })

  it.each(["eyJ.jwt.x", { agent_runtime_id: "r", agent_private_key: "k", account_id: "a", email: "" }])(
    "an agent identity as text or object",
    (agent_identity) =>
      deepStrictEqual(read({ auth_mode: "agentIdentity", agent_identity }).agent_identity, agent_identity)
  )

  it.each([
    {},
    { tokens: null, last_refresh: null, OPENAI_API_KEY: null, auth_mode: null },
    { tokens: { ...tokens, account_id: null } },
    { tokens: { id_token: "", access_token: "", refresh_token: "" } },
    { bedrock_api_key: { key: "k", region: "r" }, bedrock_access_keys: { a: 1 } }
  ])("%j is read", (json) => ok(read(json)))
})

describe("auth_mode", () => {
  it.each([
    "apikey",
    "chatgpt",
    "chatgptAuthTokens",
    "headers",
    "agentIdentity",
    "personalAccessToken",
    "bedrockApiKey",
    "bedrockAccessKeys"
  ])("%s is known", (auth_mode) => strictEqual(read({ auth_mode }).auth_mode, auth_mode))

  it.each(["martian", "ChatGPT", ""])("%j is kept as it is: a newer program may know it", (auth_mode) =>
    strictEqual(read({ ...sample, auth_mode }).auth_mode, auth_mode)
  )

  it.each([1, {}])("%j makes the file unreadable", (auth_mode) => refuses({ ...sample, auth_mode }))
})

describe("what is refused", () => {
  it.each(["id_token", "access_token", "refresh_token"])("tokens without %s", (key) => {
    refuses({ tokens: Object.fromEntries(Object.entries(tokens).filter(([k]) => k !== key)) })
    refuses({ tokens: { ...tokens, [key]: null } })
    refuses({ tokens: { ...tokens, [key]: 1 } })
  })

  it.each([null, [], "text", 3, { tokens: "t" }, { tokens: [] }, { last_refresh: 3 }, { OPENAI_API_KEY: {} }])(
    "%j",
    refuses
  )

  it.each(["", "{", '{"tokens":{"id_token":"a.b', "\u0000"])("the text %j, such as half a file", (text) =>
    ok(Either.isLeft(decode(text)))
  )
})

describe("what is kept", () => {
  const record = {
    z_first: [1, { deep: null }],
    last_refresh: sample.last_refresh,
    tokens: { future_token: "f", refresh_token: "r", access_token: "a", id_token: "i", scopes: ["x"] },
    OPENAI_API_KEY: null,
    another: "kept",
    auth_mode: "chatgpt"
  }

  it("unknown keys, at the top and in the tokens", () => deepStrictEqual(JSON.parse(encode(read(record))), record))

  it("the order of the fields does not matter", () => {
    const reversed = Object.fromEntries(Object.entries(record).reverse())
    const reread: unknown = JSON.parse(encode(read(reversed)))
    deepStrictEqual(reread, record)
  })

  it("absent stays absent, and null stays null", () => {
    strictEqual(encode(read({})), "{}")
    deepStrictEqual(JSON.parse(encode(read({ tokens: null, OPENAI_API_KEY: null }))), {
      tokens: null,
      OPENAI_API_KEY: null
    })
  })

  it("the text is indented by two spaces", () => {
    const text = encode(read(sample))
    strictEqual(text, JSON.stringify(JSON.parse(text), null, 2))
    ok(text.includes('\n  "tokens": {\n    "'))
  })

  it.prop(
    "any record, with any further keys",
    [
      Arbitrary.make(Schema.encodedSchema(AuthJsonSchema)),
      FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue())
    ],
    ([fields, further]) => {
      // The one name that an object can't hold like any other; nobody writes it.
      const known: { readonly [key: string]: unknown } = Object.fromEntries(
        Object.entries(JSON.parse(JSON.stringify(fields))).filter(([key]) => key !== "__proto__")
      )
      const extra = Object.fromEntries(Object.entries(further).map(([key, value]) => [`x_${key}`, value]))
      const all: unknown = JSON.parse(JSON.stringify({ ...extra, ...known }))
      deepStrictEqual(JSON.parse(encode(read(all))), all)
    }
  )
})

describe("secrets", () => {
  it("do not show in the record", () => {
    const record = read({ ...sample, OPENAI_API_KEY: "sk-example", personal_access_token: "at-example" })
    const shown = `${JSON.stringify(record)}${String(record.tokens?.access_token)}`
    for (const value of ["sk-example", "at-example", tokens.id_token, tokens.access_token, tokens.refresh_token]) {
      ok(!shown.includes(value), shown)
    }
  })
})
