/** Log lines on stderr. */
import * as Cause from "effect/Cause"
import * as HashMap from "effect/HashMap"
import * as Inspectable from "effect/Inspectable"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { plainLine } from "../domain/PlainText.js"
import { type Hue, paintFor } from "./render/paint.js"
import type { Screen } from "./Screen.js"

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
