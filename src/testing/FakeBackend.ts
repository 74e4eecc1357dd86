/**
 * The ChatGPT backend and its OAuth server as a test has them: a state to look at, faults to choose, and a log of every
 * call. In memory as an `HttpClient`, or on a real socket; both faces share the state machine and the faults.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type { AuthJson } from "../contracts/AuthJson.js"
import { backendBase } from "../contracts/BackendEndpoints.js"
import { CallRecorder, type LoggedCall } from "./CallLog.js"
import { accountKey, type FakeAccount, makeAccount } from "./FakeAccount.js"
import { countKey, type Exchange, makeExchange, type Traffic } from "./FakeExchange.js"
import { makeClient, serveExchange } from "./FakeFaces.js"
import { type FakeState, type IssuedTokens, makeState, signIn, updateAccount } from "./FakeState.js"
import type { Fault } from "./Fault.js"
import type { EndpointName, FaultPlan, FaultRule } from "./FaultPlan.js"

/**
 * Where the fake is reached. In memory any URL with these paths will do.
 * @since 0.1.0
 * @category models
 */
export interface FakeUrls {
  readonly origin: string
  /** `chatgpt_base_url` for the ChatGPT path style, and for the other. */
  readonly chatgpt: string
  readonly codex: string
  readonly refresh: string
  readonly revoke: string
}

/**
 * `accounts` may be given as what differs from `makeAccount`; the first one is the default wherever an account is asked
 * for, and those after it get ids of their own. Token lifetimes are in seconds.
 * @since 0.1.0
 * @category models
 */
export interface FakeBackendOptions {
  readonly accounts?: ReadonlyArray<Partial<FakeAccount>> | ((nowMillis: number) => ReadonlyArray<Partial<FakeAccount>>)
  readonly plan?: FaultPlan
  readonly tokens?: Partial<Pick<FakeState, "accessTokenSeconds" | "idTokenSeconds" | "rotates">>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FakeBackendService {
  readonly urls: FakeUrls
  /** The HTTP server as a function; the faces are made from it. */
  readonly exchange: Exchange
  /** The names of the accounts it began with, in order. */
  readonly accountKeys: ReadonlyArray<string>
  readonly state: Effect.Effect<FakeState>
  readonly update: (change: (state: FakeState) => FakeState) => Effect.Effect<void>
  /** The account, by default the first; dies if there is none of that name. */
  readonly account: (key?: string) => Effect.Effect<FakeAccount>
  readonly updateAccount: (change: (account: FakeAccount) => FakeAccount, key?: string) => Effect.Effect<void>
  /** A new session: its tokens, and the `auth.json` record that a sign-in would have left. */
  readonly signIn: (key?: string) => Effect.Effect<{ readonly record: AuthJson; readonly tokens: IssuedTokens }>
  /** Replaces the plan; its call numbers count from now. */
  readonly setPlan: (plan: FaultPlan) => Effect.Effect<void>
  /** Puts rules before those of the plan; call numbers go on counting. */
  readonly addFaults: (...rules: ReadonlyArray<FaultRule>) => Effect.Effect<void>
  /** The next calls to the endpoint meet these faults, one each. */
  readonly failNext: (endpoint: EndpointName, ...faults: ReadonlyArray<Fault>) => Effect.Effect<void>
  /** Every call that arrived, in order; the last 100 000 of them. */
  readonly log: Effect.Effect<ReadonlyArray<LoggedCall>>
  /** The calls to one endpoint, in order. */
  readonly calls: (endpoint: EndpointName) => Effect.Effect<ReadonlyArray<LoggedCall>>
  readonly count: (endpoint: EndpointName) => Effect.Effect<number>
  readonly clearLog: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class FakeBackend extends Context.Tag("effect-codex-account/testing/FakeBackend")<
  FakeBackend,
  FakeBackendService
>() {}

/**
 * What the settings of a client of the fake say of where it is.
 * @since 0.1.0
 * @category accessors
 */
export const settingsOf = ({ chatgpt, origin, refresh, revoke }: FakeUrls) => ({
  backend: backendBase(chatgpt),
  refreshUrl: refresh,
  revokeUrl: revoke,
  issuer: origin,
  authApi: `${origin}/api/accounts`
})

const urlsOf = (origin: string): FakeUrls => ({
  origin,
  chatgpt: `${origin}/backend-api`,
  codex: origin,
  refresh: `${origin}/oauth/token`,
  revoke: `${origin}/oauth/revoke`
})

/**
 * The record that the Codex CLI would have written after this sign-in.
 * @since 0.1.0
 * @category constructors
 */
export const authRecord = (account: FakeAccount, tokens: IssuedTokens, nowMillis: number): AuthJson => ({
  auth_mode: "chatgpt",
  OPENAI_API_KEY: null,
  tokens: {
    id_token: Redacted.make(tokens.idToken),
    access_token: Redacted.make(tokens.accessToken),
    refresh_token: Redacted.make(tokens.refreshToken),
    account_id: account.accountId
  },
  last_refresh: DateTime.formatIso(DateTime.unsafeMake(nowMillis))
})

/** Ids of their own for the second account and those after it. */
const idsOf = (index: number, given: Partial<FakeAccount>): Partial<FakeAccount> =>
  index === 0 || given.userId !== undefined || given.accountId !== undefined
    ? {}
    : { userId: `user-FAKE${index + 1}`, accountId: `fake-account-${index + 1}`, email: `ada${index + 1}@example.test` }

const initialAccounts = (
  options: FakeBackendOptions | undefined,
  now: number
): readonly [FakeAccount, ...ReadonlyArray<FakeAccount>] => {
  const given = typeof options?.accounts === "function" ? options.accounts(now) : options?.accounts
  const [first, ...others] = given ?? []
  return [
    makeAccount(now, first),
    ...others.map((account, index) => makeAccount(now, { ...idsOf(index + 1, account), ...account }))
  ]
}

/**
 * A fake backend with a state of its own.
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: FakeBackendOptions): Effect.Effect<FakeBackendService> =>
  Effect.gen(function* () {
    const accounts = initialAccounts(options, yield* Clock.currentTimeMillis)
    const state = yield* Ref.make(makeState(accounts, options?.tokens))
    const traffic = yield* Ref.make<Traffic>({ plan: options?.plan ?? [], counts: {} })
    const recorder = new CallRecorder()
    const exchange = yield* makeExchange(state, traffic, recorder)
    const addFaults = (...rules: ReadonlyArray<FaultRule>) =>
      Ref.update(traffic, (before) => ({ ...before, plan: [...rules, ...before.plan] }))
    const calls = (endpoint: EndpointName) =>
      Effect.sync(() => recorder.all.filter((call) => call.endpoint === endpoint))
    const account = (key?: string) =>
      Effect.flatMap(Ref.get(state), (current) =>
        Option.match(HashMap.get(current.accounts, key ?? current.firstAccount), {
          onNone: () => Effect.dieMessage(`The fake backend has no account ${key}.`),
          onSome: Effect.succeed
        })
      )
    return {
      urls: urlsOf("https://codex.fake.test"),
      exchange,
      accountKeys: accounts.map(accountKey),
      state: Ref.get(state),
      update: (change) => Ref.update(state, change),
      account,
      updateAccount: (change, key) => Ref.update(state, (current) => updateAccount(current, change, key)),
      signIn: (key) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const found = yield* account(key)
          const tokens = yield* Ref.modify(state, (current) => signIn(current, now, found))
          return { tokens, record: authRecord(found, tokens, now) }
        }),
      setPlan: (plan) => Ref.set(traffic, { plan, counts: {} }),
      addFaults,
      failNext: (endpoint, ...faults) =>
        Ref.update(traffic, (before) => {
          const done = before.counts[countKey(endpoint)] ?? 0
          const rules = faults.map((fault, index) => ({ endpoint, call: done + index + 1, fault }))
          return { ...before, plan: [...rules, ...before.plan] }
        }),
      log: Effect.sync(() => recorder.all),
      calls,
      count: (endpoint) => Effect.map(calls(endpoint), (found) => found.length),
      clearLog: Effect.sync(() => recorder.clear())
    } satisfies FakeBackendService
  })

/**
 * The in-memory face of a fake: one more client of the same backend, as another process would be.
 * @since 0.1.0
 * @category constructors
 */
export const httpClient = (backend: FakeBackendService): HttpClient.HttpClient => makeClient(backend.exchange)

/**
 * The real face of a fake, on `127.0.0.1` and any free port by default: the same backend under the URLs of
 * the server, which closes with the scope.
 * @since 0.1.0
 * @category constructors
 */
export const serve = (
  backend: FakeBackendService,
  options?: { readonly port?: number; readonly host?: string }
): Effect.Effect<FakeBackendService, HttpServerError.ServeError, Scope.Scope> =>
  Effect.map(
    serveExchange(backend.exchange, { port: options?.port ?? 0, host: options?.host ?? "127.0.0.1" }),
    (origin) => ({ ...backend, urls: urlsOf(origin) })
  )

/**
 * The backend alone, without a face.
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: FakeBackendOptions): Layer.Layer<FakeBackend> =>
  Layer.effect(FakeBackend, make(options))

/**
 * The fake in memory: the backend, and an `HttpClient` that reaches it and nothing else.
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (options?: FakeBackendOptions): Layer.Layer<FakeBackend | HttpClient.HttpClient> =>
  Layer.provideMerge(Layer.effect(HttpClient.HttpClient, Effect.map(FakeBackend, httpClient)), layer(options))

/**
 * The fake on a real socket. Its URLs are in `FakeBackend.urls`.
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (
  options?: FakeBackendOptions & { readonly port?: number; readonly host?: string }
): Layer.Layer<FakeBackend, HttpServerError.ServeError> =>
  Layer.scoped(
    FakeBackend,
    Effect.flatMap(make(options), (backend) => serve(backend, options))
  )
