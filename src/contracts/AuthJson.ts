/** `auth.json` as the Codex CLI writes it. Keys that are not listed here are kept when the record is written again. */
import { ArrayFormatter, type ParseError } from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

const maybe = <A, I, R>(schema: Schema.Schema<A, I, R>) => Schema.optional(Schema.NullOr(schema))

const Secret = Schema.Redacted(Schema.String)

/**
 * The values of `auth_mode` that this version knows.
 * @since 0.1.0
 * @category schemas
 */
export const WireAuthMode = Schema.Literal(
  "apikey",
  "chatgpt",
  "chatgptAuthTokens",
  "headers",
  "agentIdentity",
  "personalAccessToken",
  "bedrockApiKey",
  "bedrockAccessKeys"
)

const rest = { key: Schema.String, value: Schema.Unknown }

/**
 * The client and the server that tokens were issued to and by, as the Codex CLI records it beside them.
 * @since 0.1.0
 * @category schemas
 */
export const OAuthProvenance = Schema.Struct({ issuer: Schema.String, client_id: Schema.NonEmptyString }, rest)

/**
 * `id_token` is a JWT; `access_token` normally is one; `refresh_token` can be used once. `oauth_provenance` is read as
 * `OAuthProvenance`, and ignored if it is anything else. `login_owner_id` tells one sign-in from another.
 * @since 0.1.0
 * @category schemas
 */
export const AuthTokens = Schema.Struct(
  {
    id_token: Secret,
    access_token: Secret,
    refresh_token: Secret,
    account_id: maybe(Schema.String),
    oauth_provenance: maybe(Schema.Unknown),
    login_owner_id: maybe(Schema.Unknown)
  },
  rest
).annotations({ identifier: "AuthTokens" })

/**
 * @since 0.1.0
 * @category models
 */
export type AuthTokens = typeof AuthTokens.Type

/**
 * The record. `last_refresh` is an RFC 3339 time with up to nine digits of fraction.
 * @since 0.1.0
 * @category schemas
 */
export const AuthJson = Schema.Struct(
  {
    auth_mode: maybe(Schema.String),
    OPENAI_API_KEY: maybe(Secret),
    tokens: maybe(AuthTokens),
    last_refresh: maybe(Schema.String),
    agent_identity: maybe(Schema.Unknown),
    personal_access_token: maybe(Secret),
    bedrock_api_key: maybe(Schema.Unknown),
    bedrock_access_keys: maybe(Schema.Unknown)
  },
  rest
).annotations({ identifier: "AuthJson" })

/**
 * @since 0.1.0
 * @category models
 */
export type AuthJson = typeof AuthJson.Type

/** Stands for `__proto__`, which would set the prototype of an object instead of a key. */
const protoKey = "\u0000__proto__"

const renamed = (value: unknown, from: string, to: string): unknown => {
  if (Array.isArray(value)) return value.map((inner) => renamed(inner, from, to))
  if (!Predicate.isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key === from ? to : key, renamed(inner, from, to)])
  )
}

const KeepingProto = Schema.transform(Schema.Unknown, Schema.Unknown, {
  strict: true,
  decode: (value) => renamed(value, "__proto__", protoKey),
  encode: (value) => renamed(value, protoKey, "__proto__")
})

const inText = (options: { readonly space?: number }) =>
  Schema.parseJson(options).pipe(Schema.compose(KeepingProto), Schema.compose(AuthJson, { strict: false }))

/**
 * The record as text: pretty-printed with two spaces, as the Codex CLI prints it.
 * @since 0.1.0
 * @category schemas
 */
export const AuthJsonText = inText({ space: 2 })

/** The record on one line. */
export const AuthJsonLine = inText({})

/** Where a text is no record: names a member, and quotes nothing. */
export const authJsonProblem = (text: string, error: ParseError): string => {
  if (text.trim() === "") return "the file is empty"
  if (text.includes("\0") || text.includes("\ufffd")) return "it is not UTF-8 text"
  const [issue] = ArrayFormatter.formatErrorSync(error)
  if (issue === undefined || issue.path.length === 0) return "it is not a JSON object"
  return `${issue.path.join(".")} ${issue._tag === "Missing" ? "is missing" : "has an unusable value"}`
}
