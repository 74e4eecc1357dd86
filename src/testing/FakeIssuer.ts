/**
 * The sign-in side of the OAuth server as a test has it, next to a fake backend: a sign-in here makes a session
 * there. In memory as an `HttpClient`, or on a real socket.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { maskBody, maskHeaders } from "./CallLog.js"
import * as Backend from "./FakeBackend.js"
import { makeClient } from "./FakeFaces.js"
import type { Exchange } from "./FakeExchange.js"
import {
  type FakeIssuerOptions,
  type FakeIssuerState,
  fieldsOf,
  issuePersonalToken,
  issuerEndpoint,
  type IssuerEndpoint,
  makeIssuerRoutes,
  makeIssuerState
} from "./FakeIssuerRoutes.js"
import { applyFault } from "./FakeReply.js"
import { type Fault, pass } from "./Fault.js"

export {
  type Consent,
  type DeviceAnswer,
  type FakeIssuerOptions,
  type FakeIssuerState,
  type IssuerEndpoint
} from "./FakeIssuerRoutes.js"

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
  readonly update: (change: (state: FakeIssuerState) => FakeIssuerState) => Effect.Effect<void>
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
    const routes = makeIssuerRoutes(state, backend)

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
      update: (change) => Ref.update(state, change),
      behave: (changed) => Ref.update(state, (before) => ({ ...before, ...changed })),
      personalToken: (account) => Ref.modify(state, (before) => issuePersonalToken(before, account)),
      failNext: (endpoint, ...faults) =>
        Ref.update(pending, (waiting) => [...waiting, ...faults.map((fault) => ({ endpoint, fault }))]),
      log: Ref.get(calls),
      count: (endpoint) => Effect.map(Ref.get(calls), (all) => all.filter((call) => call.endpoint === endpoint).length)
    } satisfies FakeIssuerService
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
