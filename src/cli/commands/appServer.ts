/** `codex-account app-server`. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { maxMessageBytes } from "../../rpc/Transport.js"
import * as Server from "../../app-server/server/layer.js"
import { makeThreadHandlers } from "../../app-server/server/threads.js"
import { type Listen, type ListenError, parseListenUrl } from "../../app-server/transports/listenUrl.js"
import { drain, type Ending, serveUntil, type Signal } from "../../app-server/transports/serveUntil.js"
import type { WsAuthFlags } from "../../app-server/transports/wsAuth.js"
import type { Words } from "../../domain/shellWords.js"
import type { SessionSource } from "../../domain/Thread.js"
import { AccountConfig, configKeys } from "../../services/AccountConfig.js"
import { badUsage, Globals } from "../Command.js"
import { ExitCode } from "../exitCodes.js"
import { withServerLogs } from "../logger.js"
import { Report } from "../Report.js"

/** How long a server that is interrupted may take to clean up. */
const cutOff = "200 millis"

/** Flags of `codex` that are about more than the account. */
const unused = [
  "--enable",
  "--disable",
  "--sandbox",
  "--ask-for-approval",
  "--analytics-default-enabled",
  "--strict-config"
] as const

interface Flags extends WsAuthFlags, Readonly<Record<(typeof unused)[number], boolean>> {
  readonly "--listen": string | undefined
  readonly "--stdio": boolean
  readonly "--delegate": Words | undefined
  readonly "--session-source": SessionSource | undefined
  readonly "--config": ReadonlyArray<string>
}

const isConfigKey = Schema.is(Schema.Literal(...configKeys))

const keyOf = (pair: string): string => pair.slice(0, pair.indexOf("=")).trim()

const unusable = Effect.mapError(({ message }: ListenError) => badUsage(message))

const readListen = (flags: Flags) =>
  Effect.gen(function* () {
    const url = flags["--listen"] ?? "stdio://"
    if (flags["--stdio"] && url !== "stdio://") {
      return yield* badUsage("--stdio is the same as --listen stdio://: leave out one of the two.")
    }
    const listen = yield* unusable(parseListenUrl(url))
    const socketFlag = Object.entries(flags).find(([name, value]) => name.startsWith("--ws-") && value !== undefined)
    return socketFlag === undefined || listen._tag === "WebSocket"
      ? listen
      : yield* badUsage(`${socketFlag[0]} only works with --listen ws://IP:PORT.`)
  })

/** Serves HTTP upgrades; the code for it is loaded when it is needed. */
const serveSockets = (listen: Extract<Listen, { _tag: "Unix" | "WebSocket" }>, flags: WsAuthFlags) =>
  Effect.gen(function* () {
    const [{ defaultSocketPath, listenOnPort, listenOnSocket }, { readWsAuth }, { serveWebSockets }] =
      yield* Effect.promise(() =>
        Promise.all([
          import("../../app-server/transports/listen.js"),
          import("../../app-server/transports/wsAuth.js"),
          import("../../app-server/transports/wsServer.js")
        ])
      )
    const { write } = yield* Report
    const { codexHome } = yield* AccountConfig
    const auth = yield* unusable(readWsAuth(flags))
    const { server, url } = yield* unusable(
      listen._tag === "Unix" ? listenOnSocket(listen.path ?? defaultSocketPath(codexHome)) : listenOnPort(listen, auth)
    )
    const isOpen = listen._tag === "WebSocket" && auth._tag === "Open"
    if (isOpen) {
      yield* Effect.logWarning(
        "Every user of this machine can use the account through this port. No token is handed out; --ws-auth asks clients for a secret."
      )
    }
    return {
      serve: (stop: Effect.Effect<void>) => Effect.scoped(serveWebSockets(server, { auth, isOpen, stop })),
      ready: write("stderr", `app-server listens on ${url}\n`)
    }
  })

const transportOf = (listen: Listen, flags: Flags) =>
  Effect.gen(function* () {
    if (listen._tag === "Unix" || listen._tag === "WebSocket") return yield* serveSockets(listen, flags)
    if (listen._tag === "Off") {
      return {
        serve: (stop: Effect.Effect<void>) => stop,
        ready: Effect.logInfo("The app-server listens nowhere.")
      }
    }
    const { serveStdio } = yield* Effect.promise(() => import("../../app-server/transports/stdio.js"))
    const { stdin: input, stdout: output } = process
    return { serve: () => serveStdio({ input, output, drain, maxLineBytes: maxMessageBytes }), ready: Effect.void }
  })

/** The signals that ask the process to end, in order. While this scope is open, they do nothing else. */
const signals = Effect.gen(function* () {
  const arrived = yield* Queue.unbounded<Signal>()
  const note = (signal: Signal) => () => void Queue.unsafeOffer(arrived, signal)
  const listeners = { SIGINT: note("SIGINT"), SIGTERM: note("SIGTERM") }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("SIGINT", listeners.SIGINT).on("SIGTERM", listeners.SIGTERM)),
    () => Effect.sync(() => process.off("SIGINT", listeners.SIGINT).off("SIGTERM", listeners.SIGTERM))
  )
  return Queue.take(arrived)
})

/** These run the server for others, so that their name says nothing about the client. */
const nameless: ReadonlySet<string> = new Set(["codex_app_server_daemon", "codex-backend"])

/** The server of the account. Its requests have the user agent of the first client that gives its name, as in the original. */
const layerServer = (flags: Flags) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { layerServed } = yield* Effect.promise(() => import("../compose.js"))
      const globals = yield* Globals
      const config = flags["--config"].filter((pair) => isConfigKey(keyOf(pair)))
      const agent = yield* Ref.make<string | null>(null)
      const delegate = flags["--delegate"]
      const layerHandlers = Effect.gen(function* () {
        const model = Option.getOrNull((yield* AccountConfig).model)
        const threads = yield* makeThreadHandlers({ source: flags["--session-source"] ?? "vscode", model })
        const { makeForward } = yield* Effect.promise(() => import("../../app-server/delegate/delegate.js"))
        const forward = delegate === undefined ? undefined : yield* makeForward({ command: delegate })
        return Server.layer({
          threads,
          forward,
          onInitialized: ({ client, userAgent }) =>
            nameless.has(client.name) || userAgent === ""
              ? Effect.void
              : Ref.update(agent, (known) => known ?? userAgent)
        })
      })
      return Layer.unwrapScoped(layerHandlers).pipe(
        Layer.provideMerge(layerServed(agent)),
        Layer.provide(Layer.succeed(Globals, { ...globals, config }))
      )
    })
  )

const serve = (listen: Listen, flags: Flags, signal: Effect.Effect<Signal>, ended: Deferred.Deferred<Ending>) =>
  Effect.gen(function* () {
    const transport = yield* transportOf(listen, flags)
    yield* transport.ready
    yield* Effect.intoDeferred(serveUntil(transport.serve, signal), ended)
  }).pipe(Effect.scoped, Effect.provide(layerServer(flags)), withServerLogs)

const conduct = (flags: Flags) =>
  Effect.gen(function* () {
    const listen = yield* readListen(flags)
    const { exitCode } = yield* Report
    const ignored = [
      ...unused.filter((name) => flags[name]),
      ...flags["--config"].map(keyOf).flatMap((key) => (isConfigKey(key) ? [] : [`--config ${key}`]))
    ]
    if (ignored.length > 0) yield* withServerLogs(Effect.logWarning(`Without effect here: ${ignored.join(", ")}.`))
    const signal = yield* signals
    const ended = yield* Deferred.make<Ending>()
    const server = yield* Effect.forkDaemon(serve(listen, flags, signal, ended))
    const ending = yield* Effect.raceFirst(
      Deferred.await(ended),
      Effect.zipRight(Fiber.join(server), Deferred.await(ended))
    )
    yield* Ref.set(exitCode, Option.some(ending === "drained" ? ExitCode.done : ExitCode.interrupted))
    // A session that is being renewed is stored before the process ends, unless there is a second signal.
    const insisted = ending === "cut" ? Effect.void : signal
    yield* Effect.raceFirst(
      Fiber.await(server),
      Effect.zipRight(insisted, Effect.timeoutOption(Effect.disconnect(Fiber.interrupt(server)), cutOff))
    )
  }).pipe(Effect.scoped)

/**
 * Serves until the client leaves or the process is asked to end.
 *
 * It runs in a fiber of its own, because a command is interrupted at the first signal, and here the first signal only
 * asks the server to end.
 */
export const appServer = (flags: Flags) =>
  Effect.uninterruptible(Effect.flatMap(Effect.forkDaemon(Effect.interruptible(conduct(flags))), Fiber.join))
