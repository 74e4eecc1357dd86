/** Log lines on stderr. */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as FiberRef from "effect/FiberRef"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Inspectable from "effect/Inspectable"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { plainLine } from "../domain/PlainText.js"
import { Globals } from "./Command.js"
import { type Hue, paintFor } from "./render/paint.js"
import type { Screen } from "./Report.js"

const hueOf = (level: LogLevel.LogLevel): Hue =>
  LogLevel.greaterThanEqual(level, LogLevel.Error)
    ? "red"
    : LogLevel.greaterThanEqual(level, LogLevel.Warning)
      ? "yellow"
      : "dim"

/** `warning: text key=value`, one line a message, and below it the cause where there is one. */
export const loggerFor = (stderr: NodeJS.WritableStream, screen: Screen): Logger.Logger<unknown, void> => {
  const paint = paintFor(screen.errorColor)
  return Logger.make(({ annotations, cause, logLevel, message }) => {
    const parts = Array.isArray(message) ? message : [message]
    const text = parts.map((part) => Inspectable.toStringUnknown(part, 0)).join(" ")
    const notes = Array.from(
      HashMap.entries(annotations),
      ([name, value]) => `${name}=${Inspectable.toStringUnknown(value, 0)}`
    )
    const line = plainLine([text, ...notes].join(" "), 2000)
    const trace = Cause.isEmpty(cause)
      ? []
      : Cause.pretty(cause, { renderErrorCause: true })
          .split("\n")
          .map((line) => `  ${plainLine(line, 400)}`)
    const lines = [`${paint(hueOf(logLevel), `${logLevel._tag.toLowerCase()}:`)} ${line}`, ...trace]
    stderr.write(`${lines.join("\n")}\n`)
  })
}

/** The level among the directives of `RUST_LOG`; those for single modules are for another program. */
const levelOf = (directives: string): Option.Option<LogLevel.LogLevel> =>
  Arr.findFirst(directives.split(","), (word) =>
    Arr.findFirst(LogLevel.allLevels, ({ label }) => label === word.trim().toUpperCase())
  )

const setting = (name: string) => Config.option(Config.string(name))

const jsonLines = Logger.map(Logger.jsonLogger, (line) => void process.stderr.write(`${line}\n`))

/**
 * The logs of the app-server follow the variables of the original: `RUST_LOG` sets the level unless `--log-level` does, and
 * `LOG_FORMAT=json` makes every line a JSON object.
 */
export const withServerLogs = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { logLevel } = yield* Globals
    const { directives, format } = yield* Config.all({ directives: setting("RUST_LOG"), format: setting("LOG_FORMAT") })
    const wanted = Option.flatMap(directives, levelOf)
    return yield* self.pipe(
      Logger.withMinimumLogLevel(logLevel === LogLevel.Warning ? Option.getOrElse(wanted, () => logLevel) : logLevel),
      Option.contains(format, "json") ? Effect.locally(FiberRef.currentLoggers, HashSet.make(jsonLines)) : identity
    )
  })
