/**
 * The claims that are read from ID and access tokens. Signatures are not checked: the tokens are our own, and the
 * backend checks them.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { opt } from "./Tolerant.js"

const AuthClaims = Schema.Struct({
  chatgpt_plan_type: opt(Schema.String),
  chatgpt_user_id: opt(Schema.String),
  user_id: opt(Schema.String),
  chatgpt_account_id: opt(Schema.String),
  chatgpt_account_is_fedramp: opt(Schema.Boolean),
  is_org_owner: opt(Schema.Boolean)
})

/** The payload of a token. Every claim is optional; `exp` and `iat` are in Unix seconds. */
export const JwtPayload = Schema.Struct({
  exp: opt(Schema.Number),
  iat: opt(Schema.Number),
  email: opt(Schema.String),
  "https://api.openai.com/auth": opt(AuthClaims),
  "https://api.openai.com/profile": opt(Schema.Struct({ email: opt(Schema.String) }))
}).annotations({ identifier: "JwtPayload" })

export type JwtPayload = typeof JwtPayload.Type

const FromJson = Schema.parseJson(JwtPayload)

const notAToken = "expected three dot-separated parts with a JSON payload"

/** A token's text to its payload. The token never occurs in the parse error. */
export const JwtClaims = Schema.transformOrFail(Schema.String, Schema.typeSchema(JwtPayload), {
  strict: true,
  decode: (token, _options, ast) => {
    const fail = () => ParseResult.fail(new ParseResult.Type(ast, "<token>", notAToken))
    const parts = token.split(".")
    if (parts.length !== 3 || parts.some((part) => part === "")) return fail()
    const payload = Encoding.decodeBase64UrlString(parts[1] ?? "")
    if (Either.isLeft(payload)) return fail()
    return ParseResult.decode(FromJson)(payload.right).pipe(Effect.catchAll(fail))
  },
  encode: (payload) =>
    ParseResult.encode(FromJson)(payload).pipe(
      Effect.map((json) => `${Encoding.encodeBase64Url('{"alg":"none"}')}.${Encoding.encodeBase64Url(json)}.unsigned`)
    )
}).annotations({ identifier: "JwtClaims" })
