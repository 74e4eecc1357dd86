import { assert, describe } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import * as Http from "node:http"
import { loginLimits } from "../../../src/services/LoginPolicies.js"
import { signIn, signInWithBrowser } from "../../../src/programs/signIn.js"
import { AccountConfig } from "../../../src/services/AccountConfig.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { Browser } from "../../../src/services/Browser.js"
import { CredentialStore, CredentialStoreError } from "../../../src/services/CredentialStore.js"
import { SignIn } from "../../../src/services/SignIn.js"
import { type FakeIssuer, Fault, ScriptedDialog } from "../../../src/testing/index.js"
import {
  behave,
  counts,
  isFree,
  issuer,
  logged,
  memory,
  redirectOf,
  secrets,
  stored,
  visit,
  type Visit
} from "./harness.js"
import { live, liveOver, over } from "../../cases.js"
import { freePorts, listening } from "../support/sockets.js"

/** The program, with a person who agrees and does `act` with where that leads; gives how both ended. */
const attempt = <A, R>(act: (back: URL) => Effect.Effect<A, never, R>, options: { readonly apiKey?: boolean } = {}) =>
  Effect.gen(function* () {
    const pages = yield* Deferred.make<A>()
    const address = yield* Deferred.make<string>()
    const context = yield* Effect.context<R | FakeIssuer.FakeIssuer>()
    const browser = Browser.of({
      open: (url) =>
        Effect.zipRight(
          Deferred.succeed(address, url),
          Effect.as(
            Effect.forkDaemon(Deferred.complete(pages, Effect.provide(Effect.flatMap(redirectOf(url), act), context))),
            true
          )
        )
    })
    const [exit, log] = yield* logged(
      Effect.exit(signInWithBrowser(options).pipe(Effect.provideService(Browser, browser)))
    )
    const url = yield* Deferred.await(address)
    const port = Number(new URL(new URL(url).searchParams.get("redirect_uri") ?? "").port)
    return { exit, log, url, port, seen: yield* Deferred.await(pages), free: yield* isFree(port) }
  })

const agree = (back: URL) => visit(back.href)
const reasonOf = (exit: Exit.Exit<unknown, { readonly reason: string }>): string =>
  Exit.match(exit, {
    onSuccess: () => "success",
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), { onNone: () => "no failure", onSome: (error) => error.reason })
  })

const statusesOf = (visits: ReadonlyArray<Visit>) => visits.map(({ status }) => status)
const pagesOf = (visits: ReadonlyArray<Visit>): string => visits.map(({ body, url }) => `${url} ${body}`).join("\n")
const atIssuer = liveOver(memory())

/** Waits for what happens on real sockets, while the test's clock stands still. */
const eventually = <A, E, R>(ready: Effect.Effect<Option.Option<A>, E, R>) =>
  TestServices.provideLive(
    Effect.repeat(Effect.delay(ready, "5 millis"), { until: Option.isSome }).pipe(Effect.timeout("15 seconds"))
  )

describe("the sign-in page", () => {
  atIssuer("is asked for with the parameters of the Codex CLI, in its order", function* () {
    const { url } = yield* attempt(agree)
    const { pathname, search } = new URL(url)
    const expected = [
      /^response_type=code$/,
      /^client_id=app_EMoamEEZ73f0CkXaXp7hrann$/,
      /^redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A\d+%2Fauth%2Fcallback$/,
      /^scope=openid%20profile%20email%20offline_access%20api\.connectors\.read%20api\.connectors\.invoke$/,
      /^code_challenge=[\w-]{43}$/,
      /^code_challenge_method=S256$/,
      /^id_token_add_organizations=true$/,
      /^codex_cli_simplified_flow=true$/,
      /^state=[\w-]{43}$/,
      /^originator=effect-codex-account-test$/
    ]
    assert.strictEqual(pathname, "/oauth/authorize")
    const parameters = search.slice(1).split("&")
    assert.strictEqual(parameters.length, expected.length)
    for (const [index, pattern] of expected.entries()) assert.match(parameters[index] ?? "", pattern)
  })

  liveOver(memory({ settings: { forcedWorkspaces: ["a", "00000000-1111-4222-8333-444444444444"] } }))(
    "is told the workspaces that are allowed, and no two sign-ins share a secret",
    function* () {
      const first = new URL((yield* attempt(agree)).url).searchParams
      const second = new URL((yield* attempt(agree)).url).searchParams
      assert.strictEqual(first.get("allowed_workspace_id"), "a,00000000-1111-4222-8333-444444444444")
      assert.notStrictEqual(first.get("state"), second.get("state"))
      assert.notStrictEqual(first.get("code_challenge"), second.get("code_challenge"))
    }
  )

  atIssuer("is shown where no browser opens, and is not opened where that is not wanted", function* () {
    const dialog = yield* ScriptedDialog.ScriptedDialog
    const unopened = (options: { readonly openBrowser?: boolean }) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(signInWithBrowser(options))
        yield* Effect.sleep("50 millis")
        yield* Fiber.interrupt(fiber)
        return yield* dialog.notices
      })
    const notices = yield* unopened({})
    assert.match(notices[1] ?? "", /^https:\/\/codex\.fake\.test\/oauth\/authorize\?/)
    assert.include(notices[2], "No browser could be opened")
    assert.strictEqual((yield* unopened({ openBrowser: false })).length, 5)
  })
})

describe("a sign-in", () => {
  liveOver(memory({ signedOut: true }))("stores the session, shows a plain page, and closes the port", function* () {
    const { exit, free, log, seen } = yield* attempt(agree)
    assert.isTrue(Exit.isSuccess(exit))
    assert.isTrue(free)
    assert.deepStrictEqual(statusesOf(seen), [302, 200])
    assert.match(seen[1]?.url ?? "", /^http:\/\/127\.0\.0\.1:\d+\/success$/)
    assert.include(seen[1]?.body, "You are signed in")
    const record = JSON.parse(yield* stored)
    assert.deepStrictEqual([record.auth_mode, record.OPENAI_API_KEY], ["chatgpt", null])
    const { clientId, issuer } = yield* AccountConfig
    assert.deepStrictEqual(record.tokens?.oauth_provenance, { issuer, client_id: clientId })
    assert.match(String(record.tokens?.login_owner_id), /^[\w-]{24}$/)
    assert.deepStrictEqual(yield* counts, { authorize: 1, exchange: 1, apiKey: 1 })
    // The first address is the one that the issuer made: it has to hold the code.
    const told = `${log} ${pagesOf(seen).replace(seen[0]?.url ?? "", "")}`
    for (const known of yield* secrets) assert.notInclude(told, known)
  })

  liveOver(memory({ issuer: { apiKeys: true } }))("stores the API key of the account where it has one", function* () {
    yield* attempt(agree)
    assert.match(JSON.parse(yield* stored).OPENAI_API_KEY, /^sk-fake-/)
    assert.strictEqual((yield* (yield* AuthSession).current).mode, "chatgpt")
  })

  liveOver(memory({ issuer: { apiKeys: true } })).each([
    ["asks for no API key where none is wanted", false, { authorize: 1, exchange: 1 }],
    ["goes without an API key when asking for one fails", true, { authorize: 1, exchange: 1, apiKey: 1 }]
  ] as const)("%s", function* ([, apiKey, made]) {
    yield* (yield* issuer).failNext("apiKey", Fault.status(500))
    const { exit } = yield* attempt(agree, { apiKey })
    assert.isTrue(Exit.isSuccess(exit))
    assert.isNull(JSON.parse(yield* stored).OPENAI_API_KEY)
    assert.deepStrictEqual(yield* counts, made)
  })

  atIssuer("is done when the browser never fetches its last page", function* () {
    const leave = (back: URL) => Effect.promise(() => fetch(back, { redirect: "manual" }))
    const { exit, free } = yield* attempt(leave).pipe(Effect.timeout("15 seconds"))
    assert.deepStrictEqual([Exit.isSuccess(exit), free], [true, true])
  })

  atIssuer("is shown the same end when the page is loaded twice, and exchanges the code once", function* () {
    yield* (yield* issuer).failNext("exchange", Fault.delay("50 millis"))
    const { exit, seen } = yield* attempt((back) => Effect.all([agree(back), agree(back)], { concurrency: 2 }))
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(seen.map(statusesOf), [
      [302, 200],
      [302, 200]
    ])
    assert.strictEqual((yield* counts).exchange, 1)
  })
})

describe("what comes to the port", () => {
  atIssuer("with a wrong state is refused, and the right one still counts", function* () {
    const forged = "/auth/callback?error=access_denied&state=forged"
    const { exit, seen } = yield* attempt((back) => {
      const wrong = new URL(back)
      wrong.searchParams.set("state", "forged")
      const missing = new URL(back)
      missing.searchParams.delete("state")
      return Effect.map(Effect.forEach([wrong, missing, new URL(forged, back), back], agree), (all) => all.flat())
    })
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(statusesOf(seen), [400, 400, 400, 302, 200])
    assert.include(seen[0]?.body, "State mismatch")
  })

  atIssuer("and is no page of a sign-in changes nothing", function* () {
    const { exit, seen } = yield* attempt((back) =>
      Effect.forEach(
        [
          ...["/", "/success", "/favicon.ico", "/auth"].map((path) => ({ path, init: {} })),
          { path: back.href, init: { method: "POST", body: "code=1" } },
          { path: back.href, init: { method: "HEAD" } },
          // As a browser sends it for another site.
          { path: "/cancel", init: { headers: { "sec-fetch-site": "cross-site" } } },
          { path: back.href, init: {} }
        ],
        ({ init, path }) =>
          Effect.map(
            Effect.promise(() => fetch(new URL(path, back), init)),
            ({ status }) => status
          )
      )
    )
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual(seen, [404, 404, 404, 404, 405, 405, 403, 200])
  })

  const cancel = (back: URL) => visit(new URL("/cancel", back).href)
  const withCode = (code: string) => (back: URL) => {
    back.searchParams.set("code", code)
    return visit(back.href)
  }
  const refuse = Effect.flatMap(issuer, (fake) => fake.failNext("exchange", Fault.status(400)))

  atIssuer.each([
    ["a denial", behave({ consent: "deny" }), agree, "Denied", 403, "not granted"],
    ["no right to it", behave({ consent: "notEntitled" }), agree, "NotEntitled", 403, "not enabled for your workspace"],
    ["no code", behave({ consent: "noCode" }), agree, "NoCode", 400, "without a code"],
    ["a cancellation", Effect.void, cancel, "Cancelled", 200, ""],
    ["a refused exchange", refuse, agree, "Refused", 500, ""],
    ["another's code", Effect.void, withCode("ac_of_somebody_else"), "Refused", 500, ""]
  ] as const)("ends the sign-in with %s", function* ([, prepare, act, reason, status, text]) {
    yield* prepare
    const before = yield* stored
    const { exit, free, seen } = yield* attempt(act)
    assert.deepStrictEqual([reasonOf(exit), statusesOf(seen), free], [reason, [status], true])
    assert.include(seen[0]?.body, text)
    assert.strictEqual(yield* stored, before)
    assert.deepStrictEqual(yield* counts, { authorize: 1, ...(reason === "Refused" ? { exchange: 1 } : {}) })
  })

  atIssuer("with an error of its own words does not bring them anywhere", function* () {
    const { exit, log, seen } = yield* attempt((back) => {
      back.searchParams.set("error", "<script>alert(1)</script>")
      back.searchParams.set("error_description", "hunter2 missing_codex_entitlement")
      return visit(back.href)
    })
    assert.strictEqual(reasonOf(exit), "Denied")
    const told = `${JSON.stringify(exit)} ${log} ${seen[0]?.body}`
    for (const word of ["script>", "hunter2"]) assert.notInclude(told, word)
  })
})

describe("a port", () => {
  /** Another server on the port, which may give it up when asked to cancel. */
  const holder = (port: number, gives: boolean) => {
    const seen = { cancels: 0 }
    const server: Http.Server = Http.createServer((request, response) => {
      if (request.url === "/cancel") seen.cancels += 1
      response.end("bye", () => gives && server.close())
    })
    return Effect.as(
      listening(() => server, port),
      seen
    )
  }

  const on = (first: number, second: number) => memory({ loopback: { ports: [first, second] } })

  live.each([
    ["that an earlier sign-in holds is asked for and taken", true],
    ["that is not given up is left for the second one", false]
  ] as const)("%s", function* ([, gives]) {
    const [first = 0, second = 0] = yield* freePorts(2)
    const seen = yield* holder(first, gives)
    const { exit, port } = yield* attempt(agree).pipe(Effect.provide(on(first, second)))
    assert.isTrue(Exit.isSuccess(exit))
    assert.deepStrictEqual([port, seen.cancels], [gives ? first : second, 1])
  })

  live("is missing when both are held", function* () {
    const [first = 0, second = 0] = yield* freePorts(2)
    const one = yield* holder(first, false)
    const other = yield* holder(second, false)
    const error = yield* Effect.flip(signIn({ method: "browser" })).pipe(Effect.provide(on(first, second)))
    assert.strictEqual(`${error._tag} ${error.reason}`, "LoginError PortInUse")
    assert.include(error.message, `${first}, ${second}`)
    assert.deepStrictEqual([one.cancels, other.cancels], [1, 0])
  })

  live("that one sign-in holds is taken over by the next", function* () {
    const [first = 0, second = 0] = yield* freePorts(2)
    yield* Effect.gen(function* () {
      const waiting = yield* Effect.fork(Effect.flip(signInWithBrowser({ openBrowser: false })))
      yield* Effect.sleep("50 millis")
      const { exit, port } = yield* attempt(agree)
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(port, first)
      assert.strictEqual((yield* Fiber.join(waiting)).reason, "Cancelled")
    }).pipe(Effect.provide(on(first, second)))
  })
})

describe("an interruption", () => {
  const points = [
    ["waiting", null],
    ["waiting with a preconnected browser", null],
    ["exchanging", "exchange"],
    ["asking for an API key", "apiKey"]
  ] as const

  over(memory()).each(points)("while %s closes the port at once and stores nothing", function* ([point, endpoint]) {
    const before = yield* stored
    if (endpoint !== null) {
      yield* (yield* issuer).failNext(endpoint, endpoint === "exchange" ? Fault.hangAfterCommit : Fault.hang)
    }
    const address = yield* Deferred.make<string>()
    const browser = Browser.of({ open: (url) => Deferred.succeed(address, url) })
    const fiber = yield* Effect.fork(signInWithBrowser().pipe(Effect.provideService(Browser, browser)))
    const back = yield* redirectOf(yield* Deferred.await(address))
    const page = endpoint === null ? null : yield* Effect.fork(visit(back.href))
    if (point === "waiting with a preconnected browser") {
      yield* Effect.async<void>((resume) => {
        Http.get({ port: back.port, path: "/", agent: new Http.Agent({ keepAlive: true }) }, (response) => {
          response.resume()
          resume(Effect.void)
        })
      })
    }
    if (endpoint !== null) yield* eventually(Effect.map(counts, (made) => Option.fromNullable(made[endpoint])))
    // The clock does not move: nothing is waited for.
    yield* Fiber.interrupt(fiber)
    assert.isTrue(yield* isFree(Number(back.port)))
    assert.strictEqual(yield* stored, before)
    if (page !== null) assert.deepStrictEqual(statusesOf(yield* Fiber.join(page)), [500])
  })

  atIssuer("of the flow's owner shows a page of failure to a browser that waits", function* () {
    const page = yield* Effect.scoped(
      Effect.gen(function* () {
        const { callback, url } = yield* (yield* SignIn).browser
        const visiting = yield* Effect.forkDaemon(agree(yield* redirectOf(url)))
        yield* callback
        return visiting
      })
    )
    assert.deepStrictEqual(statusesOf(yield* Fiber.join(page)), [500])
  })

  atIssuer("while it is stored leaves the whole new record", function* () {
    const started = yield* Deferred.make<void>()
    const inner = yield* AuthSession
    const before = yield* stored
    const slow = AuthSession.of({
      ...inner,
      signIn: (record) =>
        Effect.uninterruptible(
          Effect.zipRight(Deferred.succeed(started, undefined), Effect.delay(inner.signIn(record), "50 millis"))
        )
    })
    const context = yield* Effect.context<FakeIssuer.FakeIssuer>()
    const browser = Browser.of({
      open: (url) => Effect.as(Effect.forkDaemon(Effect.provide(Effect.flatMap(redirectOf(url), agree), context)), true)
    })
    const fiber = yield* Effect.fork(
      signInWithBrowser().pipe(Effect.provideService(AuthSession, slow), Effect.provideService(Browser, browser))
    )
    yield* Deferred.await(started)
    yield* Fiber.interrupt(fiber)
    const after = yield* stored
    assert.notStrictEqual(after, before)
    assert.strictEqual(JSON.parse(after).auth_mode, "chatgpt")
  })
})

describe("a limit", () => {
  over(memory())("of ten minutes ends a sign-in that nobody finishes", function* () {
    const dialog = yield* ScriptedDialog.ScriptedDialog
    const fiber = yield* Effect.fork(Effect.flip(signIn({ method: "browser", openBrowser: false })))
    const url = yield* eventually(Effect.map(dialog.notices, (notices) => Option.fromNullable(notices[1])))
    const port = Number(new URL(new URL(Option.getOrThrow(url)).searchParams.get("redirect_uri") ?? "").port)
    yield* TestClock.adjust("9 minutes")
    assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
    assert.isFalse(yield* isFree(port))
    yield* TestClock.adjust("1 minute")
    assert.strictEqual((yield* Fiber.join(fiber)).reason, "Expired")
    assert.isTrue(yield* isFree(port))
    assert.strictEqual(Duration.toMinutes(loginLimits.browser), 10)
  })
})

describe("a store that can't be written", () => {
  const reason = "PermissionDenied"
  const denied = new CredentialStoreError({ operation: "write", reason, location: "memory", detail: null })

  liveOver(
    Layer.effect(
      CredentialStore,
      Effect.map(CredentialStore, (store) => ({ ...store, checkWritable: Effect.fail(denied) }))
    ).pipe(Layer.provideMerge(memory()))
  )("is noticed before anybody is asked to sign in", function* () {
    const error = yield* Effect.flip(signIn({ method: "browser" }))
    assert.strictEqual(`${error._tag} ${error.reason}`, "AuthError NotWritable")
    assert.deepStrictEqual(yield* (yield* ScriptedDialog.ScriptedDialog).transcript, [])
  })
})
