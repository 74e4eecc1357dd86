/** Where the output is shown. */
import * as DateTime from "effect/DateTime"

/** `columns` is the width of a line; `interactive` whether there is a person to ask. */
export interface Screen {
  readonly columns: number
  /** The width of stderr, where questions are asked. */
  readonly errorColumns: number
  readonly color: boolean
  /** The same for stderr. */
  readonly errorColor: boolean
  /** Whether stderr is a terminal that can be redrawn. */
  readonly live: boolean
  readonly interactive: boolean
  /** Found only when it is needed, since that takes a while. */
  readonly zone: () => DateTime.TimeZone
}

const readColumns = (text: string | undefined): number | undefined => {
  const columns = Number(text)
  return text !== undefined && Number.isInteger(columns) && columns > 0 ? columns : undefined
}

const within = (columns: number): number => Math.min(200, Math.max(20, columns))

/**
 * The screen of this process. Color needs a terminal; `NO_COLOR` with any value, `TERM=dumb` and `color` false turn it
 * off. Without a terminal a line has 80 columns, or as many as `COLUMNS` says.
 */
export const screenOf = (
  process: {
    readonly stdin: { readonly isTTY?: boolean }
    readonly stdout: { readonly isTTY?: boolean; readonly columns?: number }
    readonly stderr: { readonly isTTY?: boolean; readonly columns?: number }
    readonly env: Readonly<Record<string, string | undefined>>
  },
  color: boolean
): Screen => {
  const { env, stderr, stdin, stdout } = process
  const dumb = env["TERM"] === "dumb"
  const wanted = color && !dumb && (env["NO_COLOR"] ?? "") === ""
  const columns = (stdout.isTTY === true ? stdout.columns : undefined) || readColumns(env["COLUMNS"]) || 80
  return {
    columns: within(columns),
    errorColumns: within((stderr.isTTY === true ? stderr.columns : undefined) || columns),
    color: stdout.isTTY === true && wanted,
    errorColor: stderr.isTTY === true && wanted,
    live: stderr.isTTY === true && !dumb,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    zone: DateTime.zoneMakeLocal
  }
}
