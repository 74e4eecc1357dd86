/** The command line, split into command, flags and arguments. Flags may stand before and after the command. */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import { type Flag, type Flags, type Given, readFlags, type GlobalFlags } from "./Command.js"
import { aliases, type CommandName, commands, globalFlags, isCommandName } from "./commands.js"

interface Understood {
  readonly command: CommandName | null
  readonly globals: Given
}

/** What was given, not read yet. */
export interface Invocation extends Understood {
  readonly flags: Given
  readonly positionals: ReadonlyArray<string>
}

/** What was understood of a command line that makes no sense, and why it makes none. */
export interface BadArgv extends Understood {
  readonly message: string
}

interface Token {
  readonly flag: string
  readonly value: string | undefined
}

const isGlobal = (flag: string): boolean => Object.hasOwn(globalFlags, flag)

const ownFlags = (command: CommandName | null): Flags => (command === null ? {} : commands[command].flags)

const everyFlag: Readonly<Record<string, Flag<unknown>>> = Object.assign(
  {},
  globalFlags,
  ...Object.values(commands).map(({ flags }) => flags)
)

const quoted = (word: string): string => (word.length > 60 ? `${word.slice(0, 59)}…` : word)

/** The Levenshtein distance. */
const distance = (from: string, to: string): number => {
  if (from.length > 64) return from.length
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

/** Names the known word that a mistyped one was probably meant to be. */
const hint = (word: string, known: ReadonlyArray<string>): string => {
  const most = Math.max(1, Math.floor(word.replace(/^-+/, "").length / 3))
  const [best] = Arr.sortWith(known, (candidate) => distance(word, candidate), Order.number)
  return best !== undefined && distance(word, best) <= most ? ` Did you mean ${best}?` : ""
}

const truth: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "1"].map((word) => [word, true] as const),
  ...["false", "no", "0"].map((word) => [word, false] as const)
])

/** Words and flags in order. The flags of all commands are known here, so that no flag's value is taken for a word. */
const split = (argv: ReadonlyArray<string>) => {
  const tokens: Array<Token> = []
  const words: Array<string> = []
  const problems: Array<string> = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ""
    if (word === "--") {
      const literal = argv.slice(index + 1)
      return { tokens, words: [...words, ...literal], problems, literal: literal.length }
    }
    if (word === "-" || !word.startsWith("-")) {
      words.push(word)
      continue
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1
    const spelled = equals === -1 ? word : word.slice(0, equals)
    const flag = Object.hasOwn(aliases, spelled) ? (aliases[spelled] ?? spelled) : spelled
    const kind = Object.hasOwn(everyFlag, flag) ? everyFlag[flag] : undefined
    const next = argv[index + 1]
    if (kind === undefined) {
      problems.push(`There is no flag ${quoted(spelled)}.${hint(spelled, Object.keys(everyFlag))}`)
    } else if (equals !== -1) {
      tokens.push({ flag, value: word.slice(equals + 1) })
    } else if (kind.metavar === null) {
      tokens.push({ flag, value: undefined })
    } else if (next === undefined || next.startsWith("-")) {
      const dash = next === undefined ? "" : ` Write ${flag}=${kind.metavar} if it begins with a dash.`
      problems.push(`${flag} needs a value: ${flag} ${kind.metavar}.${dash}`)
    } else {
      tokens.push({ flag, value: next })
      index += 1
    }
  }
  return { tokens, words, problems, literal: 0 }
}

/**
 * Splits the arguments after the program's name. A flag may be given as `--flag value` or `--flag=value`, anywhere; after
 * `--` everything is an argument. A flag may be repeated with the same value, and a few of the original's with another.
 */
export const readArgv = (argv: ReadonlyArray<string>): Either.Either<Invocation, BadArgv> => {
  const { literal, problems, tokens, words } = split(argv)
  const first = words[0]
  const isLiteral = words.length <= literal
  const command = first !== undefined && !isLiteral && isCommandName(first) ? first : null
  const globals: Record<string, string> = {}
  const flags: Record<string, string> = {}

  for (const { flag, value } of tokens) {
    const kind = everyFlag[flag]
    let text = value ?? ""
    if (kind?.metavar === null && value !== undefined) {
      const wanted = truth.get(value.toLowerCase())
      if (wanted === undefined) problems.push(`${flag} takes no value.`)
      if (wanted !== true) continue
      text = ""
    }
    const given = isGlobal(flag) ? globals : flags
    if (given[flag] !== undefined && given[flag] !== text && kind?.isRepeatable !== true) {
      problems.push(`${flag} was given twice, with different values.`)
    }
    const before = kind?.isRepeatable === true ? given[flag] : undefined
    given[flag] = before === undefined ? text : `${before}\n${text}`
  }
  const fail = (message: string) => Either.left({ command, globals, message })
  if (problems[0] !== undefined) return fail(problems[0])
  if (first !== undefined && command === null) {
    return fail(`There is no command ${quoted(first)}.${hint(first, Object.keys(commands))}`)
  }
  const foreign = Object.keys(flags).find((flag) => !Object.hasOwn(ownFlags(command), flag))
  if (foreign !== undefined) {
    return fail(command === null ? `${foreign} belongs to a command.` : `${command} has no flag ${foreign}.`)
  }
  return Either.right({ command, globals, flags, positionals: words.slice(1) })
}

/** The values of the global flags, or what is wrong with one. */
export const readGlobals = (given: Given): Either.Either<GlobalFlags, string> =>
  Either.flatMap(readFlags(globalFlags, given), (flags) => {
    const codexHome = flags["--codex-home"]
    const baseUrl = flags["--base-url"]
    return flags["--demo"] && (codexHome !== undefined || baseUrl !== undefined)
      ? Either.left("--demo has a home and a backend of its own: leave out --codex-home and --base-url.")
      : Either.right({
          json: flags["--json"],
          demo: flags["--demo"],
          codexHome,
          baseUrl,
          config: [],
          timeout: Option.fromNullable(flags["--timeout"]),
          yes: flags["--yes"],
          color: !flags["--no-color"],
          logLevel:
            LogLevel.allLevels.find(({ _tag }) => _tag.toLowerCase() === flags["--log-level"]) ?? LogLevel.Warning
        })
  })
