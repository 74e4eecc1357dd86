/** Listening on a port or on a unix socket. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as Http from "node:http"
import * as Net from "node:net"
import * as Path from "node:path"
import { isLoopback, type Listen, ListenError, socketAddress } from "./listenUrl.js"
import type { WsAuth } from "./wsAuth.js"

/** Listens until the scope closes, which breaks every connection. Fails with the code of the system error. */
const listening = (listen: (server: Http.Server) => void): Effect.Effect<Http.Server, string, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Net.Socket>()
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const server = Http.createServer()
        server.on("connection", (socket) => {
          sockets.add(socket)
          socket.once("close", () => sockets.delete(socket))
        })
        return server
      }),
      (server) =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    )
    yield* Effect.async<void, string>((resume) => {
      server.once("error", (error: NodeJS.ErrnoException) => resume(Effect.fail(error.code ?? "UNKNOWN")))
      server.once("listening", () => resume(Effect.void))
      listen(server)
    })
    // An error of one connection must not end the others.
    server.on("error", () => {})
    return server
  })

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is already in use",
  EACCES: "it may not be used",
  EADDRNOTAVAIL: "this machine has no such address"
}

/**
 * Listens until the scope closes; returns the server and its URL, with the actual port where 0 was given. An address that
 * other machines reach needs authentication.
 */
export const listenOnPort = (
  { host, port }: Extract<Listen, { _tag: "WebSocket" }>,
  auth: WsAuth
): Effect.Effect<{ readonly server: Http.Server; readonly url: string }, ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const address = socketAddress(host, port)
    if (!isLoopback(host) && auth._tag === "Open") {
      return yield* new ListenError({
        message: `refusing to start non-loopback websocket listener ${address} without auth; configure \`--ws-auth capability-token\` or \`--ws-auth signed-bearer-token\``
      })
    }
    const server = yield* listening((server) => server.listen({ host, port, exclusive: true })).pipe(
      Effect.mapError(
        (code) => new ListenError({ message: `can't listen on ws://${address}: ${reasons[code] ?? code}` })
      )
    )
    const found = server.address()
    return {
      server,
      url: `ws://${socketAddress(host, typeof found === "object" && found !== null ? found.port : port)}`
    }
  })

/** The longest path that every system takes for a socket. */
const longestPath = process.platform === "linux" ? 107 : 103

/** Where the socket is when no path is given. */
export const defaultSocketPath = (codexHome: string): string =>
  Path.join(codexHome, "app-server-control", "app-server-control.sock")

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN")

const attempt = <A>(run: () => A): Either.Either<A, string> => Either.try({ try: run, catch: codeOf })

const failed = (path: string, what: string) => (code: string) =>
  new ListenError({ message: `can't listen on unix://${path}: ${what} (${code})` })

/** A start takes milliseconds: a lock of this age was abandoned. */
const oldMillis = 30_000

const patience = "5 seconds"

/** Whether the process of the lock has ended. */
const isDead = (pid: number): boolean =>
  Either.match(Either.try({ try: () => process.kill(pid, 0), catch: codeOf }), {
    onLeft: (why) => why === "ESRCH",
    onRight: () => false
  })

const isAbandoned = (file: string, nowMillis: number): boolean =>
  Either.match(
    Either.try(() => ({ pid: Number(Fs.readFileSync(file, "utf8")), madeAt: Fs.statSync(file).mtimeMs })),
    // It was released meanwhile.
    {
      onLeft: () => false,
      onRight: ({ madeAt, pid }) =>
        Number.isInteger(pid) && (nowMillis - madeAt > oldMillis || (pid > 0 && isDead(pid)))
    }
  )

/** Whether the lock is one of ours: it holds the number of a process. */
const isOurs = (file: string): boolean =>
  Either.match(
    Either.try(() => Fs.readFileSync(file, "utf8")),
    { onLeft: () => true, onRight: (text) => /^\d*$/.test(text) }
  )

/** Renamed before it is removed, so that only one of several processes succeeds. */
const removeAbandoned = (file: string): void => {
  const aside = `${file}.${process.pid}`
  Fs.renameSync(file, aside)
  Fs.rmSync(aside, { force: true })
}

const take = (file: string): Effect.Effect<void, string> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.try({
      try: () => Fs.writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 }),
      catch: codeOf
    }).pipe(
      Effect.tapError((why) =>
        why === "EEXIST" && isAbandoned(file, now)
          ? Effect.ignore(Effect.try(() => removeAbandoned(file)))
          : Effect.void
      )
    )
  )

/** Runs with the lock file in place. Waits a few seconds for another process, and takes an abandoned lock over. */
const withStartupLock = <A, E, R>(file: string, self: Effect.Effect<A, E, R>): Effect.Effect<A, E | ListenError, R> =>
  Effect.acquireUseRelease(
    take(file).pipe(
      Effect.retry({
        schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo(patience)),
        while: (why) => why === "EEXIST"
      }),
      Effect.mapError((why) => {
        if (why !== "EEXIST") return new ListenError({ message: `the lock ${file} can't be made (${why})` })
        return new ListenError({
          message: isOurs(file)
            ? `another app-server is starting: it holds ${file}`
            : `the lock ${file} is another program's: remove it if no app-server is starting`
        })
      })
    ),
    () => self,
    () => Effect.ignore(Effect.try(() => Fs.rmSync(file, { force: true })))
  )

/** Whether a server answers on the socket; true when that can't be found out. */
const answers = (path: string): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const socket = Net.connect(path)
    socket.once("connect", () => resume(Effect.succeed(true)))
    socket.once("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.succeed(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"))
    )
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutTo({ duration: "1 second", onTimeout: () => true, onSuccess: (there) => there }))

/** Fails when the path is in use by a server that answers, or is not a socket. */
const checkPlace = (path: string): Effect.Effect<void, ListenError> =>
  Effect.gen(function* () {
    const present = yield* Either.mapLeft(
      attempt(() => Fs.lstatSync(path, { throwIfNoEntry: false })),
      failed(path, "its path can't be read")
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

/** Who can write to the folder can put another socket there, which clients would trust. */
const checkFolder = (path: string, folder: string): Effect.Effect<void, ListenError> =>
  Effect.gen(function* () {
    const { mode, uid } = yield* Either.mapLeft(
      attempt(() => Fs.statSync(folder)),
      failed(path, "its folder can't be read")
    )
    const own = process.geteuid?.()
    if (own === undefined) return
    const isShared = (mode & 0o022) !== 0 && (mode & 0o1000) === 0
    if (!isShared && (uid === own || uid === 0)) return
    return yield* new ListenError({
      message: `can't listen on unix://${path}: other users can write to its folder; make one with mode 0700`
    })
  })

/** Only its owner can connect, from the first moment. */
const listenPrivately = (server: Http.Server, path: string): void => {
  const mask = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(mask)
  }
}

/**
 * Listens until the scope closes, then removes the socket. One that no server answers on is replaced. A new folder is
 * private to its owner.
 *
 * The socket is created beside its path and renamed, so that clients always find the old one or the new one.
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
    yield* checkFolder(path, folder)
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
            // Another server may have replaced it.
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
