/** The flags of every command, as values. */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import type { Invocation } from "./argv.js"

/** `logLevel` is the least level that is shown; `color` is false where `--no-color` forbids it. */
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

const units: Readonly<Record<string, (amount: number) => Duration.Duration>> = {
  "": Duration.seconds,
  ms: Duration.millis,
  milli: Duration.millis,
  millis: Duration.millis,
  s: Duration.seconds,
  sec: Duration.seconds,
  second: Duration.seconds,
  seconds: Duration.seconds,
  m: Duration.minutes,
  min: Duration.minutes,
  minute: Duration.minutes,
  minutes: Duration.minutes,
  h: Duration.hours,
  hour: Duration.hours,
  hours: Duration.hours
}

/**
 * `500ms`, `10s`, `2m`, `10 seconds`, or a bare number of seconds; none where it is no time or takes no time at all.
 */
export const readDuration = (text: string): Option.Option<Duration.Duration> => {
  const match = /^(\d{1,9}(?:\.\d{1,6})?) ?([a-z]*)$/i.exec(text.trim())
  const unit = match?.[2]?.toLowerCase() ?? "?"
  const make = Object.hasOwn(units, unit) ? units[unit] : undefined
  return Option.fromNullable(make?.(Number(match?.[1]))).pipe(Option.filter((time) => Duration.toMillis(time) >= 1))
}

const levels: ReadonlyMap<string, LogLevel.LogLevel> = new Map(
  LogLevel.allLevels.map((level) => [level._tag.toLowerCase(), level])
)

/** The values of the global flags, or what is wrong with one. */
export const readGlobals = (given: Invocation["globals"]): Either.Either<GlobalFlags, string> => {
  const has = (flag: keyof Invocation["globals"]) => given[flag] !== undefined
  const time = given["--timeout"]
  const level = given["--log-level"]
  const timeout = time === undefined ? Option.none() : readDuration(time)
  const logLevel = level === undefined ? LogLevel.Warning : levels.get(level.toLowerCase())
  if (given["--codex-home"] === "") return Either.left("--codex-home needs a folder.")
  if (given["--base-url"] === "") return Either.left("--base-url needs a URL.")
  if (time !== undefined && Option.isNone(timeout)) {
    return Either.left("--timeout needs a time above zero, such as 10s, 500ms or 2m.")
  }
  if (logLevel === undefined) return Either.left(`--log-level is one of ${Array.from(levels.keys()).join(", ")}.`)
  if (has("--demo") && (has("--codex-home") || has("--base-url"))) {
    return Either.left("--demo brings a home and a backend of its own: leave --codex-home and --base-url out.")
  }
  return Either.right({
    json: has("--json"),
    demo: has("--demo"),
    codexHome: given["--codex-home"],
    baseUrl: given["--base-url"],
    timeout,
    yes: has("--yes"),
    color: !has("--no-color"),
    logLevel
  })
}
