/** Websockets on a unix socket. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import type * as Http from "node:http"
import * as Net from "node:net"
import * as Path from "node:path"
import { listening } from "./httpServer.js"
import { ListenError } from "./listenUrl.js"
import { withStartupLock } from "./startupLock.js"

/** The longest path that every system takes for a socket. */
const longestPath = process.platform === "linux" ? 107 : 103

/** Where the socket is when no path is given. */
export const defaultSocketPath = (codexHome: string): string =>
  Path.join(codexHome, "app-server-control", "app-server-control.sock")

const attempt = <A>(run: () => A): Either.Either<A, string> =>
  Either.try({
    try: run,
    catch: (error) => (error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN")
  })

const failed = (path: string, what: string) => (code: string) =>
  new ListenError({ message: `can't listen on unix://${path}: ${what} (${code})` })

/** Whether somebody answers on the socket. Who can't be asked counts as there. */
const answers = (path: string): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const socket = Net.connect(path)
    socket.once("connect", () => resume(Effect.succeed(true)))
    socket.once("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.succeed(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"))
    )
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutTo({ duration: "1 second", onTimeout: () => true, onSuccess: (there) => there }))

/** Fails when the place is taken: by a socket that answers, or by something else. */
const checkPlace = (path: string): Effect.Effect<void, ListenError> =>
  Effect.gen(function* () {
    const present = yield* Either.mapLeft(
      attempt(() => Fs.lstatSync(path, { throwIfNoEntry: false })),
      failed(path, "its place can't be looked at")
    )
    if (present === undefined) return
    if (!present.isSocket()) {
      return yield* new ListenError({
        message: `app-server control socket path exists and is not a socket: ${path}`
      })
    }
    if (yield* answers(path)) {
      return yield* new ListenError({ message: `app-server control socket is already in use at ${path}` })
    }
  })

/** The socket is there for its owner alone from its first moment. */
const listenPrivately = (server: Http.Server, path: string): void => {
  const mask = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(mask)
  }
}

/**
 * Listens until the scope closes, then takes the socket away. One that nobody answers on is replaced. A folder that has to
 * be made is for its owner alone.
 *
 * The socket is made beside its place and moved there as a whole, so that clients find the old one or the new one.
 */
export const listenOnSocket = (
  given: string
): Effect.Effect<{ readonly server: Http.Server; readonly url: string }, ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const path = Path.resolve(given)
    const folder = Path.dirname(path)
    const fresh = Path.join(folder, `.${process.pid}`)
    const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(fresh))
    if (longest > longestPath) {
      return yield* new ListenError({
        message: `invalid unix socket --listen URL \`unix://${given}\`; failed to resolve socket path: it is longer than ${longestPath} bytes`
      })
    }
    yield* Either.mapLeft(
      attempt(() => Fs.mkdirSync(folder, { recursive: true, mode: 0o700 })),
      failed(path, "its folder can't be made")
    )
    const listen = Effect.gen(function* () {
      yield* checkPlace(path)
      const server = yield* listening((server) => {
        Fs.rmSync(fresh, { force: true })
        listenPrivately(server, fresh)
      }).pipe(Effect.mapError(failed(path, "no socket can be made there")))
      yield* Effect.acquireRelease(
        Either.mapLeft(
          attempt(() => {
            Fs.renameSync(fresh, path)
            return Fs.lstatSync(path).ino
          }),
          failed(path, "no socket can be put there")
        ),
        (own) =>
          Effect.sync(() => {
            // Somebody may have put another one there.
            const removed = attempt(() => {
              if (Fs.lstatSync(path, { throwIfNoEntry: false })?.ino === own) Fs.unlinkSync(path)
            })
            return removed
          })
      )
      return { server, url: `unix://${path}` }
    })
    return yield* withStartupLock(Path.join(folder, "app-server-startup.lock"), listen)
  })
