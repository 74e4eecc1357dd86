/**
 * The sign-in side of the OAuth server as a test has it, next to a fake backend: a sign-in here makes a session
 * there. In memory as an `HttpClient`, or on a real socket.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { createHash } from "node:crypto"
import { loginPaths, scope } from "../contracts/LoginApi.js"
import { defaultClientId, whoamiPath } from "../contracts/OAuthApi.js"
import { maskBody, maskHeaders } from "./CallLog.js"
import * as Backend from "./FakeBackend.js"
import type { Exchange, Incoming } from "./FakeExchange.js"
import { makeClient } from "./FakeFaces.js"
import { bearerOf } from "./FakeHandlers.js"
import { type Answer, answer, applyFault, bodyJson, json } from "./FakeReply.js"
import { type Fault, pass } from "./Fault.js"

/**
 * What happens on the sign-in page: the person agrees, refuses, belongs to a workspace without Codex, or the page sends
 * them back with nothing.
 */
export type Consent = "allow" | "deny" | "notEntitled" | "noCode"

/**
 * One answer to a poll: not yet (as 403 or as 404), not so fast, or an end. `expired` and `denied` use the words
 * of RFC 8628.
 */
export type DeviceAnswer = "pending" | "pending404" | "slowDown" | "granted" | "denied" | "expired"

interface FakeCode {
  readonly challenge: string
  readonly redirectUri: string
  readonly clientId: string
  readonly account: string | undefined
  readonly used: boolean
}

/**
 * `account` is who signs in, by key; undefined for the first of the backend. `deviceAnswers` are given in order, the last
 * one for ever. `interval` is what the device flow names, undefined to leave it out. `apiKeys` says whether an ID token
 * can be exchanged for an API key.
 */
export interface FakeIssuerState {
  readonly account: string | undefined
  readonly consent: Consent
  readonly apiKeys: boolean
  readonly deviceEnabled: boolean
  readonly deviceAnswers: ReadonlyArray<DeviceAnswer>
  readonly interval: string | number | undefined
  readonly codes: HashMap.HashMap<string, FakeCode>
  readonly devices: HashMap.HashMap<string, { readonly userCode: string; readonly polls: number }>
  readonly idTokens: HashMap.HashMap<string, string>
  readonly personalTokens: HashMap.HashMap<string, string | undefined>
  readonly serial: number
}

/** What may be chosen from the start. */
export type FakeIssuerOptions = Partial<
  Pick<FakeIssuerState, "account" | "consent" | "apiKeys" | "deviceEnabled" | "deviceAnswers" | "interval">
>

const makeIssuerState = (options: FakeIssuerOptions = {}): FakeIssuerState => ({
  account: undefined,
  consent: "allow",
  apiKeys: false,
  deviceEnabled: true,
  deviceAnswers: ["pending", "granted"],
  interval: "5",
  codes: HashMap.empty(),
  devices: HashMap.empty(),
  idTokens: HashMap.empty(),
  personalTokens: HashMap.empty(),
  serial: 0,
  ...options
})

/** A new code, bound to its challenge and its redirect address. */
const issueCode = (
  state: FakeIssuerState,
  asked: Pick<FakeCode, "challenge" | "redirectUri" | "clientId">
): readonly [code: string, state: FakeIssuerState] => {
  const serial = state.serial + 1
  const code = `ac_fake_${serial}_Zp4vT8wQ1rYs6LmK`
  return [
    code,
    { ...state, serial, codes: HashMap.set(state.codes, code, { ...asked, account: state.account, used: false }) }
  ]
}

/** A new personal access token of an account. */
const issuePersonalToken = (
  state: FakeIssuerState,
  account: string | undefined
): readonly [token: string, state: FakeIssuerState] => {
  const serial = state.serial + 1
  const token = `at-fake-${serial}-hN3kX7bC9dQ2`
  return [token, { ...state, serial, personalTokens: HashMap.set(state.personalTokens, token, account) }]
}

export type IssuerEndpoint = "authorize" | "exchange" | "apiKey" | "deviceStart" | "devicePoll" | "whoami"

const text = (body: Uint8Array): string => new TextDecoder().decode(body)

/** The fields of a request: of its form, its JSON, or its query. */
const fieldsOf = (incoming: Incoming): Readonly<Record<string, string>> => {
  if (incoming.method === "GET") return Object.fromEntries(incoming.url.searchParams)
  const type = incoming.headers["content-type"] ?? ""
  if (type.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(text(incoming.body)))
  }
  const value = bodyJson(incoming.body)
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
          typeof inner === "string" ? [[name, inner]] : []
        )
      )
    : {}
}

/** Which of the issuer's endpoints a request is for; undefined for the backend's. */
const issuerEndpoint = (incoming: Incoming): IssuerEndpoint | undefined => {
  switch (`${incoming.method} ${incoming.url.pathname}`) {
    case `GET ${loginPaths.authorize}`:
      return "authorize"
    case `POST ${loginPaths.token}`:
      switch (fieldsOf(incoming)["grant_type"]) {
        case "authorization_code":
          return "exchange"
        case "urn:ietf:params:oauth:grant-type:token-exchange":
          return "apiKey"
        default:
          return undefined
      }
    case `POST ${loginPaths.deviceStart}`:
      return "deviceStart"
    case `POST ${loginPaths.devicePoll}`:
      return "devicePoll"
    case `GET /api/accounts${whoamiPath}`:
      return "whoami"
    default:
      return undefined
  }
}

const refuse = (status: number, error: string): Answer => json(status, { error })

const isLoopback = (redirectUri: string): boolean =>
  /^http:\/\/(?:127\.0\.0\.1|localhost):\d+\/auth\/callback$/.test(redirectUri)

/** The challenge that belongs to a verifier. */
const challengeOf = (verifier: string): string => createHash("sha256").update(verifier).digest("base64url")

const deviceVerifier = "fake-device-verifier-0123456789-0123456789-0123456789"

const back = (redirectUri: string, parameters: Readonly<Record<string, string>>): Answer =>
  answer(302, { location: `${redirectUri}?${new URLSearchParams(parameters).toString()}` }, "")

const consequences: Readonly<Record<Exclude<DeviceAnswer, "granted">, Answer>> = {
  pending: refuse(403, "authorization_pending"),
  pending404: refuse(404, "not_found"),
  slowDown: refuse(429, "slow_down"),
  denied: refuse(400, "access_denied"),
  expired: refuse(400, "expired_token")
}

const makeRoutes = (
  ref: Ref.Ref<FakeIssuerState>,
  backend: Backend.FakeBackendService
): Record<IssuerEndpoint, (incoming: Incoming) => Effect.Effect<Answer>> => {
  const authorize = (incoming: Incoming) =>
    Ref.modify(ref, (state): readonly [Answer, FakeIssuerState] => {
      const asked = fieldsOf(incoming)
      const redirectUri = asked["redirect_uri"] ?? ""
      const challenge = asked["code_challenge"] ?? ""
      const isProper =
        asked["response_type"] === "code" &&
        asked["client_id"] === defaultClientId &&
        asked["scope"] === scope &&
        asked["code_challenge_method"] === "S256" &&
        challenge.length === 43 &&
        (asked["state"] ?? "") !== "" &&
        isLoopback(redirectUri)
      if (!isProper) return [refuse(400, "invalid_request"), state]
      const echo = { state: asked["state"] ?? "" }
      switch (state.consent) {
        case "deny":
          return [back(redirectUri, { error: "access_denied", error_description: "no", ...echo }), state]
        case "notEntitled":
          return [
            back(redirectUri, { error: "access_denied", error_description: "missing_codex_entitlement", ...echo }),
            state
          ]
        case "noCode":
          return [back(redirectUri, echo), state]
        case "allow": {
          const [code, next] = issueCode(state, { challenge, redirectUri, clientId: defaultClientId })
          return [back(redirectUri, { code, ...echo }), next]
        }
      }
    })

  const exchange = (incoming: Incoming) =>
    Effect.gen(function* () {
      const asked = fieldsOf(incoming)
      const code = asked["code"] ?? ""
      const found = yield* Ref.modify(ref, (state) => {
        const present = Option.getOrUndefined(HashMap.get(state.codes, code))
        const fits =
          present !== undefined &&
          !present.used &&
          present.clientId === asked["client_id"] &&
          present.redirectUri === asked["redirect_uri"] &&
          present.challenge === challengeOf(asked["code_verifier"] ?? "")
        // A code is spent by any attempt to use it, also by a wrong one.
        const codes = HashMap.modify(state.codes, code, (old) => ({ ...old, used: true }))
        return [fits ? present : undefined, { ...state, codes }] as const
      })
      if (found === undefined) return refuse(400, "invalid_grant")
      const { tokens } = yield* backend.signIn(found.account)
      yield* Ref.update(ref, (state) => ({
        ...state,
        idTokens: HashMap.set(state.idTokens, tokens.idToken, code)
      }))
      return json(200, {
        id_token: tokens.idToken,
        access_token: tokens.accessToken,
        refresh_token: tokens.refreshToken,
        expires_in: 864_000,
        token_type: "Bearer"
      })
    })

  const apiKey = (incoming: Incoming) =>
    Effect.map(Ref.get(ref), (state) => {
      const asked = fieldsOf(incoming)
      const isProper =
        asked["requested_token"] === "openai-api-key" &&
        asked["subject_token_type"] === "urn:ietf:params:oauth:token-type:id_token" &&
        HashMap.has(state.idTokens, asked["subject_token"] ?? "")
      if (!isProper) return refuse(400, "invalid_request")
      return state.apiKeys
        ? json(200, { access_token: "sk-fake-W5tR8yU1iO3p", token_type: "Bearer" })
        : refuse(403, "access_denied")
    })

  const deviceStart = (incoming: Incoming) =>
    Ref.modify(ref, (state): readonly [Answer, FakeIssuerState] => {
      if (!state.deviceEnabled) return [refuse(404, "not_found"), state]
      if (fieldsOf(incoming)["client_id"] !== defaultClientId) return [refuse(400, "invalid_client"), state]
      const serial = state.serial + 1
      const id = `device_fake_${serial}_G6hJ2kL9`
      const userCode = `FAKE-${String(serial).padStart(4, "0")}`
      const interval = state.interval === undefined ? {} : { interval: state.interval }
      return [
        json(200, { device_auth_id: id, user_code: userCode, ...interval }),
        { ...state, serial, devices: HashMap.set(state.devices, id, { userCode, polls: 0 }) }
      ]
    })

  const devicePoll = (incoming: Incoming) =>
    Ref.modify(ref, (state): readonly [Answer, FakeIssuerState] => {
      const asked = fieldsOf(incoming)
      const id = asked["device_auth_id"] ?? ""
      const device = Option.getOrUndefined(HashMap.get(state.devices, id))
      if (device === undefined || device.userCode !== asked["user_code"]) return [refuse(400, "invalid_request"), state]
      const given = state.deviceAnswers[device.polls] ?? state.deviceAnswers.at(-1) ?? "pending"
      const polled = { ...state, devices: HashMap.set(state.devices, id, { ...device, polls: device.polls + 1 }) }
      if (given !== "granted") return [consequences[given], polled]
      const challenge = challengeOf(deviceVerifier)
      const redirectUri = `${incoming.url.origin}${loginPaths.deviceRedirect}`
      const [code, next] = issueCode(polled, { challenge, redirectUri, clientId: defaultClientId })
      return [json(200, { authorization_code: code, code_challenge: challenge, code_verifier: deviceVerifier }), next]
    })

  const whoami = (incoming: Incoming) =>
    Effect.gen(function* () {
      const { personalTokens } = yield* Ref.get(ref)
      const owner = HashMap.get(personalTokens, bearerOf(incoming.headers))
      if (Option.isNone(owner)) return refuse(401, "invalid_grant")
      const account = yield* backend.account(owner.value)
      return json(200, {
        email: account.email,
        chatgpt_user_id: account.userId,
        chatgpt_account_id: account.accountId,
        chatgpt_plan_type: account.planType,
        chatgpt_account_is_fedramp: account.isFedramp
      })
    })

  return { authorize, exchange, apiKey, deviceStart, devicePoll, whoami }
}

/**
 * One call. Secrets among `headers` and `fields` are replaced by a digest.
 * @since 0.1.0
 * @category models
 */
export interface IssuerCall {
  readonly endpoint: IssuerEndpoint
  readonly atMillis: number
  readonly headers: Readonly<Record<string, string>>
  readonly fields: unknown
  readonly fault: Fault["_tag"]
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FakeIssuerService {
  /** The issuer and the backend as one server, as a function. */
  readonly exchange: Exchange
  readonly backend: Backend.FakeBackendService
  readonly state: Effect.Effect<FakeIssuerState>
  /** Changes how it behaves from now on. */
  readonly behave: (options: FakeIssuerOptions) => Effect.Effect<void>
  /** A personal access token of the account, by default the backend's first. */
  readonly personalToken: (account?: string) => Effect.Effect<string>
  /** The next calls to the endpoint meet these faults, one each. */
  readonly failNext: (endpoint: IssuerEndpoint, ...faults: ReadonlyArray<Fault>) => Effect.Effect<void>
  readonly log: Effect.Effect<ReadonlyArray<IssuerCall>>
  readonly count: (endpoint: IssuerEndpoint) => Effect.Effect<number>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class FakeIssuer extends Context.Tag("effect-codex-account/testing/FakeIssuer")<
  FakeIssuer,
  FakeIssuerService
>() {}

type Pending = ReadonlyArray<{ readonly endpoint: IssuerEndpoint; readonly fault: Fault }>

/**
 * An issuer over a backend of the caller's choice.
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  backend: Backend.FakeBackendService,
  options?: FakeIssuerOptions
): Effect.Effect<FakeIssuerService> =>
  Effect.gen(function* () {
    const state = yield* Ref.make(makeIssuerState(options))
    const pending = yield* Ref.make<Pending>([])
    const calls = yield* Ref.make<ReadonlyArray<IssuerCall>>([])
    const routes = makeRoutes(state, backend)

    const takeFault = (endpoint: IssuerEndpoint) =>
      Ref.modify(pending, (waiting): readonly [Fault, Pending] => {
        const index = waiting.findIndex((entry) => entry.endpoint === endpoint)
        return [waiting[index]?.fault ?? pass, waiting.filter((_, at) => at !== index)]
      })

    const exchange: Exchange = (incoming) => {
      const endpoint = issuerEndpoint(incoming)
      if (endpoint === undefined) return backend.exchange(incoming)
      return Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const fault = yield* takeFault(endpoint)
        const call: IssuerCall = {
          endpoint,
          atMillis: now,
          headers: maskHeaders(incoming.headers),
          fields: maskBody(fieldsOf(incoming)),
          fault: fault._tag
        }
        yield* Ref.update(calls, (before) => [...before, call])
        return yield* applyFault(fault, incoming, now, routes[endpoint](incoming))
      })
    }

    return {
      exchange,
      backend,
      state: Ref.get(state),
      behave: (changed) => Ref.update(state, (before) => ({ ...before, ...changed })),
      personalToken: (account) => Ref.modify(state, (before) => issuePersonalToken(before, account)),
      failNext: (endpoint, ...faults) =>
        Ref.update(pending, (waiting) => [...waiting, ...faults.map((fault) => ({ endpoint, fault }))]),
      log: Ref.get(calls),
      count: (endpoint) => Effect.map(Ref.get(calls), (all) => all.filter((call) => call.endpoint === endpoint).length)
    }
  })

/**
 * @since 0.1.0
 * @category models
 */
export interface FakeIssuerLayerOptions {
  readonly backend?: Backend.FakeBackendOptions
  readonly issuer?: FakeIssuerOptions
}

/**
 * Issuer and backend in memory, with an `HttpClient` that reaches them and nothing else.
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (
  options: FakeIssuerLayerOptions = {}
): Layer.Layer<FakeIssuer | Backend.FakeBackend | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const backend = yield* Backend.make(options.backend)
      const issuer = yield* make(backend, options.issuer)
      return Context.make(FakeIssuer, issuer).pipe(
        Context.add(Backend.FakeBackend, { ...backend, exchange: issuer.exchange }),
        Context.add(HttpClient.HttpClient, makeClient(issuer.exchange))
      )
    })
  )

/**
 * Issuer and backend on one real socket of `127.0.0.1`. The URLs are in `FakeBackend.urls`, and the issuer is their
 * `origin`.
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (
  options: FakeIssuerLayerOptions & { readonly port?: number } = {}
): Layer.Layer<FakeIssuer | Backend.FakeBackend, HttpServerError.ServeError> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const plain = yield* Backend.make(options.backend)
      const issuer = yield* make(plain, options.issuer)
      const both = { ...plain, exchange: issuer.exchange }
      const backend = yield* Backend.serve(both, options.port === undefined ? {} : { port: options.port })
      return Context.make(FakeIssuer, { ...issuer, backend }).pipe(Context.add(Backend.FakeBackend, backend))
    })
  )
