/** The session that an auth record stands for. */
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { AuthJson } from "../../contracts/AuthJson.js"
import { JwtClaims, type JwtPayload } from "../../contracts/JwtClaims.js"
import { AuthError } from "../../domain/AuthError.js"
import { AccountId, Identity, UserId } from "../../domain/Identity.js"
import { planFromClaim } from "../../domain/Plan.js"
import { type AuthMode, Session, usesBackend } from "../../domain/Session.js"

/** A session with what is needed to act as it: the bearer token, and the refresh token where it has one. */
export interface LiveSession {
  readonly session: Session
  readonly bearer: Redacted.Redacted
  readonly refreshToken: Option.Option<Redacted.Redacted>
}

const decodeClaims = Schema.decodeEither(JwtClaims)
const decodeUserId = Schema.decodeUnknownOption(UserId)
const decodeAccountId = Schema.decodeUnknownOption(AccountId)

/** A user id as it came, or null for none. */
export const asUserId = (id: string | null | undefined): UserId | null => Option.getOrNull(decodeUserId(id))

/** An account id as it came, or null for none. */
export const asAccountId = (id: string | null | undefined): AccountId | null => Option.getOrNull(decodeAccountId(id))

/** The payload of a token, or none for an opaque one. */
export const claimsOf = (token: Redacted.Redacted): Option.Option<JwtPayload> =>
  Either.getRight(decodeClaims(Redacted.value(token)))

/** How the record was signed in: as it says, else by what it holds. */
export const modeOf = (record: AuthJson): AuthMode => {
  const present = (value: unknown) => value !== undefined && value !== null
  if (record.auth_mode !== undefined && record.auth_mode !== null) return record.auth_mode
  if (present(record.personal_access_token)) return "personalAccessToken"
  if (present(record.bedrock_api_key)) return "bedrockApiKey"
  if (present(record.bedrock_access_keys)) return "bedrockAccessKeys"
  return present(record.OPENAI_API_KEY) ? "apikey" : "chatgpt"
}

const nobody = (mode: AuthMode, source: Session["source"]) =>
  new Session({
    mode,
    identity: new Identity({ userId: null, accountId: null }),
    email: null,
    plan: "unknown",
    isOrgOwner: null,
    isFedramp: false,
    accessExpiresAt: null,
    lastRefreshAt: null,
    source
  })

const fromTokens = (
  mode: AuthMode,
  tokens: NonNullable<AuthJson["tokens"]>,
  lastRefresh: string | null,
  source: Session["source"]
): Either.Either<LiveSession, AuthError> => {
  const id = claimsOf(tokens.id_token)
  if (Option.isNone(id)) return Either.left(AuthError.of("Malformed", "tokens.id_token is not a JWT"))
  const claims = id.value
  const auth = claims["https://api.openai.com/auth"]
  const expiry = Option.flatMapNullable(claimsOf(tokens.access_token), (access) => access.exp)
  return Either.right({
    session: new Session({
      mode,
      identity: new Identity({
        userId: asUserId(auth?.chatgpt_user_id ?? auth?.user_id),
        accountId: asAccountId(tokens.account_id ?? auth?.chatgpt_account_id)
      }),
      email: claims.email ?? claims["https://api.openai.com/profile"]?.email ?? null,
      plan: planFromClaim(auth?.chatgpt_plan_type ?? null),
      isOrgOwner: auth?.is_org_owner ?? null,
      isFedramp: auth?.chatgpt_account_is_fedramp ?? false,
      accessExpiresAt: Option.getOrNull(Option.flatMap(expiry, (seconds) => DateTime.make(seconds * 1000))),
      lastRefreshAt:
        lastRefresh === null ? null : Option.getOrNull(Option.map(DateTime.make(lastRefresh), DateTime.toUtc)),
      source
    }),
    bearer: tokens.access_token,
    refreshToken:
      mode === "chatgpt" && Redacted.value(tokens.refresh_token) !== ""
        ? Option.some(tokens.refresh_token)
        : Option.none()
  })
}

/** Fails with `NotSignedIn` for a record without credentials, and with `Malformed` for one that can't be used. */
export const sessionFromRecord = (
  record: AuthJson,
  source: Session["source"]
): Either.Either<LiveSession, AuthError> => {
  const mode = modeOf(record)
  if (mode === "personalAccessToken") {
    const token = record.personal_access_token
    return token === undefined || token === null
      ? Either.left(AuthError.of("NotSignedIn"))
      : Either.right({ session: nobody(mode, source), bearer: token, refreshToken: Option.none() })
  }
  if (!usesBackend(mode)) {
    const key = record.OPENAI_API_KEY ?? Redacted.make("")
    return Either.right({ session: nobody(mode, source), bearer: key, refreshToken: Option.none() })
  }
  const tokens = record.tokens
  if (tokens !== undefined && tokens !== null) return fromTokens(mode, tokens, record.last_refresh ?? null, source)
  return Either.left(
    mode === "chatgpt"
      ? AuthError.of("NotSignedIn")
      : AuthError.of("WrongAuth", `sign-in of the kind ${mode} is not supported`)
  )
}
