/** One request through the fake backend: logged, met by its fault, answered by the contract's own server. */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { type PathStyle, styledPath } from "../contracts/BackendEndpoints.js"
import { type CallRecorder, digest, maskBody, maskHeaders } from "./CallLog.js"
import { accountKey } from "./FakeAccount.js"
import { bearerOf, CurrentCall, FakeApi, layerApi } from "./FakeHandlers.js"
import { type Answer, answer, applyFault, bodyJson, json, type Reply } from "./FakeReply.js"
import { authenticate, type FakeState } from "./FakeState.js"
import { EndpointName, faultFor, type FaultPlan } from "./FaultPlan.js"

/** A request as either face receives it. Header names are in lower case. */
export interface Incoming {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly connection: number
}

/** The plan, and the calls so far that its numbers refer to, by `countKey`. */
export interface Traffic {
  readonly plan: FaultPlan
  readonly counts: Readonly<Record<string, number>>
}

export const countKey = (endpoint: EndpointName | "*" | null, account?: string): string =>
  account === undefined ? String(endpoint) : `${String(endpoint)} ${account}`

export type Exchange = (incoming: Incoming) => Effect.Effect<Reply>

const isEndpointName = Schema.is(EndpointName)

interface Route {
  readonly style: PathStyle | "oauth" | null
  readonly path: string
  readonly endpoint: EndpointName | null
}

const chatGptBase = "/backend-api"

/** What Codex reads of a managed plan before anything else, and gives up without. Ours has nothing in it. */
const cloudConfig = /\/(wham|api\/codex)\/config\/bundle$/

/** The contract's endpoints by style, method and path, read from the contract itself. */
const routes: ReadonlyMap<string, Route> = (() => {
  const found = new Map<string, Route>()
  HttpApi.reflect(FakeApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, name, path }, group }) => {
      const endpoint = `${group.identifier}.${name}`
      if (!isEndpointName(endpoint)) return
      const styles = group.identifier === "oauth" ? (["oauth"] as const) : (["chatgpt", "codex"] as const)
      for (const style of styles) {
        const received = style === "oauth" ? path : styledPath(style, path)
        if (received !== undefined) found.set(`${style} ${method} ${received}`, { style, path, endpoint })
      }
    }
  })
  return found
})()

const route = (method: string, path: string): Route => {
  const base = path.indexOf(`${chatGptBase}/`)
  const style = path.startsWith("/oauth/") ? "oauth" : base >= 0 ? "chatgpt" : "codex"
  const below = style === "chatgpt" ? path.slice(base + chatGptBase.length) : path
  return routes.get(`${style} ${method} ${below}`) ?? { style: null, path, endpoint: null }
}

/** The contract's answers are JSON or empty. */
const toAnswer = ({ body, headers, status }: HttpServerResponse.HttpServerResponse): Answer =>
  answer(status, headers, body._tag === "Uint8Array" ? body.body : "")

const toRequest = (incoming: Incoming, path: string): HttpServerRequest.HttpServerRequest =>
  HttpServerRequest.fromWeb(
    new Request(new URL(`${path}${incoming.url.search}`, "http://fake.test"), {
      method: incoming.method,
      headers: incoming.headers,
      ...(incoming.method === "GET" || incoming.method === "HEAD" ? {} : { body: incoming.body.slice() })
    })
  )

/** The contract's server over a state, as a function from a request to an answer. */
const contractServer = (state: Ref.Ref<FakeState>) =>
  Effect.gen(function* () {
    const services = yield* Layer.build(HttpServer.layerContext)
    const app = yield* HttpApiBuilder.httpApp.pipe(
      Effect.provide([layerApi(state), HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer])
    )
    return (incoming: Incoming, path: string): Effect.Effect<Answer> =>
      Effect.scoped(app).pipe(
        Effect.provideService(HttpServerRequest.HttpServerRequest, toRequest(incoming, path)),
        Effect.mapInputContext((context: Context.Context<never>) => Context.merge(services, context)),
        Effect.catchAllCause((cause) => Effect.map(HttpServerError.causeResponse(cause), ([response]) => response)),
        Effect.map(toAnswer)
      )
  })

/** Counts the call, and decides which fault it meets. */
const count = (traffic: Ref.Ref<Traffic>, endpoint: EndpointName | null, account: string | null) =>
  Ref.modify(traffic, ({ counts: before, plan }) => {
    const keys = [endpoint, "*" as const].flatMap((name) => [
      countKey(name),
      ...(account === null ? [] : [countKey(name, account)])
    ])
    const counts = { ...before, ...Object.fromEntries(keys.map((key) => [key, (before[key] ?? 0) + 1])) }
    const of = (name: EndpointName | "*" | null, by?: string) => counts[countKey(name, by)] ?? 0
    const fault = faultFor(plan, { endpoint, account, count: of })
    return [
      { fault, nth: endpoint === null ? 1 : of(endpoint) },
      { plan, counts }
    ] as const
  })

export const makeExchange = (state: Ref.Ref<FakeState>, traffic: Ref.Ref<Traffic>, recorder: CallRecorder) =>
  Effect.map(
    Effect.scoped(contractServer(state)),
    (serve): Exchange =>
      (incoming) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const { endpoint, path, style } = route(incoming.method, incoming.url.pathname)
          const caller = authenticate(yield* Ref.get(state), now, bearerOf(incoming.headers))
          const { fault, nth } = yield* count(traffic, endpoint, Option.getOrNull(Option.map(caller, accountKey)))
          // A refused connection never arrives.
          const seq =
            fault._tag === "Refused"
              ? 0
              : recorder.add({
                  atMillis: now,
                  method: incoming.method,
                  origin: incoming.url.origin,
                  path: `${incoming.url.pathname}${incoming.url.search}`,
                  style,
                  endpoint,
                  nth,
                  headers: maskHeaders(incoming.headers),
                  bodyDigest: digest(incoming.body),
                  body: maskBody(bodyJson(incoming.body)),
                  connection: incoming.connection,
                  fault: fault._tag,
                  committed: false,
                  status: null
                })
          const run =
            endpoint === null
              ? Effect.succeed(cloudConfig.test(path) ? json(200, {}) : json(404, { detail: "Not Found" }))
              : serve(incoming, path).pipe(
                  Effect.provideService(CurrentCall, {
                    lagMillis: fault._tag === "StaleRead" ? fault.millis : 0,
                    committed: Effect.sync(() => recorder.amend(seq, { committed: true }))
                  })
                )
          const reply = yield* applyFault(fault, incoming, now, run)
          if (reply._tag === "Answer") recorder.amend(seq, { status: reply.status })
          return reply
        })
  )
