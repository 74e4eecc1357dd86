/** The fake backend's whole state: accounts, sessions and their tokens. Pure; times are Unix milliseconds. */
import * as Encoding from "effect/Encoding"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { defaultClientId, defaultIssuer } from "../contracts/OAuthApi.js"
import { accountKey, type FakeAccount } from "./FakeAccount.js"

/** What a sign-in or a refresh issues: unsigned tokens with the claims that real ones carry. */
export interface IssuedTokens {
  readonly idToken: string
  readonly accessToken: string
  readonly refreshToken: string
}

/** Whether a refresh token can be used, and if not, why the server will say no. */
export type RefreshTokenStatus = "live" | "used" | "expired" | "revoked" | "invalid_grant"

/** `uses` counts every exchange that was tried with the token, granted or not. */
export interface FakeRefreshToken {
  readonly session: string
  readonly status: RefreshTokenStatus
  readonly uses: number
}

/** `account` is another one than the session's after a switch. */
export interface FakeAccessToken {
  readonly session: string
  readonly account: string
  readonly expiresAt: number
}

/** `history` holds the accounts as they were before each act, for stale reads. */
export interface FakeState {
  readonly accounts: HashMap.HashMap<string, FakeAccount>
  readonly firstAccount: string
  readonly sessions: HashMap.HashMap<string, { readonly account: string }>
  readonly refreshTokens: HashMap.HashMap<string, FakeRefreshToken>
  readonly accessTokens: HashMap.HashMap<string, FakeAccessToken>
  readonly history: ReadonlyArray<{ readonly at: number; readonly before: HashMap.HashMap<string, FakeAccount> }>
  readonly serial: number
  readonly accessTokenSeconds: number
  readonly idTokenSeconds: number
  /** Whether an exchange gives a new refresh token; else the old one stays live and is not repeated. */
  readonly rotates: boolean
}

export const makeState = (
  accounts: readonly [FakeAccount, ...ReadonlyArray<FakeAccount>],
  options?: Partial<Pick<FakeState, "accessTokenSeconds" | "idTokenSeconds" | "rotates">>
): FakeState => ({
  accounts: HashMap.fromIterable(accounts.map((account) => [accountKey(account), account] as const)),
  firstAccount: accountKey(accounts[0]),
  sessions: HashMap.empty(),
  refreshTokens: HashMap.empty(),
  accessTokens: HashMap.empty(),
  history: [],
  serial: 0,
  accessTokenSeconds: 864_000,
  idTokenSeconds: 3_600,
  rotates: true,
  ...options
})

const jwt = (claims: object): string =>
  [
    Encoding.encodeBase64Url('{"alg":"none","typ":"JWT"}'),
    Encoding.encodeBase64Url(JSON.stringify(claims)),
    "fake"
  ].join(".")

const issue = (
  state: FakeState,
  now: number,
  session: string,
  account: FakeAccount
): readonly [IssuedTokens, FakeState] => {
  const serial = state.serial + 1
  const iat = Math.floor(now / 1000)
  const auth = {
    chatgpt_plan_type: account.planType,
    chatgpt_user_id: account.userId,
    user_id: account.userId,
    chatgpt_account_id: account.accountId,
    chatgpt_account_is_fedramp: account.isFedramp
  }
  const accessToken = jwt({
    iss: defaultIssuer,
    aud: ["https://api.openai.com/v1"],
    client_id: defaultClientId,
    iat,
    exp: iat + state.accessTokenSeconds,
    jti: `fake-${serial}`,
    "https://api.openai.com/auth": auth,
    "https://api.openai.com/profile": { email: account.email }
  })
  const idToken = jwt({
    iss: defaultIssuer,
    aud: [defaultClientId],
    iat,
    exp: iat + state.idTokenSeconds,
    jti: `fake-${serial}`,
    email: account.email,
    email_verified: true,
    "https://api.openai.com/auth": account.isOrgOwner === null ? auth : { ...auth, is_org_owner: account.isOrgOwner }
  })
  const refreshToken = `rt_fake_${session}_${serial}_q7Zk2Jv9`
  const expiresAt = now + state.accessTokenSeconds * 1000
  return [
    { idToken, accessToken, refreshToken },
    {
      ...state,
      serial,
      refreshTokens: HashMap.set(state.refreshTokens, refreshToken, { session, status: "live", uses: 0 }),
      accessTokens: HashMap.set(state.accessTokens, accessToken, { session, account: accountKey(account), expiresAt })
    }
  ]
}

/** A new session for an account. */
export const signIn = (state: FakeState, now: number, account: FakeAccount): readonly [IssuedTokens, FakeState] => {
  const session = `s${state.serial + 1}`
  const sessions = HashMap.set(state.sessions, session, { account: accountKey(account) })
  return issue({ ...state, sessions }, now, session, account)
}

/** What an exchange comes to: new tokens, without a refresh token where the old one stays, or why it is refused. */
export type Refreshed =
  | (Omit<IssuedTokens, "refreshToken"> & { readonly refreshToken: string | null })
  | Exclude<RefreshTokenStatus, "live">
  | "unknown"

/** Exchanges a refresh token, which ends its life. */
export const refresh = (state: FakeState, now: number, token: string): readonly [Refreshed, FakeState] => {
  const found = Option.getOrUndefined(HashMap.get(state.refreshTokens, token))
  if (found === undefined) return ["unknown", state]
  const touched = (status: RefreshTokenStatus): FakeState => ({
    ...state,
    refreshTokens: HashMap.set(state.refreshTokens, token, { ...found, status, uses: found.uses + 1 })
  })
  if (found.status !== "live") return [found.status, touched(found.status)]
  const account = accountOfSession(state, found.session)
  if (account === undefined) return ["revoked", touched("revoked")]
  const [tokens, next] = issue(touched(state.rotates ? "used" : "live"), now, found.session, account)
  if (state.rotates) return [tokens, next]
  const refreshTokens = HashMap.remove(next.refreshTokens, tokens.refreshToken)
  return [
    { ...tokens, refreshToken: null },
    { ...next, refreshTokens }
  ]
}

/** A further access token of the bearer's session, for another account of the same user; none if there is no such account. */
export const switchWorkspace = (
  state: FakeState,
  now: number,
  bearer: string,
  account: Pick<FakeAccount, "userId" | "accountId">
): readonly [Option.Option<string>, FakeState] => {
  const target = Option.getOrUndefined(HashMap.get(state.accounts, accountKey(account)))
  const session = Option.getOrUndefined(HashMap.get(state.accessTokens, bearer))?.session
  if (target === undefined || session === undefined) return [Option.none(), state]
  const [{ accessToken, refreshToken }, next] = issue(state, now, session, target)
  return [Option.some(accessToken), { ...next, refreshTokens: HashMap.remove(next.refreshTokens, refreshToken) }]
}

/** Ends the session that a token belongs to; an unknown token ends nothing. */
export const revoke = (state: FakeState, token: string): FakeState => {
  const session =
    Option.getOrUndefined(HashMap.get(state.refreshTokens, token))?.session ??
    Option.getOrUndefined(HashMap.get(state.accessTokens, token))?.session
  if (session === undefined) return state
  return {
    ...state,
    sessions: HashMap.remove(state.sessions, session),
    accessTokens: HashMap.filter(state.accessTokens, (other) => other.session !== session),
    refreshTokens: HashMap.map(state.refreshTokens, (other) =>
      other.session === session && other.status === "live" ? { ...other, status: "revoked" } : other
    )
  }
}

/** Makes a refresh token live, used, expired, revoked, or no longer a grant. */
export const setRefreshTokenStatus = (state: FakeState, token: string, status: RefreshTokenStatus): FakeState => ({
  ...state,
  refreshTokens: HashMap.modify(state.refreshTokens, token, (found) => ({ ...found, status }))
})

/** Makes the server refuse every access token issued so far, whatever the tokens themselves say. */
export const dropAccessTokens = (state: FakeState): FakeState => ({ ...state, accessTokens: HashMap.empty() })

const accountOfSession = (state: FakeState, session: string): FakeAccount | undefined =>
  HashMap.get(state.sessions, session).pipe(
    Option.flatMap(({ account }) => HashMap.get(state.accounts, account)),
    Option.getOrUndefined
  )

/** The account that a bearer token stands for; none if it is unknown or has expired. */
export const authenticate = (state: FakeState, now: number, bearer: string): Option.Option<FakeAccount> =>
  Option.flatMap(HashMap.get(state.accessTokens, bearer), (found) =>
    found.expiresAt > now && HashMap.has(state.sessions, found.session)
      ? HashMap.get(state.accounts, found.account)
      : Option.none()
  )

/** Changes an account, without a trace in the history. */
export const updateAccount = (
  state: FakeState,
  change: (account: FakeAccount) => FakeAccount,
  account: string = state.firstAccount
): FakeState => ({ ...state, accounts: HashMap.modify(state.accounts, account, change) })

/** Puts the account that an act has changed in place of the old one. */
export const commit = (state: FakeState, now: number, account: FakeAccount): FakeState => ({
  ...state,
  accounts: HashMap.set(state.accounts, accountKey(account), account),
  history: [...state.history, { at: now, before: state.accounts }]
})

/** The account as a read sees it that lags behind by `lagMillis`. */
export const lagging = (state: FakeState, now: number, account: FakeAccount, lagMillis: number): FakeAccount => {
  const seen = state.history.find((act) => act.at > now - lagMillis)?.before ?? state.accounts
  return Option.getOrElse(HashMap.get(seen, accountKey(account)), () => account)
}
