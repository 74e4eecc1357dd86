/** The session of an auth record: read from it, put on requests, checked, and written back with renewed tokens. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { type AuthJson, type AuthTokens, OAuthProvenance, WireAuthMode } from "../../contracts/AuthJson.js"
import { JwtClaims, type JwtPayload } from "../../contracts/JwtClaims.js"
import { defaultRefreshUrl, isHttpUrl, type NewTokens } from "../../contracts/OAuthApi.js"
import { AuthError } from "../../domain/AuthError.js"
import { AccountId, Identity, UserId } from "../../domain/Identity.js"
import { planFromClaim } from "../../domain/Plan.js"
import { type AuthMode, Session, usesBackend } from "../../domain/Session.js"
import type { AccountSettings } from "../../services/AccountConfig.js"
import type { Authorization } from "../../services/AuthSession.js"

/** A session with its secrets: the bearer token, and the refresh token where it has one. */
export interface LiveSession {
  readonly session: Session
  readonly bearer: Redacted.Redacted
  readonly refreshToken: Option.Option<Redacted.Redacted>
}

const authClaim = "https://api.openai.com/auth"

const decodeClaims = Schema.decodeEither(JwtClaims)
const decodeUserId = Schema.decodeUnknownOption(UserId)
const decodeAccountId = Schema.decodeUnknownOption(AccountId)

/** Ids that are absent or empty are null. */
export const identityOf = (userId: string | null | undefined, accountId: string | null | undefined): Identity =>
  new Identity({
    userId: Option.getOrNull(decodeUserId(userId)),
    accountId: Option.getOrNull(decodeAccountId(accountId))
  })

/** The payload of a token, or none for an opaque one. */
export const claimsOf = (token: Redacted.Redacted): Option.Option<JwtPayload> =>
  Either.getRight(decodeClaims(Redacted.value(token)))

const isKnownMode = Schema.is(WireAuthMode)

/** The mode that the record states, or else the one that its credentials imply. */
const modeOf = (record: AuthJson): Either.Either<AuthMode, AuthError> => {
  const stated = record.auth_mode
  if (stated) {
    if (isKnownMode(stated)) return Either.right(stated)
    const detail = /^[\w-]{1,40}$/.test(stated) ? `auth_mode is ${stated}` : "auth_mode is no word"
    return Either.left(AuthError.of("UnknownMode", detail))
  }
  if (Predicate.isNotNullable(record.personal_access_token)) return Either.right("personalAccessToken")
  if (Predicate.isNotNullable(record.bedrock_api_key)) return Either.right("bedrockApiKey")
  if (Predicate.isNotNullable(record.bedrock_access_keys)) return Either.right("bedrockAccessKeys")
  return Either.right(Predicate.isNotNullable(record.OPENAI_API_KEY) ? "apikey" : "chatgpt")
}

/** Fails for a value that no request could carry. */
const asHeader = (member: string, value: string): Either.Either<void, AuthError> =>
  /^[\u0021-\u007e]([\u0020-\u007e]*[\u0021-\u007e])?$/.test(value)
    ? Either.right(undefined)
    : Either.left(AuthError.of("Malformed", `${member} can't be sent in a header`))

const withoutIdentity = (mode: AuthMode, source: Session["source"], bearer: Redacted.Redacted): LiveSession => ({
  session: new Session({
    mode,
    identity: identityOf(null, null),
    email: null,
    plan: "unknown",
    isOrgOwner: null,
    isFedramp: false,
    accessExpiresAt: null,
    lastRefreshAt: null,
    source
  }),
  bearer,
  refreshToken: Option.none()
})

type Auth = JwtPayload["https://api.openai.com/auth"]

const userOf = (auth: Auth): string | null => auth?.chatgpt_user_id ?? auth?.user_id ?? null

/** Whom a token is for, as far as it says; none for an opaque one. */
export const identityOfToken = (token: Redacted.Redacted): Option.Option<Identity> =>
  Option.map(claimsOf(token), ({ [authClaim]: auth }) => identityOf(userOf(auth), auth?.chatgpt_account_id))

/**
 * The claims of the record's account. The access token makes them when the workspace has been switched, as that leaves the
 * ID token as it was: it is then for the record's account, the ID token is not, and both are for the same user.
 */
const claimsOfAccount = (accountId: string | null, id: Auth, access: Auth): Auth => {
  const isSwitched =
    accountId !== null &&
    id?.chatgpt_account_id !== accountId &&
    access?.chatgpt_account_id === accountId &&
    userOf(access) !== null &&
    userOf(access) === userOf(id)
  return isSwitched ? access : id
}

/** The account of a record that names none, unless its tokens are for different ones. */
const impliedAccount = (id: Auth, access: Auth): string | null => {
  const own = id?.chatgpt_account_id ?? null
  return (access?.chatgpt_account_id ?? own) === own ? own : null
}

const fromTokens = (
  mode: AuthMode,
  tokens: NonNullable<AuthJson["tokens"]>,
  lastRefresh: string | null,
  source: Session["source"]
): Either.Either<LiveSession, AuthError> => {
  const id = claimsOf(tokens.id_token)
  if (Option.isNone(id)) return Either.left(AuthError.of("Malformed", "tokens.id_token is not a JWT"))
  const claims = id.value
  const idAuth = claims[authClaim]
  const access = claimsOf(tokens.access_token)
  const accessAuth = Option.getOrUndefined(access)?.[authClaim]
  const accountId = tokens.account_id || null
  const auth = claimsOfAccount(accountId, idAuth, accessAuth)
  const timeOf = (claim: "exp" | "iat") =>
    Option.flatMapNullable(access, ({ [claim]: seconds }) => seconds).pipe(
      Option.flatMap((seconds) => DateTime.make(seconds * 1000)),
      Option.getOrNull
    )
  const identity = identityOf(userOf(idAuth), accountId ?? impliedAccount(idAuth, accessAuth))
  const sent = [
    asHeader("tokens.access_token", Redacted.value(tokens.access_token)),
    asHeader(accountId === null ? "the account of tokens.id_token" : "tokens.account_id", identity.accountId ?? "none")
  ]
  const live = (): LiveSession => ({
    session: new Session({
      mode,
      identity,
      email: claims.email ?? claims["https://api.openai.com/profile"]?.email ?? null,
      plan: planFromClaim(auth?.chatgpt_plan_type ?? null),
      isOrgOwner: auth?.is_org_owner ?? null,
      isFedramp: auth?.chatgpt_account_is_fedramp ?? false,
      accessExpiresAt: timeOf("exp"),
      accessIssuedAt: timeOf("iat"),
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
  return Either.map(Either.all(sent), live)
}

/** Fails with `NotSignedIn` for a record without credentials, and with `Malformed` for one that can't be used. */
export const sessionFromRecord = (record: AuthJson, source: Session["source"]): Either.Either<LiveSession, AuthError> =>
  Either.flatMap(modeOf(record), (mode) => inMode(record, mode, source))

const inMode = (record: AuthJson, mode: AuthMode, source: Session["source"]): Either.Either<LiveSession, AuthError> => {
  const { personal_access_token, tokens } = record
  if (mode === "personalAccessToken") {
    return personal_access_token
      ? Either.map(asHeader("personal_access_token", Redacted.value(personal_access_token)), () =>
          withoutIdentity(mode, source, personal_access_token)
        )
      : Either.left(AuthError.of("NotSignedIn"))
  }
  if (!usesBackend(mode)) {
    return Either.right(withoutIdentity(mode, source, record.OPENAI_API_KEY ?? Redacted.make("")))
  }
  if (tokens) return fromTokens(mode, tokens, record.last_refresh ?? null, source)
  return Either.left(
    mode === "chatgpt"
      ? AuthError.of("NotSignedIn")
      : AuthError.of("WrongAuth", `sign-in of the kind ${mode} is not supported`)
  )
}

export const authorizationOf = ({ bearer, session }: LiveSession): Authorization => ({
  session,
  headers: Redacted.make({
    authorization: `Bearer ${Redacted.value(bearer)}`,
    ...(session.identity.accountId === null ? {} : { "chatgpt-account-id": session.identity.accountId }),
    ...(session.isFedramp ? { "x-openai-fedramp": "true" } : {})
  })
})

const decodeProvenance = Schema.decodeUnknownOption(OAuthProvenance)

/** Where the record's refresh token is exchanged, and as which client. */
export interface RenewalTarget {
  readonly url: string
  readonly clientId: string
  /** Whether the new tokens come from the issuer of the old ones. */
  readonly isOfIssuer: boolean
}

/** A refresh URL that was set goes before the issuer's. */
export const renewalTarget = (record: AuthJson, settings: AccountSettings): RenewalTarget => {
  const provenance = Option.getOrUndefined(decodeProvenance(record.tokens?.oauth_provenance))
  const issuer = provenance?.issuer.replace(/\/+$/, "") ?? ""
  const ofIssuer = `${issuer}/oauth/token`
  const isSet = settings.refreshUrl !== defaultRefreshUrl
  const url = isSet || !isHttpUrl(ofIssuer) ? settings.refreshUrl : ofIssuer
  return { url, clientId: provenance?.client_id ?? settings.clientId, isOfIssuer: url.startsWith(`${issuer}/`) }
}

const withoutProvenance = ({ oauth_provenance, ...tokens }: AuthTokens): AuthTokens => tokens

/** The record with renewed tokens. An unreadable ID token is left out: the other tokens matter more than its claims. */
export const withNewTokens = (
  { tokens, ...record }: AuthJson,
  fresh: NewTokens,
  { isOfIssuer }: RenewalTarget,
  now: DateTime.Utc
): AuthJson => {
  if (!tokens) return record
  const idToken = Redacted.make(fresh.id_token ?? "")
  return {
    ...record,
    tokens: {
      ...(isOfIssuer ? tokens : withoutProvenance(tokens)),
      ...(Option.isSome(claimsOf(idToken)) ? { id_token: idToken } : {}),
      access_token: Redacted.make(fresh.access_token),
      ...(fresh.refresh_token ? { refresh_token: Redacted.make(fresh.refresh_token) } : {})
    },
    last_refresh: DateTime.formatIso(now)
  }
}

/** A record that another program has changed meanwhile, with the tokens of the renewed one. The rest stays as it is there. */
export const withTokensOf = (newer: AuthJson, renewed: AuthJson): AuthJson =>
  newer.tokens && renewed.tokens
    ? {
        ...newer,
        tokens: {
          ...withoutProvenance(newer.tokens),
          ...Struct.pick(renewed.tokens, "id_token", "access_token", "refresh_token", "oauth_provenance")
        },
        last_refresh: renewed.last_refresh
      }
    : newer

/** Fails for a session that `forced_login_method` or `forced_chatgpt_workspace_id` rules out. Removes nothing. */
export const checkForced = (session: Session, settings: AccountSettings): Effect.Effect<void, AuthError> => {
  const method = session.usesBackend ? "chatgpt" : "api"
  if (Option.isSome(settings.forcedLoginMethod) && settings.forcedLoginMethod.value !== method) {
    return Effect.fail(AuthError.of("Forbidden", `forced_login_method is ${settings.forcedLoginMethod.value}`))
  }
  const workspaces = settings.forcedWorkspaces
  const { accountId } = session.identity
  return method === "api" || workspaces.length === 0 || (accountId !== null && workspaces.includes(accountId))
    ? Effect.void
    : Effect.fail(AuthError.of("Forbidden", "forced_chatgpt_workspace_id names another workspace"))
}
