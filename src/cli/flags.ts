/**
 * The words of the command line: which commands there are, and which flags take a value.
 *
 * @since 0.1.0
 */

/**
 * `switch` is there or not; `value` takes one. `metavar` names the value for messages.
 *
 * @since 0.1.0
 * @category models
 */
export type FlagKind = { readonly takes: "nothing" } | { readonly takes: "value"; readonly metavar: string }

/**
 * @since 0.1.0
 * @category models
 */
export type FlagTable = Readonly<Record<string, FlagKind>>

const nothing: FlagKind = { takes: "nothing" }
const value = (metavar: string): FlagKind => ({ takes: "value", metavar })

/**
 * The flags of every command.
 *
 * @since 0.1.0
 * @category constants
 */
export const globalFlags = {
  "--json": nothing,
  "--demo": nothing,
  "--codex-home": value("DIR"),
  "--base-url": value("URL"),
  "--timeout": value("TIME"),
  "--yes": nothing,
  "--no-color": nothing,
  "--log-level": value("LEVEL"),
  "--help": nothing,
  "--version": nothing,
  "--completions": value("SHELL"),
  "--wizard": nothing
} as const satisfies FlagTable

/**
 * @since 0.1.0
 * @category models
 */
export type GlobalFlag = keyof typeof globalFlags

/**
 * Short forms.
 *
 * @since 0.1.0
 * @category constants
 */
export const aliases: Readonly<Record<string, GlobalFlag>> = { "-y": "--yes", "-h": "--help" }

/**
 * The commands, each with the flags that only it has.
 *
 * @since 0.1.0
 * @category constants
 */
export const commands = {
  usage: {},
  status: {},
  redeem: { "--key": value("KEY"), "--credit": value("ID") },
  invite: { "--again": nothing },
  "notify-owner": { "--type": value("TYPE"), "--again": nothing },
  role: {},
  guard: {},
  session: {},
  logout: { "--local": nothing },
  policies: {},
  backend: { "--port": value("N"), "--plan": value("FILE"), "--home": value("DIR") },
  doctor: {}
} as const satisfies Readonly<Record<string, FlagTable>>

/**
 * @since 0.1.0
 * @category models
 */
export type CommandName = keyof typeof commands

/**
 * @since 0.1.0
 * @category predicates
 */
export const isCommandName = (word: string): word is CommandName => Object.hasOwn(commands, word)

/**
 * The known word that is nearest to a mistyped one, if any is near.
 *
 * @since 0.1.0
 * @category accessors
 */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined
}

/** How many letters have to be put in, taken out or changed. */
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
