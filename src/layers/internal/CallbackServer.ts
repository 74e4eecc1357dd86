/** The server that the browser comes back to: one sign-in, then it is gone. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Http from "node:http"
import { LoginError } from "../../domain/LoginError.js"
import { type Page, pages, toSuccess } from "./callbackPages.js"
import { host, listenOnLoopback, type LoopbackOptions } from "./loopback.js"
import { oauthCode } from "./oauthCode.js"

/** `code` is what the browser brought. `answer` is shown to it, and waits until it has it. */
export interface Arrival {
  readonly code: Redacted.Redacted
  readonly answer: (outcome: "signedIn" | "failed") => Effect.Effect<void>
}

export interface CallbackServer {
  readonly port: number
  readonly redirectUri: string
  readonly arrival: Effect.Effect<Arrival, LoginError>
}

/** How long the browser may take to fetch its last page. */
const patience = "1 second"

/** Waits for the browser, and no longer than that, also where nothing may be interrupted. */
const patiently = (wait: Effect.Effect<void>): Effect.Effect<void> =>
  wait.pipe(Effect.interruptible, Effect.timeoutOption(patience), Effect.asVoid)

const send = (response: Http.ServerResponse, page: Page): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    if (response.destroyed) return resume(Effect.void)
    response.once("close", () => resume(Effect.void))
    response.writeHead(page.status, page.headers)
    response.end(page.body)
  })

/** Another site can make a browser ask this address, but not without the browser saying so. */
const isForeign = (request: Http.IncomingMessage, port: number): boolean => {
  const site = request.headers["sec-fetch-site"]
  const named = request.headers.host
  return (
    (site !== undefined && site !== "none" && site !== "same-origin") ||
    (named !== `${host}:${port}` && named !== `localhost:${port}`)
  )
}

/** Waits for the redirect that carries `state`, until the scope closes. */
export const makeCallbackServer = (
  state: string,
  options: LoopbackOptions
): Effect.Effect<CallbackServer, LoginError, Scope.Scope> =>
  Effect.gen(function* () {
    const { port, server } = yield* listenOnLoopback(options).pipe(
      Effect.mapError(() => LoginError.of("PortInUse", "start", options.ports.join(", ")))
    )
    const arrived = yield* Deferred.make<Redacted.Redacted, LoginError>()
    const outcome = yield* Deferred.make<"signedIn" | "failed">()
    const lastPage = yield* Deferred.make<void>()
    /** How many pages wait for the end, or were sent on from it and have not arrived. */
    let underWay = 0

    const end = (error: LoginError, page: Page) => Effect.as(Deferred.fail(arrived, error), page)

    const callback = (query: URLSearchParams): Effect.Effect<Page> => {
      if (query.get("state") !== state) return Effect.succeed(pages.stateMismatch)
      const error = query.get("error")
      if (error !== null) {
        return error === "access_denied" && (query.get("error_description") ?? "").includes("missing_codex_entitlement")
          ? end(LoginError.of("NotEntitled", "callback"), pages.notEntitled)
          : end(LoginError.of("Denied", "callback", oauthCode(error)), pages.denied)
      }
      const code = query.get("code") ?? ""
      if (code === "") return end(LoginError.of("NoCode", "callback"), pages.noCode)
      // A page that is loaded a second time waits for the same end.
      underWay += 1
      return Deferred.succeed(arrived, Redacted.make(code)).pipe(
        Effect.zipRight(Deferred.await(outcome)),
        Effect.map((how) => (how === "signedIn" ? toSuccess : pages.failed))
      )
    }

    const page = (request: Http.IncomingMessage): Effect.Effect<Page> => {
      if (request.method !== "GET") return Effect.succeed(pages.notAllowed)
      const base = `http://${host}:${port}`
      const target = request.url ?? ""
      if (!URL.canParse(target, base)) return Effect.succeed(pages.notFound)
      const url = new URL(target, base)
      switch (url.pathname) {
        case "/auth/callback":
          return callback(url.searchParams)
        case "/cancel":
          return isForeign(request, port)
            ? Effect.succeed(pages.foreign)
            : end(LoginError.of("Cancelled", "callback"), pages.cancelled)
        case "/success":
          return Effect.flatMap(
            Deferred.poll(outcome),
            Option.match({
              onNone: () => Effect.succeed(pages.notFound),
              onSome: Effect.map((how) => (how === "signedIn" ? pages.signedIn : pages.notFound))
            })
          )
        default:
          return Effect.succeed(pages.notFound)
      }
    }

    const handlers = yield* FiberSet.make<void>()
    const run = yield* FiberSet.runtime(handlers)<never>()
    server.on("request", (request, response) => {
      run(
        Effect.flatMap(page(request), (shown) =>
          Effect.zipRight(
            send(response, shown),
            Effect.suspend(() =>
              shown === pages.signedIn && --underWay <= 0 ? Deferred.succeed(lastPage, undefined) : Effect.void
            )
          )
        ).pipe(Effect.asVoid)
      )
    })
    yield* Effect.addFinalizer(() =>
      Deferred.succeed(outcome, "failed").pipe(Effect.zipRight(patiently(FiberSet.awaitEmpty(handlers))))
    )

    return {
      port,
      redirectUri: `http://${host}:${port}/auth/callback`,
      arrival: Effect.map(Deferred.await(arrived), (code) => ({
        code,
        answer: (how: "signedIn" | "failed") =>
          Deferred.succeed(outcome, how).pipe(
            Effect.zipRight(patiently(how === "signedIn" ? Deferred.await(lastPage) : FiberSet.awaitEmpty(handlers)))
          )
      }))
    }
  })
