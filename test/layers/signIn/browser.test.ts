import { assert, describe, it } from "@effect/vitest"
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
import { AuthSession } from "../../../src/services/AuthSession.js"
import { Browser } from "../../../src/services/Browser.js"
import { CredentialStore, CredentialStoreError } from "../../../src/services/CredentialStore.js"
import { SignIn } from "../../../src/services/SignIn.js"
import { type FakeIssuer, Fault, ScriptedDialog } from "../../../src/testing/index.js"
import {
  behave,
  counts,
  freePorts,
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

/** The program, with a person who does `act` with the address; gives how both ended. */
const attempt = <A, R>(act: (url: string) => Effect.Effect<A, never, R>, options: { readonly apiKey?: boolean } = {}) =>
  Effect.gen(function* () {
    const pages = yield* Deferred.make<A>()
    const address = yield* Deferred.make<string>()
    const context = yield* Effect.context<R>()
    const browser = Browser.of({
      open: (url) =>
        Effect.zipRight(
          Deferred.succeed(address, url),
          Effect.as(Effect.forkDaemon(Deferred.complete(pages, Effect.provide(act(url), context))), true)
        )
    })
    const [exit, log] = yield* logged(
      Effect.exit(signInWithBrowser(options).pipe(Effect.provideService(Browser, browser)))
    )
    const url = yield* Deferred.await(address)
    const port = Number(new URL(new URL(url).searchParams.get("redirect_uri") ?? "").port)
    return { exit, log, url, port, seen: yield* Deferred.await(pages), free: yield* isFree(port) }
  })

/** Agrees at the sign-in page and follows it back. */
const agree = (url: string) => Effect.flatMap(redirectOf(url), (back) => visit(back.href))

const reasonOf = (exit: Exit.Exit<unknown, { readonly reason: string }>): string =>
  Exit.match(exit, {
    onSuccess: () => "success",
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), { onNone: () => "no failure", onSome: (error) => error.reason })
  })

const pagesOf = (visits: ReadonlyArray<Visit>): string => visits.map(({ body, url }) => `${url} ${body}`).join("\n")

describe("the sign-in page", () => {
  it.live("is asked for with the parameters of the Codex CLI, in its order", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.provide(memory()))
  )

  it.live("is told the workspaces that are allowed, and no two sign-ins share a secret", () =>
    Effect.gen(function* () {
      const first = new URL((yield* attempt(agree)).url).searchParams
      const second = new URL((yield* attempt(agree)).url).searchParams
      assert.strictEqual(first.get("allowed_workspace_id"), "a,00000000-1111-4222-8333-444444444444")
      assert.notStrictEqual(first.get("state"), second.get("state"))
      assert.notStrictEqual(first.get("code_challenge"), second.get("code_challenge"))
    }).pipe(Effect.provide(memory({ settings: { forcedWorkspaces: ["a", "00000000-1111-4222-8333-444444444444"] } })))
  )

  it.live("is shown where no browser opens, and is not opened where that is not wanted", () =>
    Effect.gen(function* () {
      const dialog = yield* ScriptedDialog.ScriptedDialog
      const unopened = (options: { readonly openBrowser?: boolean }) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(signInWithBrowser(options))
          yield* Effect.sleep("50 millis")
          yield* Fiber.interrupt(fiber)
          return yield* dialog.notices
        })
      const notices = yield* unopened({})
      assert.match(notices[1] ?? "", /^http:\/\/codex\.fake\.test\/oauth\/authorize\?/)
      assert.include(notices[2], "No browser could be opened")
      assert.strictEqual((yield* unopened({ openBrowser: false })).length, 5)
    }).pipe(Effect.provide(memory()))
  )
})

describe("a sign-in", () => {
  it.live("stores the session, shows a plain page without the code in its address, and closes the port", () =>
    Effect.gen(function* () {
      const { exit, free, log, seen } = yield* attempt(agree)
      assert.isTrue(Exit.isSuccess(exit))
      assert.isTrue(free)
      assert.deepStrictEqual(
        seen.map(({ status }) => status),
        [302, 200]
      )
      assert.match(seen[1]?.url ?? "", /^http:\/\/127\.0\.0\.1:\d+\/success$/)
      assert.include(seen[1]?.body, "You are signed in")
      const record = JSON.parse(yield* stored)
      assert.deepStrictEqual([record.auth_mode, record.OPENAI_API_KEY], ["chatgpt", null])
      assert.deepStrictEqual(yield* counts, { authorize: 1, exchange: 1, apiKey: 1 })
      // The first address is the one that the issuer made: it has to hold the code.
      const told = `${log} ${pagesOf(seen).replace(seen[0]?.url ?? "", "")}`
      for (const known of yield* secrets) assert.notInclude(told, known)
    }).pipe(Effect.provide(memory({ signedOut: true })))
  )

  it.live("stores the API key of the account where it has one", () =>
    Effect.gen(function* () {
      yield* attempt(agree)
      assert.match(JSON.parse(yield* stored).OPENAI_API_KEY, /^sk-fake-/)
      assert.strictEqual((yield* (yield* AuthSession).current).mode, "chatgpt")
    }).pipe(Effect.provide(memory({ issuer: { apiKeys: true } })))
  )

  it.live("asks for no API key where none is wanted", () =>
    Effect.gen(function* () {
      yield* attempt(agree, { apiKey: false })
      assert.isNull(JSON.parse(yield* stored).OPENAI_API_KEY)
      assert.deepStrictEqual(yield* counts, { authorize: 1, exchange: 1 })
    }).pipe(Effect.provide(memory({ issuer: { apiKeys: true } })))
  )

  it.live("goes without an API key when asking for one fails", () =>
    Effect.gen(function* () {
      yield* (yield* issuer).failNext("apiKey", Fault.status(500))
      const { exit } = yield* attempt(agree)
      assert.isTrue(Exit.isSuccess(exit))
      assert.isNull(JSON.parse(yield* stored).OPENAI_API_KEY)
    }).pipe(Effect.provide(memory({ issuer: { apiKeys: true } })))
  )

  it.live("is done when the browser never fetches its last page", () =>
    Effect.gen(function* () {
      const { exit, free } = yield* attempt((url) =>
        Effect.flatMap(redirectOf(url), ({ href }) => Effect.promise(() => fetch(href, { redirect: "manual" })))
      ).pipe(Effect.timeout("5 seconds"))
      assert.isTrue(Exit.isSuccess(exit))
      assert.isTrue(free)
    }).pipe(Effect.provide(memory()))
  )

  it.live("is shown the same end when the page is loaded twice, and exchanges the code once", () =>
    Effect.gen(function* () {
      yield* (yield* issuer).failNext("exchange", Fault.delay("50 millis"))
      const { exit, seen } = yield* attempt((url) =>
        Effect.flatMap(redirectOf(url), ({ href }) => Effect.all([visit(href), visit(href)], { concurrency: 2 }))
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(
        seen.map((visits) => visits[0]?.status),
        [302, 302]
      )
      assert.strictEqual((yield* counts).exchange, 1)
    }).pipe(Effect.provide(memory()))
  )
})

describe("what comes to the port", () => {
  it.live("with a wrong state is refused, and the right one still counts", () =>
    Effect.gen(function* () {
      const { exit, seen } = yield* attempt((url) =>
        Effect.gen(function* () {
          const back = yield* redirectOf(url)
          const wrong = new URL(back)
          wrong.searchParams.set("state", "forged")
          const missing = new URL(back)
          missing.searchParams.delete("state")
          const error = new URL("/auth/callback?error=access_denied&state=forged", back)
          const visits = yield* Effect.forEach([wrong, missing, error], ({ href }) => visit(href))
          return [...visits.flat(), ...(yield* visit(back.href))]
        })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(
        seen.map(({ status }) => status),
        [400, 400, 400, 302, 200]
      )
      assert.include(seen[0]?.body, "State mismatch")
    }).pipe(Effect.provide(memory()))
  )

  it.live("and is no page of a sign-in changes nothing", () =>
    Effect.gen(function* () {
      const { exit, seen } = yield* attempt((url) =>
        Effect.gen(function* () {
          const back = yield* redirectOf(url)
          const statuses = yield* Effect.forEach(["/", "/success", "/favicon.ico", "/auth"], (path) =>
            Effect.map(visit(new URL(path, back).href), (visits) => visits[0]?.status)
          )
          const post = yield* Effect.promise(() => fetch(back.href, { method: "POST", body: "code=1" }))
          const head = yield* Effect.promise(() => fetch(back.href, { method: "HEAD" }))
          // As a browser sends it for another site.
          const foreign = yield* Effect.promise(() =>
            fetch(new URL("/cancel", back), { headers: { "sec-fetch-site": "cross-site" } })
          )
          yield* visit(back.href)
          return [...statuses, post.status, head.status, foreign.status]
        })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(seen, [404, 404, 404, 404, 405, 405, 403])
    }).pipe(Effect.provide(memory()))
  )

  it.live.each([
    ["deny", "Denied", 403, "not granted"],
    ["notEntitled", "NotEntitled", 403, "not enabled for your workspace"],
    ["noCode", "NoCode", 400, "without a code"]
  ] as const)("after %s ends the sign-in", ([consent, reason, status, text]) =>
    Effect.gen(function* () {
      yield* behave({ consent })
      const before = yield* stored
      const { exit, free, seen } = yield* attempt(agree)
      assert.strictEqual(reasonOf(exit), reason)
      assert.deepStrictEqual(
        seen.map(({ status }) => status),
        [status]
      )
      assert.include(seen[0]?.body, text)
      assert.strictEqual(yield* stored, before)
      assert.isTrue(free)
      assert.deepStrictEqual(yield* counts, { authorize: 1 })
    }).pipe(Effect.provide(memory()))
  )

  it.live("with an error of its own words does not bring them anywhere", () =>
    Effect.gen(function* () {
      const { exit, log, seen } = yield* attempt((url) =>
        Effect.flatMap(redirectOf(url), (back) => {
          back.searchParams.set("error", "<script>alert(1)</script>")
          back.searchParams.set("error_description", "hunter2 missing_codex_entitlement")
          return visit(back.href)
        })
      )
      assert.strictEqual(reasonOf(exit), "Denied")
      const told = `${JSON.stringify(exit)} ${log} ${seen[0]?.body}`
      assert.notInclude(told, "script>")
      assert.notInclude(told, "hunter2")
    }).pipe(Effect.provide(memory()))
  )

  it.live("and cancels ends the sign-in", () =>
    Effect.gen(function* () {
      const before = yield* stored
      const { exit, free, seen } = yield* attempt((url) =>
        Effect.flatMap(redirectOf(url), (back) => visit(new URL("/cancel", back).href))
      )
      assert.strictEqual(reasonOf(exit), "Cancelled")
      assert.strictEqual(seen[0]?.status, 200)
      assert.strictEqual(yield* stored, before)
      assert.isTrue(free)
    }).pipe(Effect.provide(memory()))
  )

  it.live.each([
    ["the exchange is refused", (fake: FakeIssuer.FakeIssuerService) => fake.failNext("exchange", Fault.status(400))],
    [
      "it is another's code",
      (fake: FakeIssuer.FakeIssuerService) => fake.update((state) => ({ ...state, serial: 500 }))
    ]
  ] as const)("gets a page of failure when %s", ([name, spoil]) =>
    Effect.gen(function* () {
      const before = yield* stored
      yield* spoil(yield* issuer)
      const { exit, seen } = yield* attempt((url) =>
        Effect.flatMap(redirectOf(url), (back) => {
          if (name.includes("another")) back.searchParams.set("code", "ac_of_somebody_else")
          return visit(back.href)
        })
      )
      assert.strictEqual(reasonOf(exit), "Refused")
      assert.strictEqual(seen[0]?.status, 500)
      assert.strictEqual(yield* stored, before)
    }).pipe(Effect.provide(memory()))
  )
})

describe("a port", () => {
  /** Somebody else on the port, who may give it up when asked to cancel. */
  const holder = (port: number, gives: boolean) =>
    Effect.acquireRelease(
      Effect.async<{ readonly cancels: () => number }>((resume) => {
        let cancels = 0
        const server = Http.createServer((request, response) => {
          if (request.url === "/cancel") cancels += 1
          response.end("bye", () => gives && server.close())
        })
        release.set(port, server)
        server.listen({ port, host: "127.0.0.1" }, () => resume(Effect.succeed({ cancels: () => cancels })))
      }),
      () =>
        Effect.async<void>((resume) => {
          const server = release.get(port)
          server?.close(() => resume(Effect.void))
          server?.closeAllConnections()
        })
    )
  const release = new Map<number, Http.Server>()

  const on = (first: number, second: number) => memory({ loopback: { ports: [first, second] } })

  it.scopedLive("that an earlier sign-in holds is asked for and taken", () =>
    Effect.gen(function* () {
      const [first = 0, second = 0] = yield* freePorts(2)
      const { cancels } = yield* holder(first, true)
      const { exit, port } = yield* attempt(agree).pipe(Effect.provide(on(first, second)))
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual([port, cancels()], [first, 1])
    })
  )

  it.scopedLive("that is not given up is left for the second one", () =>
    Effect.gen(function* () {
      const [first = 0, second = 0] = yield* freePorts(2)
      const { cancels } = yield* holder(first, false)
      const { exit, port } = yield* attempt(agree).pipe(Effect.provide(on(first, second)))
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual([port, cancels()], [second, 1])
    })
  )

  it.scopedLive("is missing when both are held", () =>
    Effect.gen(function* () {
      const [first = 0, second = 0] = yield* freePorts(2)
      const one = yield* holder(first, false)
      const other = yield* holder(second, false)
      const error = yield* Effect.flip(signIn({ method: "browser" })).pipe(Effect.provide(on(first, second)))
      assert.strictEqual(`${error._tag} ${error.reason}`, "LoginError PortInUse")
      assert.include(error.message, `${first}, ${second}`)
      assert.deepStrictEqual([one.cancels(), other.cancels()], [1, 0])
    })
  )

  it.live("that one sign-in holds is taken over by the next", () =>
    Effect.gen(function* () {
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
  )
})

describe("an interruption", () => {
  type Point = "waiting" | "exchanging" | "asking for an API key" | "waiting with a preconnected browser"

  it.live.each([
    ["waiting"],
    ["waiting with a preconnected browser"],
    ["exchanging"],
    ["asking for an API key"]
  ] as ReadonlyArray<readonly [Point]>)("while %s closes the port at once and stores nothing", ([point]) =>
    Effect.gen(function* () {
      const before = yield* stored
      const fake = yield* issuer
      if (point === "exchanging") yield* fake.failNext("exchange", Fault.hangAfterCommit)
      if (point === "asking for an API key") yield* fake.failNext("apiKey", Fault.hang)
      const address = yield* Deferred.make<string>()
      const browser = Browser.of({ open: (url) => Deferred.succeed(address, url) })
      const fiber = yield* Effect.fork(signInWithBrowser().pipe(Effect.provideService(Browser, browser)))
      const url = yield* Deferred.await(address)
      const back = yield* redirectOf(url)
      const page = point.startsWith("waiting") ? undefined : yield* Effect.fork(visit(back.href))
      if (point.includes("preconnected")) {
        yield* Effect.promise(
          () =>
            new Promise<void>((resolve) => {
              Http.get({ port: back.port, path: "/", agent: new Http.Agent({ keepAlive: true }) }, (response) => {
                response.resume()
                resolve()
              })
            })
        )
      }
      yield* Effect.sleep("50 millis")
      if (page !== undefined) assert.isDefined((yield* counts)[point === "exchanging" ? "exchange" : "apiKey"])
      const [took] = yield* Effect.timed(Fiber.interrupt(fiber))
      assert.isBelow(Duration.toMillis(took), 800)
      assert.isTrue(yield* isFree(Number(back.port)))
      assert.strictEqual(yield* stored, before)
      if (page !== undefined) {
        assert.deepStrictEqual(
          (yield* Fiber.join(page)).map(({ status }) => status),
          [500]
        )
      }
    }).pipe(Effect.provide(memory()))
  )

  it.live("of whoever holds the flow shows a page of failure to a browser that waits", () =>
    Effect.gen(function* () {
      const flow = yield* SignIn
      const page = yield* Effect.scoped(
        Effect.gen(function* () {
          const { callback, url } = yield* flow.browser
          const back = yield* redirectOf(url)
          const visiting = yield* Effect.forkDaemon(visit(back.href))
          yield* callback
          return visiting
        })
      )
      assert.deepStrictEqual(
        (yield* Fiber.join(page)).map(({ status }) => status),
        [500]
      )
    }).pipe(Effect.provide(memory()))
  )

  it.live("while it is stored leaves the whole new record", () =>
    Effect.gen(function* () {
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
        open: (url) => Effect.as(Effect.forkDaemon(Effect.provide(agree(url), context)), true)
      })
      const fiber = yield* Effect.fork(
        signInWithBrowser().pipe(Effect.provideService(AuthSession, slow), Effect.provideService(Browser, browser))
      )
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      const after = yield* stored
      assert.notStrictEqual(after, before)
      assert.strictEqual(JSON.parse(after).auth_mode, "chatgpt")
    }).pipe(Effect.provide(memory()))
  )
})

describe("a limit", () => {
  const eventually = <A, E, R>(ready: Effect.Effect<Option.Option<A>, E, R>) =>
    TestServices.provideLive(
      Effect.repeat(Effect.delay(ready, "5 millis"), { until: Option.isSome }).pipe(Effect.timeout("5 seconds"))
    )

  it.effect("of ten minutes ends a sign-in that nobody finishes", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.provide(memory()))
  )
})

describe("a store that can't be written", () => {
  const denied = new CredentialStoreError({
    operation: "write",
    reason: "PermissionDenied",
    location: "memory",
    detail: null
  })

  it.live("is noticed before anybody is asked to sign in", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(signIn({ method: "browser" }))
      assert.strictEqual(`${error._tag} ${error.reason}`, "AuthError NotWritable")
      assert.deepStrictEqual(yield* (yield* ScriptedDialog.ScriptedDialog).transcript, [])
    }).pipe(
      Effect.provide(
        Layer.effect(
          CredentialStore,
          Effect.map(CredentialStore, (store) => ({
            ...store,
            checkWritable: Effect.fail(denied)
          }))
        ).pipe(Layer.provideMerge(memory()))
      )
    )
  )
})
