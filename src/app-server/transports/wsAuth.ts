/** Who may open a websocket. */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash, createHmac, timingSafeEqual } from "node:crypto"

/**
 * `CapabilityToken`: whoever knows the token, of which the SHA-256 digest is known here. `SignedBearer`: whoever has a
 * JWT, signed by HS256 with the secret, that has not expired; issuer and audience are compared where they are given.
 */
export type WsAuth =
  | { readonly _tag: "Open" }
  | { readonly _tag: "CapabilityToken"; readonly digest: Uint8Array }
  | {
      readonly _tag: "SignedBearer"
      readonly secret: Redacted.Redacted<Uint8Array>
      readonly issuer: string | null
      readonly audience: string | null
      readonly maxClockSkewSeconds: number
    }

/** The body of a 401, in the original's words. */
export type Refusal =
  | "missing websocket bearer token"
  | "invalid authorization header"
  | "invalid websocket bearer token"
  | "invalid websocket jwt"
  | "expired websocket jwt"
  | "websocket jwt is not valid yet"
  | "websocket jwt issuer mismatch"
  | "websocket jwt audience mismatch"

export const sha256 = (token: string): Uint8Array => createHash("sha256").update(token, "utf8").digest()

const bearer = (header: string | undefined): Either.Either<string, Refusal> => {
  if (header === undefined) return Either.left("missing websocket bearer token")
  const token = /^bearer +(\S+) *$/i.exec(header)?.[1]
  return token === undefined ? Either.left("invalid authorization header") : Either.right(token)
}

const Header = Schema.parseJson(
  Schema.Struct({ alg: Schema.Literal("HS256"), crit: Schema.optionalWith(Schema.Undefined, { exact: true }) })
)

const Claims = Schema.parseJson(
  Schema.Struct({
    exp: Schema.Finite,
    nbf: Schema.optional(Schema.NullOr(Schema.Finite)),
    iss: Schema.optional(Schema.NullOr(Schema.String)),
    aud: Schema.optional(Schema.NullOr(Schema.Union(Schema.String, Schema.Array(Schema.String))))
  })
)

const decodeHeader = Schema.decodeUnknownOption(Header)
const decodeClaims = Schema.decodeUnknownOption(Claims)

const part = "[A-Za-z0-9_-]+"
const jwt = new RegExp(`^((${part})\\.(${part}))\\.(${part})$`)

const textOf = (encoded: string): string => Buffer.from(encoded, "base64url").toString("utf8")

const checkJwt = (
  token: string,
  auth: Extract<WsAuth, { _tag: "SignedBearer" }>,
  nowSeconds: number
): Refusal | null => {
  const [, signed = "", header = "", payload = "", signature = ""] = jwt.exec(token) ?? []
  const expected = createHmac("sha256", Redacted.value(auth.secret)).update(signed).digest()
  const given = Buffer.from(signature, "base64url")
  const isGenuine = given.length === expected.length && timingSafeEqual(given, expected)
  if (!isGenuine || decodeHeader(textOf(header))._tag === "None") return "invalid websocket jwt"
  const claims = decodeClaims(textOf(payload))
  if (claims._tag === "None") return "invalid websocket jwt"
  const { aud, exp, iss, nbf } = claims.value
  if (nowSeconds > exp + auth.maxClockSkewSeconds) return "expired websocket jwt"
  if (nbf != null && nowSeconds < nbf - auth.maxClockSkewSeconds) return "websocket jwt is not valid yet"
  if (auth.issuer !== null && iss !== auth.issuer) return "websocket jwt issuer mismatch"
  const audiences = typeof aud === "string" ? [aud] : (aud ?? [])
  if (auth.audience !== null && !audiences.includes(auth.audience)) return "websocket jwt audience mismatch"
  return null
}

/**
 * Why a client with this `Authorization` header is turned away; null when it may come in. Secrets are compared in
 * constant time.
 */
export const refusal = (auth: WsAuth, header: string | undefined, nowSeconds: number): Refusal | null => {
  if (auth._tag === "Open") return null
  const token = bearer(header)
  if (Either.isLeft(token)) return token.left
  if (auth._tag === "SignedBearer") return checkJwt(token.right, auth, nowSeconds)
  return timingSafeEqual(sha256(token.right), auth.digest) ? null : "invalid websocket bearer token"
}
