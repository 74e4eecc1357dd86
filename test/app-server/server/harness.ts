/** The server over the real services and the fake backend, with connections driven by hand under virtual time. */
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as ClientRequests from "../../../src/app-server/server/ClientRequests.js"
import { AppServer, type Connection, type ConnectOptions } from "../../../src/app-server/server/AppServer.js"
import type { DispatchOptions } from "../../../src/app-server/server/dispatch.js"
import { layer as serverLayer } from "../../../src/app-server/server/layer.js"
import { type Message, request, type RequestId } from "../../../src/rpc/Envelope.js"
import type { AuthJson } from "../../../src/contracts/AuthJson.js"
import { defaultPolicies, type PolicyTable } from "../../../src/domain/CallPolicy.js"
import * as AuthSessionExternal from "../../../src/layers/AuthSessionExternal.js"
import * as AuthSessionOAuth from "../../../src/layers/AuthSessionOAuth.js"
import * as Live from "../../../src/layers/Live.js"
import * as SignInHttp from "../../../src/layers/SignInHttp.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { loginLimits, loginPolicies, LoginPolicies } from "../../../src/services/LoginPolicies.js"
import { Policies } from "../../../src/services/Policies.js"
import { SignIn } from "../../../src/services/SignIn.js"
import { FakeIssuer, type FaultPlan, TestAccount } from "../../../src/testing/index.js"
import { withoutJitter } from "../../programs/harness.js"
import { type Body, within } from "../../cases.js"

export interface Options<R = never>
  extends FakeIssuer.FakeIssuerLayerOptions, Omit<TestAccount.PartsOptions, "record"> {
  /** What is stored at the start; by default a sign-in of the first account. */
  readonly record?: AuthJson | "nobody"
  readonly policies?: Partial<PolicyTable>
  readonly server?: DispatchOptions<R>
}

const external = Layer.unwrapEffect(
  Effect.map(AuthSession, (beneath) => Layer.effectContext(AuthSessionExternal.make(beneath)))
)

/**
 * The account's services, with sessions that clients may supply. A person has twenty seconds to sign in: virtual time is
 * dear where the session is looked at four times a second.
 */
export const services = <R>(options: Options<R> = {}) => {
  const { record, ...rest } = options
  return Live.layerBackend.pipe(
    Layer.provideMerge(external),
    Layer.provideMerge(AuthSessionOAuth.layer),
    Layer.provideMerge(ClientRequests.layerExternalTokens),
    Layer.provideMerge(ClientRequests.layer),
    Layer.provideMerge(
      Layer.effect(SignIn, SignInHttp.make({ ...SignInHttp.defaultLoopback, ports: [0], pause: "5 millis" }))
    ),
    Layer.provideMerge(TestAccount.layerParts({ ...rest, record: record === "nobody" ? null : record })),
    Layer.provideMerge(FakeIssuer.layerClient(options)),
    Layer.provideMerge(Layer.succeed(Policies, { ...defaultPolicies, ...options.policies })),
    Layer.provideMerge(withoutJitter),
    Layer.provideMerge(
      Layer.succeed(LoginPolicies, {
        policies: loginPolicies,
        limits: { ...loginLimits, browser: Duration.seconds(20), device: Duration.seconds(20) }
      })
    )
  )
}

export const server = (options: Options = {}) => Layer.provideMerge(serverLayer(options.server), services(options))

/** A server at which nobody is signed in. */
export const signedOut = server({ record: "nobody" })

/** A server whose backend answers as planned. */
export const planned = (...plan: FaultPlan.FaultPlan) => server({ backend: { plan } })

export type Services = Layer.Layer.Success<ReturnType<typeof server>>

/** A client that is driven by hand. */
export interface Client {
  readonly connection: Connection
  readonly send: (id: RequestId, method: string, params?: unknown) => Effect.Effect<void>
  /** Sends a request, lets time pass until it is answered; what came besides can be had from `rest`. */
  readonly call: (method: string, params?: unknown) => Effect.Effect<Message>
  /** Everything else that is there by now, in order. */
  readonly rest: Effect.Effect<ReadonlyArray<Message>>
  /** Lets time pass until the client is told of the method, and gives everything up to now. */
  readonly until: (method: string) => Effect.Effect<ReadonlyArray<Message>>
}

export const initializeParams = (
  options: { readonly experimental?: boolean; readonly optOut?: ReadonlyArray<string> } = {}
) => ({
  clientInfo: { name: "tester", title: null, version: "1.2.3" },
  capabilities: { experimentalApi: options.experimental ?? false, optOutNotificationMethods: options.optOut ?? null }
})

/** Lets virtual time pass; where time is real, lets a little of it pass. */
export const passing = (time: Duration.DurationInput): Effect.Effect<void> =>
  Effect.clockWith((clock) => ("adjust" in clock ? TestClock.adjust(time) : Effect.sleep("10 millis")))

/** Lets everything happen that needs no time. */
export const settle = passing(0)

export const connect = (
  options: ConnectOptions = { kind: "stdio" }
): Effect.Effect<Client, never, AppServer | Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* (yield* AppServer).connect(options)
    let kept: Array<Message> = []
    let nextId = 1000
    /** A take that is interrupted may have taken something all the same: its exit tells. */
    const fetch: Effect.Effect<void> = Effect.gen(function* () {
      while (true) {
        const fiber = yield* Effect.fork(connection.takeAll)
        yield* Effect.yieldNow()
        const exit = yield* Fiber.interrupt(fiber)
        if (Exit.isFailure(exit) || exit.value.length === 0) return
        kept.push(...exit.value)
      }
    })
    const rest = Effect.zipRight(
      Effect.zipRight(settle, fetch),
      Effect.sync(() => {
        const all = kept
        kept = []
        return all
      })
    )
    const send: Client["send"] = (id, method, params) => connection.receive(request(id, method, params))
    return {
      connection,
      send,
      rest,
      until: (method) =>
        Effect.gen(function* () {
          for (let step = 0; step < 1_000; step++) {
            yield* fetch
            if (kept.some((message) => message._tag === "Notification" && message.method === method)) return yield* rest
            yield* passing("100 millis")
          }
          return yield* Effect.dieMessage(`Nothing was told of ${method}: ${JSON.stringify(kept)}`)
        }),
      call: (method, params) =>
        Effect.gen(function* () {
          const id = nextId++
          yield* send(id, method, params)
          // Time goes on until the answer is there, in steps that are longer where it takes long.
          for (let step = 0; step < 400; step++) {
            yield* step === 0 ? settle : passing(step < 20 ? "50 millis" : "500 millis")
            yield* fetch
            const at = kept.findIndex((message) => message._tag !== "Notification" && message.id === id)
            const answer = kept[at]
            if (answer === undefined) continue
            kept = kept.filter((_, index) => index !== at)
            return answer
          }
          return yield* Effect.dieMessage(`${method} was not answered.`)
        })
    }
  })

/** A client that has introduced itself, and was greeted. */
export const initialized = (
  options: ConnectOptions & { readonly experimental?: boolean; readonly optOut?: ReadonlyArray<string> } = {
    kind: "stdio"
  }
) =>
  Effect.gen(function* () {
    const client = yield* connect(options)
    const answer = yield* client.call("initialize", initializeParams(options))
    assert.strictEqual(answer._tag, "Response")
    return client
  })

/** The result of an answer; fails the test when it is an error. */
export const resultOf = (message: Message): unknown => {
  if (message._tag === "Response") return message.result
  return assert.fail(`not a result: ${JSON.stringify(message)}`)
}

/** Code and text of an error; fails the test when it is none. */
export const errorOf = (message: Message): readonly [number, string] => {
  if (message._tag === "ErrorResponse") return [message.error.code, message.error.message]
  return assert.fail(`not an error: ${JSON.stringify(message)}`)
}

/** What was told, as method and params. */
export const told = (messages: ReadonlyArray<Message>): ReadonlyArray<readonly [string, unknown]> =>
  messages.flatMap((message) => (message._tag === "Notification" ? [[message.method, message.params] as const] : []))

/** The kinds of messages in their order: an answer by its id, a notification by its method. */
export const order = (messages: ReadonlyArray<Message>): ReadonlyArray<string> =>
  messages.map((message) =>
    message._tag === "Notification" ? message.method : `${message._tag} ${String(message.id)}`
  )

export const updated = (messages: ReadonlyArray<Message>) =>
  told(messages).flatMap(([method, params]) => (method === "account/updated" ? [params] : []))

const withFirst =
  (tester: typeof it.scopedLive) =>
  <R, E>(
    name: string,
    layer: Layer.Layer<R | AppServer, E>,
    body: Body<NoInfer<R> | AppServer | Scope.Scope, [Client]>
  ) =>
    tester(name, () =>
      within(
        layer,
        Effect.flatMap(initialized(), (client) => Effect.gen(() => body(client)))
      )
    )

/** A test with a client on its standard streams that has introduced itself. */
export const withClient = Object.assign(withFirst(it.scoped), { live: withFirst(it.scopedLive) })
