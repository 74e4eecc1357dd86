/** The log of a server: as the environment of the original wants it. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as HashSet from "effect/HashSet"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { Globals } from "./Globals.js"

const levels: Readonly<Record<string, LogLevel.LogLevel>> = {
  off: LogLevel.None,
  error: LogLevel.Error,
  warn: LogLevel.Warning,
  info: LogLevel.Info,
  debug: LogLevel.Debug,
  trace: LogLevel.Trace
}

/** `info`, or `info` among directives for single modules, which are of another program. */
const levelOf = (directives: string): Option.Option<LogLevel.LogLevel> =>
  Option.fromIterable(
    directives.split(",").flatMap((word) => {
      const level = levels[word.trim().toLowerCase()]
      return level === undefined ? [] : [level]
    })
  )

const setting = (name: string) => Config.option(Config.string(name))

const jsonLines = Logger.map(Logger.jsonLogger, (line) => {
  process.stderr.write(`${line}\n`)
})

/** `RUST_LOG` sets the level where no `--log-level` did, and `LOG_FORMAT=json` makes each line a JSON object. */
export const withServerLogs = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { logLevel } = yield* Globals
    const { directives, format } = yield* Config.all({ directives: setting("RUST_LOG"), format: setting("LOG_FORMAT") })
    const wanted = Option.flatMap(directives, levelOf)
    return yield* self.pipe(
      Option.isSome(wanted) && logLevel === LogLevel.Warning
        ? Logger.withMinimumLogLevel(wanted.value)
        : (same) => same,
      Option.contains(format, "json")
        ? Effect.locally(FiberRef.currentLoggers, HashSet.make(jsonLines))
        : (same) => same
    )
  })
