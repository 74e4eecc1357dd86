/** Plays a scenario against an app-server, and writes down what came of it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Message, Notification, RequestId } from "../../src/rpc/Envelope.js"
import { type Command, type Heard, type Peer, spawnPeer } from "./Peer.js"
import { brokenRules } from "./rules.js"
import type { Call, LineAnswer, Page, Scenario } from "./Scenario.js"
import { filledIn, type SignIn, signInOf, visited } from "./signIn.js"
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
  readonly pages: ReadonlyArray<Page>
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

const environment = (home: string, origin: string, issuer: string): Record<string, string> => ({
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
  CODEX_APP_SERVER_LOGIN_ISSUER: issuer.replaceAll("{origin}", origin),
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

/** What was done in this home. The original does not keep that. */
const forget = (home: string): void => {
  for (const name of readdirSync(home)) {
    if (name.startsWith("codex-account.sqlite")) rmSync(join(home, name))
  }
}

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

const kindOf = (answer: Answer): string =>
  "error" in answer ? `${answer.error.code} ${answer.error.message}` : "result" in answer ? "result" : "none"

/** One answer; or of many at once, which kinds there were. */
const asked = (peer: Peer, call: Call, id: number, params: unknown, limit: Duration.DurationInput) =>
  Effect.gen(function* () {
    const ids = Array.from({ length: call.times ?? 1 }, (_, n) => (n === 0 ? id : `${id}-${n}`))
    for (const one of ids) peer.send(JSON.stringify({ method: call.call, id: one, params }))
    const answers = yield* Effect.forEach(
      ids,
      (one) => Effect.map(peer.answer(one, limit), (answer) => answerOf(Option.getOrUndefined(answer))),
      { concurrency: "unbounded" }
    )
    const [first = { none: true }] = answers
    return call.times === undefined ? first : { result: Array.from(new Set(answers.map(kindOf))).toSorted() }
  })

const start = (peer: Peer, scenario: Scenario, id: number) =>
  Effect.suspend(() => {
    peer.send(JSON.stringify({ method: "initialize", id, params: scenario.initialize }))
    return Effect.tap(peer.answer(id, "20 seconds"), () => peer.send(JSON.stringify({ method: "initialized" })))
  })

export const play = (command: Command, scenario: Scenario): Effect.Effect<Played> =>
  Effect.scoped(
    Effect.gen(function* () {
      const backend = yield* scriptedBackend
      backend.route(scenario.routes)
      const home = yield* makeHome(scenario, backend.origin)
      const peer = yield* spawnPeer(command, home, environment(home, backend.origin, scenario.issuer))
      const calls: Array<PlayedCall> = []
      const lines: Array<ReadonlyArray<LineAnswer>> = []
      const pages: Array<Page> = []
      const signIn: SignIn = {}
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
          const params =
            step.params === undefined ? undefined : JSON.parse(filledIn(JSON.stringify(step.params), signIn))
          const limit = scenario.slow ? "60 seconds" : "15 seconds"
          const [took, answer] = yield* Effect.timed(asked(peer, step, id, params, limit))
          Object.assign(signIn, signInOf(answer))
          // Who answers first may still have to write down what it was asked beside.
          yield* Effect.sleep("3 millis")
          const requests = backend
            .requests()
            .slice(before)
            .filter((request) => !isBackground(request) && !isRouting(request))
          calls.push({
            answer,
            requests: step.times === undefined ? requests : Array.from(new Set(requests)),
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
        } else if ("visit" in step) {
          const { location, ...page } = yield* visited(step.visit, signIn)
          Object.assign(signIn, { location })
          pages.push(page)
        } else if ("notify" in step) peer.send(JSON.stringify({ method: step.notify }))
        else if ("route" in step) backend.route(step.route)
        else if ("writeAuth" in step) writeAuth(home, step.writeAuth)
        else if ("forget" in step) forget(home)
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
        pages,
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
