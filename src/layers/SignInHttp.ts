/** Signing in at the OAuth server over HTTP, with a callback server on a port of this machine. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Crypto from "node:crypto"
import type { AuthJson } from "../contracts/AuthJson.js"
import {
  authorizeUrl,
  callbackPorts,
  type CodeExchangeResponse,
  kindOfAccessToken,
  loginPaths
} from "../contracts/LoginApi.js"
import { LoginError, type LoginStep } from "../domain/LoginError.js"
import { AccountConfig, type AccountSettings } from "../services/AccountConfig.js"
import { type NewSignIn, SignIn } from "../services/SignIn.js"
import { boundedHttpClient } from "./internal/BoundedHttpClient.js"
import { type LoopbackOptions, makeCallbackServer } from "./internal/CallbackServer.js"
import { makeLoginClient } from "./internal/LoginClient.js"
import { claimsOf } from "./internal/sessionRecord.js"
import { perAccount } from "./internal/perAccount.js"

/**
 * A busy port is tried ten times. Only these two ports are registered with the server.
 * @since 0.1.0
 * @category constants
 */
export const defaultLoopback: LoopbackOptions = { ports: callbackPorts, attempts: 10, pause: "200 millis" }

const checkWorkspace = (accountId: string | null, settings: AccountSettings, step: typeof LoginStep.Type) => {
  const allowed = settings.forcedWorkspaces
  if (allowed.length === 0 || (accountId !== null && allowed.includes(accountId))) return Effect.void
  const detail =
    accountId === null
      ? "forced_chatgpt_workspace_id is set, and the token names no workspace"
      : `forced_chatgpt_workspace_id is ${allowed.join(", ")}`
  return Effect.fail(LoginError.of("WorkspaceForbidden", step, detail))
}

const chatGptRecord = (
  tokens: typeof CodeExchangeResponse.Type,
  accountId: string | null,
  { clientId, issuer }: AccountSettings,
  now: DateTime.Utc
): AuthJson => ({
  auth_mode: "chatgpt",
  OPENAI_API_KEY: null,
  tokens: {
    id_token: Redacted.make(tokens.id_token),
    access_token: Redacted.make(tokens.access_token),
    refresh_token: Redacted.make(tokens.refresh_token),
    account_id: accountId,
    oauth_provenance: { issuer, client_id: clientId },
    login_owner_id: Encoding.encodeBase64Url(Crypto.randomBytes(18))
  },
  last_refresh: DateTime.formatIso(now)
})

/**
 * Fresh secrets of one sign-in with the browser. `challenge` is the digest of `verifier`, which goes with the exchange.
 * `state` returns with the browser and shows that the page belongs to this sign-in.
 */
const makePkce = Effect.sync(() => {
  const verifier = Encoding.encodeBase64Url(Crypto.randomBytes(64))
  return {
    verifier: Redacted.make(verifier),
    challenge: Encoding.encodeBase64Url(Crypto.createHash("sha256").update(verifier).digest()),
    state: Encoding.encodeBase64Url(Crypto.randomBytes(32))
  }
})

/** The input without surrounding white space. It travels as a header, so it has to be one word of visible ASCII. */
const oneWord = (given: Redacted.Redacted): Effect.Effect<Redacted.Redacted, LoginError> => {
  const word = Redacted.value(given).trim()
  return /^[\u0021-\u007e]+$/.test(word)
    ? Effect.succeed(Redacted.make(word))
    : Effect.fail(LoginError.of("InvalidInput", "start", word === "" ? "it is empty" : "it is not one word of ASCII"))
}

/** Seconds as text or number; null if there is no number of them. */
const secondsOf = (interval: string | number | null | undefined): Duration.Duration | null => {
  const seconds = typeof interval === "string" ? Number(interval.trim() || Number.NaN) : (interval ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Duration.seconds(seconds) : null
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  loopback: LoopbackOptions = defaultLoopback
): Effect.Effect<SignIn["Type"], never, AccountConfig | HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const settings = yield* AccountConfig
    const client = makeLoginClient(boundedHttpClient(yield* HttpClient.HttpClient, settings), settings)

    const allow: SignIn["Type"]["allow"] = (method) => {
      const kind = method === "apiKey" ? "api" : "chatgpt"
      const forced = Option.getOrElse(settings.forcedLoginMethod, () => kind)
      return forced === kind
        ? Effect.void
        : Effect.fail(LoginError.of("MethodForbidden", "start", `forced_login_method is ${forced}`))
    }

    const personal = (token: Redacted.Redacted): Effect.Effect<NewSignIn, LoginError> =>
      Effect.gen(function* () {
        const owner = yield* client.whoami(token)
        yield* checkWorkspace(owner.chatgpt_account_id, settings, "whoami")
        // Without auth_mode: Codex CLIs that don't know this mode could not read the file.
        return { record: { OPENAI_API_KEY: null, personal_access_token: token }, email: owner.email ?? null }
      })

    return SignIn.of({
      allow,
      browser: Effect.gen(function* () {
        const { challenge, state, verifier } = yield* makePkce
        const { arrival, port, redirectUri } = yield* makeCallbackServer(state, loopback)
        return {
          port,
          url: authorizeUrl(settings.issuer, {
            clientId: settings.clientId,
            redirectUri,
            challenge,
            state,
            originator: settings.originator,
            workspaces: settings.forcedWorkspaces
          }),
          callback: Effect.map(arrival, ({ answer, code }) => ({ grant: { code, verifier, redirectUri }, answer }))
        }
      }),
      device: Effect.gen(function* () {
        const started = yield* client.startDevice
        const code = started.user_code ?? started.usercode ?? ""
        if (code === "") return yield* LoginError.of("Malformed", "device")
        const device = { id: Redacted.make(started.device_auth_id), userCode: Redacted.make(code) }
        return {
          url: `${settings.issuer}${loginPaths.devicePage}`,
          userCode: device.userCode,
          interval: secondsOf(started.interval),
          poll: client.pollDevice(device)
        }
      }),
      exchange: (grant) =>
        Effect.gen(function* () {
          const tokens = yield* client.exchange(grant)
          const claims = Option.getOrNull(claimsOf(Redacted.make(tokens.id_token)))
          if (claims === null) return yield* LoginError.of("Malformed", "exchange", "the ID token is not a JWT")
          const accountId = claims["https://api.openai.com/auth"]?.chatgpt_account_id ?? null
          yield* checkWorkspace(accountId, settings, "exchange")
          return {
            record: chatGptRecord(tokens, accountId, settings, yield* DateTime.now),
            email: claims.email ?? claims["https://api.openai.com/profile"]?.email ?? null
          }
        }),
      withApiKey: (signIn) => {
        const tokens = signIn.record.tokens
        return tokens === undefined || tokens === null
          ? Effect.succeed(signIn)
          : Effect.map(client.apiKey(tokens.id_token), (key) => ({
              ...signIn,
              record: { ...signIn.record, OPENAI_API_KEY: key }
            }))
      },
      accessToken: (given) =>
        Effect.flatMap(oneWord(given), (token) => {
          switch (kindOfAccessToken(Redacted.value(token))) {
            case "personal":
              return personal(token)
            case "agentIdentity":
              return Effect.fail(LoginError.of("AgentIdentity", "start"))
            case "chatgpt":
              return Effect.fail(LoginError.of("ChatGptToken", "start"))
            case "unknown":
              return Effect.fail(LoginError.of("InvalidInput", "start", "a personal access token begins with at-"))
          }
        }),
      apiKey: (given) =>
        Effect.map(oneWord(given), (key) => ({ record: { auth_mode: "apikey", OPENAI_API_KEY: key }, email: null }))
    })
  })

/**
 * Listens on port 1455 or 1457 while a browser signs in.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<SignIn, never, AccountConfig | HttpClient.HttpClient> = perAccount(
  Layer.effect(SignIn, make()),
  AccountConfig,
  HttpClient.HttpClient
)
