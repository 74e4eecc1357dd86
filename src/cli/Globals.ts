/** The flags of every command, as values. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as LogLevel from "effect/LogLevel"
import type * as Option from "effect/Option"

/** `logLevel` is the lowest level that is shown; `color` is false with `--no-color`. */
export interface GlobalFlags {
  readonly json: boolean
  readonly demo: boolean
  readonly codexHome: string | undefined
  readonly baseUrl: string | undefined
  readonly timeout: Option.Option<Duration.Duration>
  readonly yes: boolean
  readonly color: boolean
  readonly logLevel: LogLevel.LogLevel
}

export class Globals extends Context.Tag("effect-codex-account/cli/Globals")<Globals, GlobalFlags>() {}
