/** Renewal by the installed Codex: its app-server is asked to refresh, and the store shows whether it did. */
import * as Command from "@effect/platform/Command"
import * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AuthError } from "../domain/AuthError.js"
import { version } from "../domain/version.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { SessionRenewal } from "../services/SessionRenewal.js"
import { perAccount } from "./internal/perAccount.js"

/** How long the app-server may take from its start to its answer. */
const limit = "60 seconds"

const clientInfo = { name: "effect-codex-account", version }

/** Starts the command and asks it to refresh. Any answer will do, an error too. Loaded when it is needed. */
const ask = (command: Command.Command) =>
  Effect.gen(function* () {
    const [{ open }, { notification, request }, { makePeer }] = yield* Effect.promise(() =>
      Promise.all([import("../rpc/childTransport.js"), import("../rpc/Envelope.js"), import("../rpc/Peer.js")])
    )
    const transport = yield* open(command, "codex")
    const peer = yield* makePeer(transport, {
      capacity: 3,
      onInvalid: Effect.void,
      onMessage: () => Effect.void
    })
    yield* Effect.ignore(peer.request(request(0, "initialize", { clientInfo })))
    yield* peer.send(notification("initialized"))
    yield* Effect.catchTag(
      peer.request(request(1, "account/read", { refreshToken: true })),
      "RpcError",
      () => Effect.void
    )
  }).pipe(Effect.scoped)

const make = (command: readonly [string, ...Array<string>]) =>
  Effect.gen(function* () {
    const { codexHome } = yield* AccountConfig
    const executor = yield* CommandExecutor.CommandExecutor
    const failed = (detail: string) => AuthError.of("Unavailable", `${command.join(" ")}: ${detail}`)
    return SessionRenewal.of({
      _tag: "Delegate",
      renew: ask(Command.env(Command.make(...command), { CODEX_HOME: codexHome })).pipe(
        Effect.provideService(CommandExecutor.CommandExecutor, executor),
        Effect.mapError(({ reason }) =>
          failed(reason === "Unreachable" ? "could not be run" : "ended without an answer")
        ),
        Effect.timeoutFail({ duration: limit, onTimeout: () => failed("no answer in time") })
      )
    })
  })

/** Renewal by an app-server that the command starts. */
export const layerCommand = (command: readonly [string, ...Array<string>]) =>
  perAccount(Layer.effect(SessionRenewal, make(command)), AccountConfig, CommandExecutor.CommandExecutor)

/** Renewal by the `codex` on the path. */
export const layer = layerCommand(["codex", "app-server"])
