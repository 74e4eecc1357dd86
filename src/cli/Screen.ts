/**
 * What the output is shown on.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"

/**
 * `columns` is the width of a line; `interactive` whether there is a person to ask.
 *
 * @since 0.1.0
 * @category models
 */
export interface Screen {
  readonly columns: number
  readonly color: boolean
  /** The same for stderr. */
  readonly errorColor: boolean
  /** Whether stderr is a terminal, for what comes and goes. */
  readonly live: boolean
  readonly interactive: boolean
  readonly zone: DateTime.TimeZone
}

const readColumns = (text: string | undefined): number | undefined => {
  const columns = Number(text)
  return text !== undefined && Number.isInteger(columns) && columns > 0 ? columns : undefined
}

/**
 * The screen of this process. Colour needs a terminal on stdout; `NO_COLOR` with any value turns it off, and so does
 * `TERM=dumb`. Without a terminal lines have 80 columns, or as many as `COLUMNS` says.
 *
 * @since 0.1.0
 * @category constructors
 */
export const screenOf = (process: {
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
}): Screen => {
  const { env, stderr, stdin, stdout } = process
  const dumb = env["TERM"] === "dumb"
  const wanted = !dumb && (env["NO_COLOR"] ?? "") === ""
  const columns = (stdout.isTTY === true ? stdout.columns : undefined) || readColumns(env["COLUMNS"]) || 80
  return {
    columns: Math.min(200, Math.max(20, columns)),
    color: stdout.isTTY === true && wanted,
    errorColor: stderr.isTTY === true && wanted,
    live: stderr.isTTY === true && !dumb,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    zone: DateTime.zoneMakeLocal()
  }
}
