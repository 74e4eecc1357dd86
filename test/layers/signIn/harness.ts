/** Signing in at the fake issuer: in memory and under virtual time, with a browser that is driven by fetch. */
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type AuthJson, AuthJsonText } from "../../../src/contracts/AuthJson.js"
import * as AuthSessionOAuth from "../../../src/layers/AuthSessionOAuth.js"
import type { LoopbackOptions } from "../../../src/layers/internal/CallbackServer.js"
import * as SignInHttp from "../../../src/layers/SignInHttp.js"
import { type AccountSettings } from "../../../src/services/AccountConfig.js"
import { Browser } from "../../../src/services/Browser.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { SignIn } from "../../../src/services/SignIn.js"
import { FakeBackend, FakeIssuer, TestAccount } from "../../../src/testing/index.js"

export interface Options extends FakeIssuer.FakeIssuerLayerOptions {
  readonly settings?: Partial<AccountSettings>
  readonly loopback?: Partial<LoopbackOptions>
  /** Nobody is signed in before; by default somebody is. */
  readonly signedOut?: boolean
}

/** A record as the text of `auth.json`. */
export const textOf: (record: AuthJson) => string = Schema.encodeSync(AuthJsonText)

/** In memory, for virtual time, where no browser can be opened; only the browser's way back is a real socket. */
export const memory = (options: Options = {}) =>
  Layer.mergeAll(
    Layer.effect(
      SignIn,
      SignInHttp.make({ ...SignInHttp.defaultLoopback, ports: [0], pause: "5 millis", ...options.loopback })
    ),
    AuthSessionOAuth.layer,
    Layer.succeed(Browser, { open: () => Effect.succeed(false) })
  ).pipe(
    Layer.provideMerge(
      TestAccount.layerParts({ settings: options.settings, record: options.signedOut === true ? null : undefined })
    ),
    Layer.provideMerge(FakeIssuer.layerClient(options))
  )

/** The stored record as text, with its secrets; empty when there is none. */
export const stored = Effect.flatMap(CredentialStore, (store) =>
  Effect.map(Effect.orDie(store.read), (found) =>
    Option.match(found, { onNone: () => "", onSome: (r) => textOf(r.record) })
  )
)

export const issuer = FakeIssuer.FakeIssuer
export const behave = (options: FakeIssuer.FakeIssuerOptions) => Effect.flatMap(issuer, (fake) => fake.behave(options))
export const counts = Effect.flatMap(issuer, (fake) =>
  Effect.map(fake.log, (log) => {
    const found: Partial<Record<FakeIssuer.IssuerEndpoint, number>> = {}
    for (const { endpoint } of log) found[endpoint] = (found[endpoint] ?? 0) + 1
    return found
  })
)

/** Every secret that the issuer and the backend have handed out. */
export const secrets = Effect.gen(function* () {
  const { codes, idTokens, personalTokens } = yield* (yield* issuer).state
  const state = yield* (yield* FakeBackend.FakeBackend).state
  return [codes, idTokens, personalTokens, state.accessTokens, state.refreshTokens].flatMap((map) =>
    Array.from(HashMap.keys<string, unknown>(map))
  )
})

export interface Visit {
  readonly url: string
  readonly status: number
  readonly body: string
}

/** Fetches a page and every page that it leads to. */
export const visit = (url: string): Effect.Effect<ReadonlyArray<Visit>> =>
  Effect.gen(function* () {
    const visits: Array<Visit> = []
    let next: string | undefined = url
    while (next !== undefined && visits.length < 5) {
      const at: string = next
      const response = yield* Effect.promise((signal) => fetch(at, { redirect: "manual", signal }))
      const body = yield* Effect.promise(() => response.text())
      visits.push({ url: at, status: response.status, body })
      const location = response.headers.get("location")
      next = location === null ? undefined : new URL(location, at).href
    }
    return visits
  })

/** Where the sign-in page would send the browser back to. */
export const redirectOf = (url: string): Effect.Effect<URL, never, FakeIssuer.FakeIssuer> =>
  Effect.gen(function* () {
    const reply = yield* (yield* issuer).exchange({
      method: "GET",
      url: new URL(url),
      headers: {},
      body: new Uint8Array(),
      connection: 0
    })
    return new URL(reply._tag === "Answer" ? (reply.headers["location"] ?? "about:blank") : "about:blank")
  })

/** Whether the port can be taken, as it can when nobody listens there. */
export const isFree = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const server = Net.createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resume(Effect.succeed(true))))
  })

/** What is logged while the effect runs, as one text. */
export const logged = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, string], E, R> => {
  const lines: Array<string> = []
  const logger = Logger.make((entry) => void lines.push(`${Logger.jsonLogger.log(entry)}${String(entry.message)}`))
  return effect.pipe(
    Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
    Logger.withMinimumLogLevel(LogLevel.All),
    Effect.map((result) => [result, lines.join("\n")] as const)
  )
}

export { run as passing } from "../../programs/harness.js"

export const secret = (text: string) => Redacted.make(text)
