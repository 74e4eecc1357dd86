/** The help. */
import { version } from "../domain/version.js"
import type { Flags } from "./Command.js"
import { type CommandName, commands, globalFlags } from "./commands.js"
import { type Paint, paintFor } from "./render/paint.js"
import { columnsOf, wrap } from "./render/text.js"
import type { Screen } from "./Report.js"

const examples = [
  "codex-account usage --demo      look around without an account",
  "codex-account usage             see what is left, and what you can do",
  "codex-account guard && work     work only while there is usage left"
]

const exits =
  "0 done, 1 unexpected, 2 bad usage, 3 not signed in, 4 refused by the backend, 5 outcome unknown, 6 unavailable, 7 nothing to do, 8 blocked (guard), 9 done but the renewed session is not stored, 130 interrupted"

/** Names in one column and summaries in another; below the name where there is no room. */
const list = (
  rows: ReadonlyArray<readonly [name: string, summary: string]>,
  columns: number
): ReadonlyArray<string> => {
  const width = Math.max(...rows.map(([name]) => columnsOf(name))) + 4
  if (width + 30 > columns) {
    return rows.flatMap(([name, summary]) => [`  ${name}`, ...wrap(summary, columns, "      ")])
  }
  return rows.flatMap(([name, summary]) => wrap(summary, columns, `  ${name.padEnd(width - 2)}`, " ".repeat(width)))
}

/** Items one after another, none of them broken. */
const wrapWhole = (items: ReadonlyArray<string>, columns: number): ReadonlyArray<string> =>
  wrap(items.map((item) => item.replaceAll(" ", "\u00a0")).join(", "), columns, "  ").map((line) =>
    line.replaceAll("\u00a0", " ")
  )

const flagRows = (flags: Flags) =>
  Object.entries(flags).map(
    ([name, { metavar, summary }]) => [metavar === null ? name : `${name} ${metavar}`, summary] as const
  )

const title = (paint: Paint, text: string): ReadonlyArray<string> => ["", paint("bold", text)]

const ofProgram = (columns: number, paint: Paint): ReadonlyArray<string> => [
  ...wrap(`${paint("bold", "codex-account")} ${version}: your Codex account in the terminal.`, columns),
  ...wrap(
    "Usage: codex-account [COMMAND] [FLAGS]. Without a command it opens a menu on a terminal, and prints the status elsewhere.",
    columns,
    "",
    "  "
  ),
  ...title(paint, "Commands"),
  ...list(
    Object.entries(commands).map(([name, { argument, summary }]) => [`${name} ${argument.usage}`.trimEnd(), summary]),
    columns
  ),
  ...title(paint, "Flags, before or after the command"),
  ...list(flagRows(globalFlags), columns),
  ...title(paint, "Exit codes"),
  ...wrapWhole(exits.split(", "), columns),
  ...title(paint, "Examples"),
  ...examples.map((line) => `  ${line}`)
]

const ofCommand = (command: CommandName, columns: number, paint: Paint): ReadonlyArray<string> => {
  const { argument, examples, flags, notes = [], summary } = commands[command]
  const own = flagRows(flags)
  const words = ["codex-account", command, ...(argument.usage === "" ? [] : [`[${argument.usage}]`]), "[FLAGS]"]
  return [
    ...wrap(`${paint("bold", `codex-account ${command}`)}: ${summary}`, columns),
    `Usage: ${words.join(" ")}`,
    ...notes.flatMap((note) => wrap(note, columns)),
    ...(own.length === 0 ? [] : [...title(paint, "Flags"), ...list(own, columns)]),
    ...title(paint, "Flags of every command"),
    ...wrapWhole(
      flagRows(globalFlags).map(([name]) => name),
      columns
    ),
    ...title(paint, "Examples"),
    ...examples.map((line) => `  ${line}`)
  ]
}

export const helpLines = (
  command: CommandName | null,
  screen: Pick<Screen, "columns" | "color">
): ReadonlyArray<string> => {
  const paint = paintFor(screen.color)
  const columns = Math.min(100, screen.columns)
  return command === null ? ofProgram(columns, paint) : ofCommand(command, columns, paint)
}
