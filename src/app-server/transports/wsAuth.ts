/** Who may open a websocket, and the flags that say so. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { isAbsolute } from "node:path"
import { ListenError } from "./listenUrl.js"

/**
 * `CapabilityToken`: clients that have the token; only its SHA-256 digest is known here. `SignedBearer`: clients with a
 * JWT that is signed with the secret (HS256) and has not expired; issuer and audience are compared where they are given.
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

export const sha256 = (token: string): Uint8Array => createHash("sha256").update(token, "utf8").digest()

const bearer = (header: string | undefined): Either.Either<string, string> => {
  if (header === undefined) return Either.left("missing websocket bearer token")
  const token = /^bearer +(\S+) *$/i.exec(header)?.[1]
  return token === undefined ? Either.left("invalid authorization header") : Either.right(token)
}

const decodeHeader = Schema.decodeUnknownOption(
  Schema.parseJson(
    Schema.Struct({ alg: Schema.Literal("HS256"), crit: Schema.optionalWith(Schema.Undefined, { exact: true }) })
  )
)

const decodeClaims = Schema.decodeUnknownOption(
  Schema.parseJson(
    Schema.Struct({
      exp: Schema.Finite,
      nbf: Schema.optional(Schema.NullOr(Schema.Finite)),
      iss: Schema.optional(Schema.NullOr(Schema.String)),
      aud: Schema.optional(Schema.NullOr(Schema.Union(Schema.String, Schema.Array(Schema.String))))
    })
  )
)

const part = "[A-Za-z0-9_-]+"
const jwt = new RegExp(`^((${part})\\.(${part}))\\.(${part})$`)

const textOf = (encoded: string): string => Buffer.from(encoded, "base64url").toString("utf8")

const checkJwt = (
  token: string,
  auth: Extract<WsAuth, { _tag: "SignedBearer" }>,
  nowSeconds: number
): string | null => {
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
 * Why a client with this `Authorization` header is turned away, in the original's words; null when it may come in.
 * Secrets are compared in constant time.
 */
export const refusal = (auth: WsAuth, header: string | undefined, nowSeconds: number): string | null => {
  if (auth._tag === "Open") return null
  const token = bearer(header)
  if (Either.isLeft(token)) return token.left
  if (auth._tag === "SignedBearer") return checkJwt(token.right, auth, nowSeconds)
  return timingSafeEqual(sha256(token.right), auth.digest) ? null : "invalid websocket bearer token"
}

/** The flags of each mode of `--ws-auth`. */
const flagsOf = {
  "capability-token": ["--ws-token-file", "--ws-token-sha256"],
  "signed-bearer-token": ["--ws-shared-secret-file", "--ws-issuer", "--ws-audience", "--ws-max-clock-skew-seconds"]
} as const

type Mode = keyof typeof flagsOf
type Flag = (typeof flagsOf)[Mode][number]

/** The flags, by their names; undefined where one was not given. */
export type WsAuthFlags = { readonly [Name in Flag | "--ws-auth"]?: string | undefined }

const isMode = (text: string): text is Mode => Object.hasOwn(flagsOf, text)

const smallestSecret = 32
const defaultSkewSeconds = 30

const fail = (message: string) => Effect.fail(new ListenError({ message }))

/** What is in the file, without the white space around it. */
const secretOf = (flag: Flag, file: string) =>
  Effect.gen(function* () {
    if (!isAbsolute(file)) return yield* fail(`\`${flag}\` needs an absolute path`)
    const fs = yield* FileSystem.FileSystem
    const text = yield* Effect.orElse(fs.readFileString(file), () => fail(`\`${flag}\`: ${file} can't be read`))
    const secret = text.trim()
    return secret === "" ? yield* fail(`\`${flag}\`: ${file} is empty`) : secret
  })

const capabilityToken = (flags: WsAuthFlags) =>
  Effect.gen(function* () {
    const file = flags["--ws-token-file"]
    const digits = flags["--ws-token-sha256"]
    if ((file === undefined) === (digits === undefined)) {
      return yield* fail("`--ws-auth capability-token` needs exactly one of `--ws-token-file` and `--ws-token-sha256`")
    }
    if (digits !== undefined && !/^[0-9a-f]{64}$/i.test(digits)) {
      return yield* fail("`--ws-token-sha256` needs 64 hexadecimal digits")
    }
    const digest =
      digits === undefined ? sha256(yield* secretOf("--ws-token-file", file ?? "")) : Buffer.from(digits, "hex")
    return { _tag: "CapabilityToken" as const, digest }
  })

const signedBearer = (flags: WsAuthFlags) =>
  Effect.gen(function* () {
    const file = flags["--ws-shared-secret-file"]
    if (file === undefined) return yield* fail("`--ws-auth signed-bearer-token` needs `--ws-shared-secret-file`")
    const skew = flags["--ws-max-clock-skew-seconds"] ?? String(defaultSkewSeconds)
    if (!/^\d{1,9}$/.test(skew)) return yield* fail("`--ws-max-clock-skew-seconds` needs a whole number of seconds")
    const secret = Buffer.from(yield* secretOf("--ws-shared-secret-file", file), "utf8")
    if (secret.length < smallestSecret) {
      return yield* fail(`\`--ws-shared-secret-file\`: the secret needs at least ${smallestSecret} bytes`)
    }
    return {
      _tag: "SignedBearer" as const,
      secret: Redacted.make(secret),
      issuer: flags["--ws-issuer"] ?? null,
      audience: flags["--ws-audience"] ?? null,
      maxClockSkewSeconds: Number(skew)
    }
  })

/** Refuses flags that are missing, that contradict each other or that name no usable secret. */
export const readWsAuth = (flags: WsAuthFlags): Effect.Effect<WsAuth, ListenError, FileSystem.FileSystem> => {
  const mode = flags["--ws-auth"]
  if (mode !== undefined && !isMode(mode)) return fail("`--ws-auth` is `capability-token` or `signed-bearer-token`")
  const own: ReadonlyArray<Flag> = mode === undefined ? [] : flagsOf[mode]
  const foreign = Object.values(flagsOf)
    .flat()
    .find((flag) => flags[flag] !== undefined && !own.includes(flag))
  if (mode === undefined) {
    return foreign === undefined ? Effect.succeed({ _tag: "Open" }) : fail(`\`${foreign}\` needs \`--ws-auth\``)
  }
  if (foreign !== undefined) return fail(`\`${foreign}\` is not for \`--ws-auth ${mode}\``)
  return mode === "capability-token" ? capabilityToken(flags) : signedBearer(flags)
}
