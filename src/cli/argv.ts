/** The command line, put in order: flags work before and after the command and its arguments. */
import * as Either from "effect/Either"
import {
  aliases,
  type CommandName,
  commands,
  type Flag,
  type GlobalFlag,
  globalFlags,
  isCommandName,
  nearest
} from "./flags.js"

/** What was asked for. `globals` and `flags` hold the value of each flag given, empty for one that takes none. */
export interface Invocation {
  readonly command: CommandName | null
  readonly globals: Readonly<Partial<Record<GlobalFlag, string>>>
  readonly flags: Readonly<Record<string, string>>
  readonly positionals: ReadonlyArray<string>
}

/** Why a command line makes no sense. `command` is the one named, as far as it got. */
export interface BadArgv {
  readonly command: CommandName | null
  readonly globals: Invocation["globals"]
  readonly message: string
}

interface Token {
  readonly flag: string
  readonly value: string | undefined
}

const isGlobal = (flag: string): flag is GlobalFlag => Object.hasOwn(globalFlags, flag)

const ownFlags = (command: CommandName | null): Readonly<Record<string, Flag>> =>
  command === null ? {} : commands[command]

const everyFlag: Readonly<Record<string, Flag>> = Object.assign({}, globalFlags, ...Object.values(commands))

const quoted = (word: string): string => (word.length > 60 ? `${word.slice(0, 59)}…` : word)

const hint = (word: string, known: ReadonlyArray<string>): string => {
  const near = nearest(word, known)
  return near === undefined ? "" : ` Did you mean ${near}?`
}

const truth: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  "1": true,
  false: false,
  no: false,
  "0": false
}

/** Words and flags in order; the flags of any command are known, so that their values are not taken for arguments. */
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
 * Reads the arguments after the program's name. A flag may be given as `--flag value` or `--flag=value`, anywhere;
 * after `--` everything is an argument. Twice the same value is fine, two different ones are not.
 */
export const readArgv = (argv: ReadonlyArray<string>): Either.Either<Invocation, BadArgv> => {
  const { literal, problems, tokens, words } = split(argv)
  const first = words[0]
  const isLiteral = words.length <= literal
  const command = first !== undefined && !isLiteral && isCommandName(first) ? first : null
  const globals: Partial<Record<GlobalFlag, string>> = {}
  const flags: Record<string, string> = {}

  for (const { flag, value } of tokens) {
    const kind = everyFlag[flag]
    let text = value ?? ""
    if (kind?.metavar === null && value !== undefined) {
      const wanted = truth[value.toLowerCase()]
      if (wanted === undefined) problems.push(`${flag} takes no value.`)
      if (wanted !== true) continue
      text = ""
    }
    const known = isGlobal(flag) ? globals[flag] : flags[flag]
    if (known !== undefined && known !== text) problems.push(`${flag} was given twice, with different values.`)
    if (isGlobal(flag)) globals[flag] = text
    else flags[flag] = text
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

/** The command with its own flags for `@effect/cli`, which wants flags before arguments. Global flags are left out. */
export const toCommandLine = ({ command, flags, positionals }: Invocation): ReadonlyArray<string> => {
  const own = ownFlags(command)
  const options = Object.entries(flags).flatMap(([flag, value]) => [flag, own[flag]?.metavar === null ? "true" : value])
  const named = command === null ? [] : [command]
  return [...named, ...options, ...(positionals.length === 0 ? [] : ["--", ...positionals])]
}
