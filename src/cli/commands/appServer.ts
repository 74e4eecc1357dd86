/**
 * `codex-account app-server`.
 *
 * It is carried out without `@effect/cli`, which would make a client wait for its first answer.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { maxMessageBytes } from "../../app-server/protocol/maxMessageBytes.js"
import { shellWords } from "../../domain/shellWords.js"
import type { AppServer } from "../../app-server/server/AppServer.js"
import { type Listen, type ListenError, parseListenUrl } from "../../app-server/transports/listenUrl.js"
import { drain, type Ending, serveUntil, type Signal } from "../../app-server/transports/serveUntil.js"
import type { WsAuthFlags } from "../../app-server/transports/wsAuthFlags.js"
import { AccountConfig } from "../../services/AccountConfig.js"
import { withServerLogs } from "../appServerLogs.js"
import { BadUsage } from "../BadUsage.js"
import { layerAppServer } from "../composeAppServer.js"
import type { ServerOptions } from "../composeAppServerParts.js"
import { ExitCode } from "../exitCodes.js"
import { Report } from "../Report.js"

/** How long a server that is cut off may take to put its things away. */
const cutOff = "200 millis"

interface Wanted {
  readonly listen: Listen
  readonly auth: WsAuthFlags
  readonly options: ServerOptions
}

const bad = (message: string) => new BadUsage({ message, advice: null })

const badUsage = <A, R>(self: Effect.Effect<A, ListenError, R>) => Effect.mapError(self, ({ message }) => bad(message))

type Flags = Readonly<Partial<Record<string, string>>>

/** The flags of the command, as `toCommandLine` puts them: each with a value, then `--` and the arguments. */
const readFlags = (args: ReadonlyArray<string>): Either.Either<Flags, BadUsage> => {
  if (args.includes("--")) return Either.left(bad("app-server takes no argument."))
  const flags: Record<string, string> = {}
  for (let i = 0; i + 1 < args.length; i += 2) flags[args[i] ?? ""] = args[i + 1] ?? ""
  return Either.right(flags)
}

const readListen = (flags: Flags): Either.Either<Listen, BadUsage> => {
  const url = flags["--listen"]
  if (flags["--stdio"] !== undefined && url !== undefined && url !== "stdio://") {
    return Either.left(bad("--stdio is `--listen stdio://`: leave one of the two out."))
  }
  return Either.flatMap(
    Either.mapLeft(parseListenUrl(url ?? "stdio://"), ({ message }) => bad(message)),
    (listen) => {
      const given = Object.keys(flags).find((flag) => flag.startsWith("--ws-"))
      return given === undefined || listen._tag === "WebSocket"
        ? Either.right(listen)
        : Either.left(bad(`${given} is for --listen ws://IP:PORT.`))
    }
  )
}

const sources = ["cli", "vscode", "exec", "appServer"] as const

const readOptions = (flags: Flags): Either.Either<ServerOptions, BadUsage> => {
  const words = flags["--delegate"]
  const source = sources.find((known) => known === (flags["--session-source"] ?? "vscode"))
  if (source === undefined) return Either.left(bad(`--session-source is one of ${sources.join(", ")}.`))
  return words === undefined
    ? Either.right({ source, delegate: null })
    : Either.mapBoth(shellWords(words), {
        onLeft: (problem) => bad(`--delegate: ${problem}`),
        onRight: (delegate) => ({ source, delegate })
      })
}

const readWanted = (args: ReadonlyArray<string>): Either.Either<Wanted, BadUsage> =>
  Either.gen(function* () {
    const flags = yield* readFlags(args)
    return { listen: yield* readListen(flags), auth: flags, options: yield* readOptions(flags) }
  })

/** Serves HTTP upgrades; the code for it is loaded when it is needed. */
const serveSockets = (listen: Extract<Listen, { _tag: "Unix" | "WebSocket" }>, flags: WsAuthFlags) =>
  Effect.gen(function* () {
    const [{ listenOnPort }, { readWsAuth }, { defaultSocketPath, listenOnSocket }, { serveWebSockets }] =
      yield* Effect.promise(() =>
        Promise.all([
          import("../../app-server/transports/tcp.js"),
          import("../../app-server/transports/wsAuthFlags.js"),
          import("../../app-server/transports/unixSocket.js"),
          import("../../app-server/transports/wsServer.js")
        ])
      )
    const { write } = yield* Report
    const { codexHome } = yield* AccountConfig
    const auth = yield* badUsage(readWsAuth(flags))
    const { server, url } = yield* badUsage(
      listen._tag === "Unix" ? listenOnSocket(listen.path ?? defaultSocketPath(codexHome)) : listenOnPort(listen, auth)
    )
    return {
      serve: (stop: Effect.Effect<void>) => Effect.scoped(serveWebSockets(server, { auth, stop })),
      ready: write("stderr", `app-server listens on ${url}\n`)
    }
  })

interface Transport {
  readonly serve: (stop: Effect.Effect<void>) => Effect.Effect<void, never, AppServer>
  readonly ready: Effect.Effect<void>
}

const transportOf = ({
  auth,
  listen
}: Wanted): Effect.Effect<Transport, BadUsage, Report | AccountConfig | FileSystem.FileSystem | Scope.Scope> => {
  switch (listen._tag) {
    case "Unix":
    case "WebSocket":
      return serveSockets(listen, auth)
    case "Off":
      return Effect.succeed({ serve: (stop) => stop, ready: Effect.logInfo("The app-server listens nowhere.") })
    case "Stdio":
      return Effect.map(
        Effect.promise(() => import("../../app-server/transports/stdio.js")),
        ({ serveStdio }) => ({
          serve: () =>
            serveStdio({ input: process.stdin, output: process.stdout, drain, maxLineBytes: maxMessageBytes }),
          ready: Effect.void
        })
      )
  }
}

/** The signals that ask the process to end, in order. While somebody listens, they do nothing else. */
const signals: Effect.Effect<Effect.Effect<Signal>, never, Scope.Scope> = Effect.gen(function* () {
  const arrived = yield* Queue.unbounded<Signal>()
  const note = (signal: Signal) => () => void Queue.unsafeOffer(arrived, signal)
  const listeners = { SIGINT: note("SIGINT"), SIGTERM: note("SIGTERM") }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("SIGINT", listeners.SIGINT).on("SIGTERM", listeners.SIGTERM)),
    () => Effect.sync(() => process.off("SIGINT", listeners.SIGINT).off("SIGTERM", listeners.SIGTERM))
  )
  return Queue.take(arrived)
})

const serve = (wanted: Wanted, signal: Effect.Effect<Signal>, ended: Deferred.Deferred<Ending>) =>
  Effect.gen(function* () {
    const transport = yield* transportOf(wanted)
    yield* transport.ready
    yield* Effect.intoDeferred(serveUntil(transport.serve, signal), ended)
  }).pipe(Effect.scoped, Effect.provide(layerAppServer(wanted.options)), withServerLogs)

const conduct = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const wanted = yield* readWanted(args)
    const { exitCode } = yield* Report
    const signal = yield* signals
    const ended = yield* Deferred.make<Ending>()
    const server = yield* Effect.forkDaemon(serve(wanted, signal, ended))
    const ending = yield* Effect.raceFirst(
      Deferred.await(ended),
      Effect.zipRight(Fiber.join(server), Deferred.await(ended))
    )
    yield* Ref.set(exitCode, Option.some(ending === "drained" ? ExitCode.done : ExitCode.interrupted))
    // What is being renewed is stored before the process ends, unless somebody insists.
    const insisted = ending === "cut" ? Effect.void : signal
    yield* Effect.raceFirst(
      Fiber.await(server),
      Effect.zipRight(insisted, Effect.timeoutOption(Effect.disconnect(Fiber.interrupt(server)), cutOff))
    )
  }).pipe(Effect.scoped)

/**
 * Serves until the client leaves or the process is asked to end.
 *
 * It runs in a fiber of its own: whoever runs a command cancels it at the first signal, and here the first signal is no
 * more than a request.
 */
export const appServer = (args: ReadonlyArray<string>) =>
  Effect.uninterruptible(Effect.flatMap(Effect.forkDaemon(Effect.interruptible(conduct(args))), Fiber.join))
