/** The server on this machine that the browser comes back to. It serves one sign-in. */
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import { oauthCode } from "../../contracts/LoginApi.js"
import { LoginError } from "../../domain/LoginError.js"

/** The ports to listen on, by preference. Each is tried `attempts` times, `pause` apart. */
export interface LoopbackOptions {
  readonly ports: readonly [number, ...ReadonlyArray<number>]
  readonly attempts: number
  readonly pause: Duration.DurationInput
}

/** `code` is what the browser brought. `answer` shows it the outcome, and waits until it has the page. */
export interface Arrival {
  readonly code: Redacted.Redacted
  readonly answer: (outcome: "signedIn" | "failed") => Effect.Effect<void>
}

export interface CallbackServer {
  readonly port: number
  readonly redirectUri: string
  readonly arrival: Effect.Effect<Arrival, LoginError>
}

const host = "127.0.0.1"

class ListenError extends Data.TaggedError("ListenError")<{ readonly inUse: boolean }> {}

interface Listening {
  readonly server: Http.Server
  readonly port: number
}

const listen = (port: number): Effect.Effect<Listening, ListenError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Http.Server, ListenError>((resume) => {
      const server = Http.createServer()
      server.once("error", (error: NodeJS.ErrnoException) =>
        resume(Effect.fail(new ListenError({ inUse: error.code === "EADDRINUSE" })))
      )
      server.listen({ port, host, exclusive: true }, () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ).pipe(
    Effect.map((server) => {
      const address = server.address()
      return { server, port: typeof address === "object" && address !== null ? address.port : port }
    })
  )

/** Asks an earlier sign-in that still listens on the port to end. The request uses no proxy. */
const cancelHolder = (port: number): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const request = Http.get({ host, port, path: "/cancel", agent: false }, (response) => {
      response.resume()
      response.once("close", () => resume(Effect.void))
    })
    request.once("error", () => resume(Effect.void))
    return Effect.sync(() => request.destroy())
  }).pipe(Effect.timeoutOption("2 seconds"), Effect.asVoid)

/** The first port that becomes free. The holder of the preferred one is asked once to give it up. */
const listenOnLoopback = ({ attempts, pause, ports: [first, ...others] }: LoopbackOptions) => {
  const whileInUse = {
    schedule: Schedule.intersect(Schedule.spaced(pause), Schedule.recurs(attempts - 1)),
    while: (error: ListenError) => error.inUse
  }
  const onFirst = Effect.catchIf(
    listen(first),
    (error) => error.inUse,
    () => Effect.zipRight(cancelHolder(first), Effect.retry(listen(first), whileInUse))
  )
  return others.reduce((found, port) => Effect.orElse(found, () => Effect.retry(listen(port), whileInUse)), onFirst)
}

interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  connection: "close"
}

/** A page repeats nothing of its request, loads nothing and runs nothing. */
const page = (status: number, title: string, text: string): Page => ({
  status,
  headers,
  body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
</head>
<body><h1>${title}</h1><p>${text}</p></body>
</html>
`
})

const pages = {
  signedIn: page(200, "You are signed in", "You can close this page and go back to the terminal."),
  failed: page(500, "The sign-in did not succeed", "Nothing was stored. The terminal says why."),
  cancelled: page(200, "The sign-in was cancelled", "Nothing was stored. You can close this page."),
  denied: page(
    403,
    "The sign-in was not granted",
    "Nothing was stored. Start again from the terminal if this was a mistake."
  ),
  notEntitled: page(
    403,
    "Codex is not enabled for your workspace",
    "Ask the administrator of your workspace for access to Codex, or sign in to another workspace."
  ),
  noCode: page(400, "The sign-in page came back without a code", "Nothing was stored. Start again from the terminal."),
  stateMismatch: page(400, "State mismatch", "This page does not belong to the sign-in that is waiting here."),
  notAllowed: page(405, "Not allowed", "This address only shows pages."),
  foreign: page(403, "Not from here", "Another site asked for this page."),
  notFound: page(404, "Not found", "There is nothing here."),
  /** To the page of success, whose address does not hold the code. */
  toSuccess: { status: 302, headers: { ...headers, location: "/success" }, body: "" }
} as const

const send = (response: Http.ServerResponse, { body, headers, status }: Page): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    if (response.destroyed) return resume(Effect.void)
    response.once("close", () => resume(Effect.void))
    response.writeHead(status, headers)
    response.end(body)
  })

/** Gives the browser a moment to fetch its last page, in an uninterruptible region as well. */
const briefly = (wait: Effect.Effect<void>): Effect.Effect<void> =>
  wait.pipe(Effect.interruptible, Effect.timeoutOption("3 seconds"), Effect.asVoid)

/** Whether another site made the browser send the request, which the browser says in its headers. */
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
    const { port, server } = yield* Effect.mapError(listenOnLoopback(options), () =>
      LoginError.of("PortInUse", "start", options.ports.join(", "))
    )
    const arrived = yield* Deferred.make<Redacted.Redacted, LoginError>()
    const outcome = yield* Deferred.make<"signedIn" | "failed">()
    const lastPage = yield* Deferred.make<void>()
    // Browser tabs that wait for the outcome, or were redirected and have not shown the last page. Node runs one handler
    // at a time.
    let tabs = 0

    const end = (reason: LoginError["reason"], shown: Page, detail?: string | null) =>
      Effect.as(Deferred.fail(arrived, LoginError.of(reason, "callback", detail)), shown)

    const callback = (query: URLSearchParams): Effect.Effect<Page> => {
      if (query.get("state") !== state) return Effect.succeed(pages.stateMismatch)
      const error = query.get("error")
      if (error !== null) {
        return error === "access_denied" && (query.get("error_description") ?? "").includes("missing_codex_entitlement")
          ? end("NotEntitled", pages.notEntitled)
          : end("Denied", pages.denied, oauthCode(error))
      }
      const code = query.get("code") ?? ""
      if (code === "") return end("NoCode", pages.noCode)
      // A page that is loaded twice waits for the same outcome.
      tabs += 1
      return Deferred.succeed(arrived, Redacted.make(code)).pipe(
        Effect.zipRight(Deferred.await(outcome)),
        Effect.map((how) => (how === "signedIn" ? pages.toSuccess : pages.failed))
      )
    }

    const success = Effect.flatMap(
      Deferred.poll(outcome),
      Option.match({
        onNone: () => Effect.succeed<Page>(pages.notFound),
        onSome: Effect.map((how): Page => (how === "signedIn" ? pages.signedIn : pages.notFound))
      })
    )

    const pageFor = (request: Http.IncomingMessage): Effect.Effect<Page> => {
      if (request.method !== "GET") return Effect.succeed(pages.notAllowed)
      const base = `http://${host}:${port}`
      const target = request.url ?? ""
      if (!URL.canParse(target, base)) return Effect.succeed(pages.notFound)
      const url = new URL(target, base)
      switch (url.pathname) {
        case "/auth/callback":
          return callback(url.searchParams)
        case "/cancel":
          return isForeign(request, port) ? Effect.succeed(pages.foreign) : end("Cancelled", pages.cancelled)
        case "/success":
          return success
        default:
          return Effect.succeed(pages.notFound)
      }
    }

    const handlers = yield* FiberSet.make<void>()
    const run = yield* FiberSet.runtime(handlers)<never>()
    server.on("request", (request, response) => {
      run(
        Effect.gen(function* () {
          const shown = yield* pageFor(request)
          yield* send(response, shown)
          if (shown === pages.signedIn && --tabs <= 0) yield* Deferred.succeed(lastPage, undefined)
        })
      )
    })
    const answered = (how: "signedIn" | "failed") =>
      Effect.zipRight(
        Deferred.succeed(outcome, how),
        briefly(how === "signedIn" ? Deferred.await(lastPage) : FiberSet.awaitEmpty(handlers))
      )
    yield* Effect.addFinalizer(() => answered("failed"))

    return {
      port,
      redirectUri: `http://${host}:${port}/auth/callback`,
      arrival: Effect.map(Deferred.await(arrived), (code) => ({ code, answer: answered }))
    }
  })
