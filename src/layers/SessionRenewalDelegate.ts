/**
 * Renewal by the installed Codex: its app-server is asked to refresh, and the store tells whether it did.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/platform/Command"
import * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { AuthError } from "../domain/AuthError.js"
import { version } from "../domain/version.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { SessionRenewal } from "../services/SessionRenewal.js"

/** How long the app-server may take from its start to its answer. */
const limit = "60 seconds"

const requests = [
  { id: 0, method: "initialize", params: { clientInfo: { name: "effect-codex-account", version } } },
  { method: "initialized" },
  { id: 1, method: "account/read", params: { refreshToken: true } }
]

const isAnswer = (line: string): boolean => /"id"\s*:\s*1[,}\s]/.test(line)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  command: readonly [string, ...Array<string>]
): Effect.Effect<SessionRenewal["Type"], never, AccountConfig | CommandExecutor.CommandExecutor> =>
  Effect.gen(function* () {
    const { codexHome } = yield* AccountConfig
    const executor = yield* CommandExecutor.CommandExecutor
    const input = Stream.fromIterable(requests).pipe(
      Stream.map((request) => `${JSON.stringify(request)}\n`),
      Stream.encodeText,
      // The app-server stops at the end of its input.
      Stream.concat(Stream.never)
    )
    const ask = Effect.gen(function* () {
      const child = yield* executor.start(
        Command.make(...command).pipe(Command.env({ CODEX_HOME: codexHome }), Command.stdin(input))
      )
      // What it logs is of no use here, and must not fill its pipe.
      yield* Effect.forkScoped(Stream.runDrain(child.stderr))
      return yield* child.stdout.pipe(Stream.decodeText(), Stream.splitLines, Stream.filter(isAnswer), Stream.runHead)
    }).pipe(Effect.scoped)
    const failed = (detail: string) => AuthError.of("Unavailable", `${command.join(" ")}: ${detail}`)
    return {
      _tag: "Delegate",
      renew: ask.pipe(
        Effect.mapError(() => failed("could not be run")),
        Effect.timeoutFail({ duration: limit, onTimeout: () => failed("no answer in time") }),
        Effect.filterOrFail(Option.isSome, () => failed("ended without an answer")),
        Effect.asVoid
      )
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  command: readonly [string, ...Array<string>] = ["codex", "app-server"]
): Layer.Layer<SessionRenewal, never, AccountConfig | CommandExecutor.CommandExecutor> =>
  Layer.effect(SessionRenewal, make(command))
