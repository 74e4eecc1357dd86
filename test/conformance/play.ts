/** Plays a scenario against an app-server, and writes down what came of it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Message, Notification, RequestId } from "../../src/rpc/Envelope.js"
import { type Command, type Heard, type Peer, spawnPeer } from "./Peer.js"
import type { LineAnswer, Scenario } from "./Scenario.js"
import { scriptedBackend, type ScriptedBackend } from "./ScriptedBackend.js"

export type Answer =
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
  | { readonly result: unknown }
  | { readonly none: true }

export interface PlayedCall {
  readonly answer: Answer
  readonly requests: ReadonlyArray<string>
  readonly tookMillis: number
}

export interface Played {
  readonly calls: ReadonlyArray<PlayedCall>
  /** For each line that was sent as it is, the answers to it. */
  readonly lines: ReadonlyArray<ReadonlyArray<LineAnswer>>
  readonly notifications: ReadonlyArray<{ readonly method: string; readonly params: unknown }>
  readonly totals: Readonly<Record<string, number>>
  readonly exit: number | string
  /** What the server must not do in any scenario. */
  readonly broken: ReadonlyArray<string>
}

/** What the original asks for in the background. */
const isBackground = (request: string): boolean => /\/ps\/|\/plugins|\/config\/bundle|analytics/.test(request)

/** Who is asked for before anything else, or beside it: counted in the totals alone. */
const isRouting = (request: string): boolean => request.includes("/accounts/check")

const answerOf = (message: Message | undefined): Answer => {
  if (message?._tag === "Response") return { result: message.result }
  return message?._tag === "ErrorResponse" ? { error: message.error } : { none: true }
}

const countBy = (values: ReadonlyArray<string>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

const environment = (home: string, origin: string): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: home,
  CODEX_HOME: home,
  NO_PROXY: "*",
  no_proxy: "*",
  LANG: "C.UTF-8",
  TERM: "dumb",
  RUST_LOG: "warn",
  CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${origin}/oauth/token`,
  CODEX_REVOKE_TOKEN_URL_OVERRIDE: `${origin}/oauth/revoke`,
  // With its waits the scenario of failing profiles would take a minute. Repeated reads are seen at the list of credits.
  CODEX_ACCOUNT_POLICY_READ_TOKEN_ACTIVITY_ATTEMPTS: "1",
  // Nobody is there: no scenario signs in at an issuer.
  CODEX_APP_SERVER_LOGIN_ISSUER: "http://127.0.0.1:1",
  CODEX_AUTHAPI_BASE_URL: "http://127.0.0.1:1/api/accounts"
})

const makeHome = ({ auth, base, config }: Scenario, origin: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const home = mkdtempSync(join(tmpdir(), "codex-account-conformance-"))
      const url = JSON.stringify(base.replaceAll("{origin}", origin))
      writeFileSync(
        join(home, "config.toml"),
        `chatgpt_base_url = ${url}\ncli_auth_credentials_store = "file"\n${config}`
      )
      if (auth !== null) writeAuth(home, auth)
      return home
    }),
    (home) => Effect.sync(() => rmSync(home, { recursive: true, force: true }))
  )

const writeAuth = (home: string, auth: unknown): void =>
  writeFileSync(join(home, "auth.json"), typeof auth === "string" ? auth : JSON.stringify(auth), { mode: 0o600 })

/** Until the backend was not asked anything for a while. */
const settled = (backend: ScriptedBackend): Effect.Effect<void> => {
  let seen = -1
  let quiet = 0
  const look = Effect.sync(() => {
    const now = backend.requests().length
    quiet = now === seen ? quiet + 1 : 0
    seen = now
    return quiet >= 6
  })
  return Effect.sleep("20 millis").pipe(
    Effect.zipRight(look),
    Effect.repeat({ until: (done) => done, times: 100 }),
    Effect.asVoid
  )
}

/** Whoever is signed in with ChatGPT is asked for something in the background, and mostly told of it in the end. */
const greeted = (peer: Peer, backend: ScriptedBackend, { auth, notifications }: Scenario): Effect.Effect<void> => {
  if (typeof auth !== "object" || auth === null || !("tokens" in auth)) return Effect.void
  const isGreeting = ({ message }: Heard) => isNotification(message) && message.method === "account/updated"
  const isToldOf = notifications[0]?.method === "account/updated"
  return Effect.sleep("10 millis").pipe(
    Effect.repeat({
      until: () => (isToldOf ? peer.heard().some(isGreeting) : backend.requests().length > 0),
      times: 200
    }),
    Effect.asVoid
  )
}

const text = (id: RequestId): LineAnswer["id"] => (typeof id === "bigint" ? { $integer: String(id) } : id)

const lineAnswers = (heard: ReadonlyArray<Heard>): ReadonlyArray<LineAnswer> =>
  heard.flatMap(({ message }): ReadonlyArray<LineAnswer> => {
    if (message?._tag === "Response") return [{ id: text(message.id), result: true }]
    return message?._tag === "ErrorResponse" ? [{ id: text(message.id), error: message.error }] : []
  })

const isNotification = (message: Message | null): message is Notification => message?._tag === "Notification"

const start = (peer: Peer, scenario: Scenario, id: number) =>
  Effect.suspend(() => {
    peer.send(JSON.stringify({ method: "initialize", id, params: scenario.initialize }))
    return Effect.tap(peer.answer(id, "20 seconds"), () => peer.send(JSON.stringify({ method: "initialized" })))
  })

const isSignInAnswer = (message: Message): boolean =>
  message._tag === "Response" &&
  typeof message.result === "object" &&
  message.result !== null &&
  "type" in message.result &&
  (message.result.type === "apiKey" || message.result.type === "chatgptAuthTokens")

/** What holds for everything that an app-server says and was broken, in words. */
const brokenRules = (heard: ReadonlyArray<Heard>): ReadonlyArray<string> => {
  const broken: Array<string> = []
  const answered = new Set<unknown>()
  let signIns = 0
  let completed = 0
  for (const { line, message } of heard) {
    if (message === null) {
      broken.push("a line that is no message")
      continue
    }
    if (/^\{"jsonrpc"|,"jsonrpc":"2\.0"\}?$/.test(line)) broken.push("a jsonrpc member")
    if (message._tag === "Notification") {
      if (typeof message.emittedAtMs !== "number") broken.push(`${message.method} without emittedAtMs`)
      if (message.method === "account/login/completed") completed += 1
      if (completed > signIns) broken.push("account/login/completed before the answer to the sign-in")
    }
    if (message._tag === "Response" || message._tag === "ErrorResponse") {
      if (answered.has(message.id)) broken.push(`two answers to ${String(message.id)}`)
      answered.add(message.id)
      if (isSignInAnswer(message)) signIns += 1
    }
    if (message._tag === "ErrorResponse" && !line.startsWith('{"error":')) {
      broken.push("an error frame whose first member is not the error")
    }
  }
  return broken
}

export const play = (command: Command, scenario: Scenario): Effect.Effect<Played> =>
  Effect.scoped(
    Effect.gen(function* () {
      const backend = yield* scriptedBackend
      backend.route(scenario.routes)
      const home = yield* makeHome(scenario, backend.origin)
      const peer = yield* spawnPeer(command, home, environment(home, backend.origin))
      const calls: Array<PlayedCall> = []
      const lines: Array<ReadonlyArray<LineAnswer>> = []
      let nextId = 1

      if (scenario.initialize !== null) {
        yield* start(peer, scenario, nextId++)
        yield* greeted(peer, backend, scenario)
        yield* settled(backend)
      }
      for (const step of scenario.steps) {
        if ("call" in step) {
          const before = backend.requests().length
          const id = nextId++
          peer.send(JSON.stringify({ method: step.call, id, params: step.params }))
          const [took, answer] = yield* Effect.timed(peer.answer(id, scenario.slow ? "60 seconds" : "15 seconds"))
          // Who answers first may still have to write down what it was asked beside.
          yield* Effect.sleep("3 millis")
          calls.push({
            answer: answerOf(Option.getOrUndefined(answer)),
            requests: backend
              .requests()
              .slice(before)
              .filter((request) => !isBackground(request) && !isRouting(request)),
            tookMillis: Duration.toMillis(took)
          })
        } else if ("send" in step) {
          const before = peer.heard().length
          peer.send(step.send)
          // A call after it tells that the line was dealt with: lines are read in order.
          const probe = `after-${lines.length}`
          peer.send(JSON.stringify({ method: "account/read", id: probe, params: {} }))
          yield* peer.answer(probe, "5 seconds")
          yield* Effect.sleep("3 millis")
          lines.push(lineAnswers(peer.heard().slice(before)).filter(({ id }) => !String(id).startsWith("after-")))
        } else if ("notify" in step) peer.send(JSON.stringify({ method: step.notify }))
        else if ("route" in step) backend.route(step.route)
        else if ("writeAuth" in step) writeAuth(home, step.writeAuth)
        else if ("wait" in step) yield* Effect.sleep(step.wait)
        else peer.end()
      }
      yield* Effect.sleep("50 millis")
      const exit = yield* peer.ended
      const here = (text: string): string =>
        text.replaceAll(backend.origin, "http://127.0.0.1:PORT").replaceAll(home, "$CODEX_HOME")
      const clean = <A>(value: A): A => JSON.parse(here(JSON.stringify(value)))
      return clean({
        calls,
        lines,
        notifications: peer
          .heard()
          .flatMap(({ message }) => (isNotification(message) ? [message] : []))
          .filter(({ method }) => method.startsWith("account/"))
          .map(({ method, params }) => ({ method, params })),
        totals: countBy(backend.targets().filter((target) => !isBackground(target))),
        exit,
        broken: brokenRules(peer.heard())
      })
    })
  )
