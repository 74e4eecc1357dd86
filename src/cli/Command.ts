/** What a command line is made of: flags with typed values, arguments, and commands that carry them out. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import { shellWords, type Words } from "../domain/shellWords.js"

/** The flags of every command. `logLevel` is the lowest level that is shown; `color` is false with `--no-color`. */
export interface GlobalFlags {
  readonly json: boolean
  readonly demo: boolean
  readonly codexHome: string | undefined
  readonly baseUrl: string | undefined
  /** Keys of `config.toml`, as `KEY=VALUE`. */
  readonly config: ReadonlyArray<string>
  readonly timeout: Option.Option<Duration.Duration>
  readonly yes: boolean
  readonly color: boolean
  readonly logLevel: LogLevel.LogLevel
}

export class Globals extends Context.Tag("effect-codex-account/cli/Globals")<Globals, GlobalFlags>() {}

/** A command line that can't be carried out. `advice` says what to type instead; null when the message says it. */
export class BadUsage extends Data.TaggedError("BadUsage")<{
  readonly message: string
  readonly advice: string | null
}> {}

export const badUsage = (message: string, advice: string | null = null): BadUsage => new BadUsage({ message, advice })

/**
 * A flag. `metavar` names its value and is null where it takes none. `complete` is what a shell offers as the value.
 * `read` gets the text of the value, `""` where the flag takes none, and undefined where it was not given; its failure
 * is what follows the flag's name in the message, such as `needs a folder.` A flag that `isRepeatable` may have several
 * values, and reads them as lines.
 */
export interface Flag<A> {
  readonly metavar: string | null
  readonly summary: string
  readonly complete: "folder" | "file" | ReadonlyArray<string> | null
  readonly isRepeatable?: boolean
  readonly read: (given: string | undefined) => Either.Either<A, string>
}

export type Flags = Readonly<Record<string, Flag<unknown>>>

export type Values<F extends Flags> = { readonly [Name in keyof F]: F[Name] extends Flag<infer A> ? A : never }

export type Given = Readonly<Record<string, string>>

export const flag = (summary: string): Flag<boolean> => ({
  metavar: null,
  summary,
  complete: null,
  read: (given) => Either.right(given !== undefined)
})

type Complete = Flag<unknown>["complete"]

export const valueFlag = <A>(
  metavar: string,
  summary: string,
  read: (text: string) => Either.Either<A, string>,
  complete: Complete = null
): Flag<A | undefined> => ({
  metavar,
  summary,
  complete,
  read: (given) => (given === undefined ? Either.right(undefined) : read(given))
})

export const text = (metavar: string, summary: string, complete: Complete = null) =>
  valueFlag<string>(metavar, summary, Either.right, complete)

/** A flag of the Codex CLI that is taken and has no meaning here. */
export const unused = (metavar: string | null): Flag<boolean> => ({
  metavar,
  summary: "As `codex` takes it; without effect here.",
  complete: null,
  isRepeatable: true,
  read: (given) => Either.right(given !== undefined)
})

/** Settings of the original, given one by one. */
export const settings = (metavar: string, summary: string): Flag<ReadonlyArray<string>> => ({
  metavar,
  summary,
  complete: null,
  isRepeatable: true,
  read: (given = "") => {
    const pairs = given.split("\n").filter((pair) => pair !== "")
    return pairs.every((pair) => pair.indexOf("=") > 0) ? Either.right(pairs) : Either.left(`needs ${metavar}.`)
  }
})

/** Text that is not empty. */
export const some = (metavar: string, summary: string, what: string, complete: Complete = null) =>
  valueFlag(
    metavar,
    summary,
    Either.liftPredicate(
      (text: string) => text !== "",
      () => `needs ${what}.`
    ),
    complete
  )

export const choice = <const A extends string>(metavar: string, summary: string, values: ReadonlyArray<A>) =>
  valueFlag(
    metavar,
    summary,
    (text) =>
      Either.fromNullable(
        values.find((value) => value === text),
        () => `is one of ${values.join(", ")}.`
      ),
    values
  )

export const integer = (metavar: string, summary: string, most: number) =>
  valueFlag(metavar, summary, (text) =>
    /^\d{1,9}$/.test(text) && Number(text) <= most
      ? Either.right(Number(text))
      : Either.left(`needs a number from 0 to ${most}.`)
  )

/** Each with its names, and how many milliseconds it has. */
const units = [
  ["ms milli millis", 1],
  ["s sec second seconds", 1000],
  ["m min minute minutes", 60_000],
  ["h hour hours", 3_600_000]
] as const

/** `500ms`, `10s`, `2m`, `10 seconds`, or a bare number of seconds. None for anything else, and for less than 1 ms. */
export const readDuration = (text: string): Option.Option<Duration.Duration> => {
  const match = /^(\d{1,9}(?:\.\d{1,6})?) ?([a-z]*)$/i.exec(text.trim())
  const name = match?.[2]?.toLowerCase() || "s"
  const unit = units.find(([names]) => names.split(" ").includes(name))
  const millis = match === null || unit === undefined ? 0 : Number(match[1]) * unit[1]
  return millis >= 1 ? Option.some(Duration.millis(millis)) : Option.none()
}

/** A length of time of at least `least`; any above zero without it. */
export const duration = (metavar: string, summary: string, least?: Duration.Duration) =>
  valueFlag(metavar, summary, (text) =>
    readDuration(text).pipe(
      Option.filter(Duration.greaterThanOrEqualTo(least ?? Duration.zero)),
      Either.fromOption(() =>
        least === undefined
          ? "needs a time above zero, such as 10s, 500ms or 2m."
          : `needs a time of at least ${Duration.format(least)}, such as 5m.`
      )
    )
  )

/** A program with its arguments, in one text. */
export const program = (metavar: string, summary: string): Flag<Words | undefined> =>
  valueFlag(metavar, summary, (text) =>
    Either.mapLeft(shellWords(text), (problem) => `can't be understood: ${problem}.`)
  )

export function readFlags<F extends Flags>(flags: F, given: Given): Either.Either<Values<F>, string>
export function readFlags(flags: Flags, given: Given): Either.Either<Readonly<Record<string, unknown>>, string> {
  return Either.all(
    Record.map(flags, (flag, name) => Either.mapLeft(flag.read(given[name]), (problem) => `${name} ${problem}`))
  )
}

/** The words behind a command. `usage` is how they look in the help, empty for none. */
export interface Argument<A> {
  readonly usage: string
  readonly complete: ReadonlyArray<string>
  readonly read: (words: ReadonlyArray<string>) => Either.Either<A, string>
}

/** At most one word. */
export const word = (metavar: string): Argument<string | undefined> => ({
  usage: metavar,
  complete: [],
  read: ([first, second]) =>
    second === undefined ? Either.right(first) : Either.left(`Give one ${metavar}, not several.`)
})

const noArgument: Argument<void> = {
  usage: "",
  complete: [],
  read: ([first]) => (first === undefined ? Either.void : Either.left("This command takes no argument."))
}

interface Description<F extends Flags, A> {
  readonly summary: string
  readonly notes?: ReadonlyArray<string>
  readonly examples: ReadonlyArray<string>
  readonly argument: Argument<A>
  readonly flags: F
  /** Flags that mean something only beside another one. */
  readonly dependent?: { readonly on: string; readonly flags: ReadonlyArray<string> }
}

/**
 * A command, without the types of its flags and argument. `start` reads them and gives what carries the command out, or
 * what is wrong with them.
 */
export interface Command<E, R> extends Description<Flags, unknown> {
  readonly start: (given: Given, words: ReadonlyArray<string>) => Either.Either<Effect.Effect<void, E, R>, string>
}

interface Definition<F extends Flags, A, E, R> extends Omit<Description<F, A>, "argument"> {
  readonly run: (flags: Values<F>, argument: A) => Effect.Effect<void, E, R>
}

export const commandWith = <F extends Flags, A, E, R>(
  argument: Argument<A>,
  { run, ...description }: Definition<F, A, E, R>
): Command<E, R> & { readonly flags: F } => ({
  ...description,
  argument,
  start: (given, words) => {
    const { dependent, flags } = description
    const isAlone = dependent !== undefined && given[dependent.on] === undefined
    const alone = isAlone ? dependent.flags.find((name) => given[name] !== undefined) : undefined
    return alone === undefined
      ? Either.flatMap(readFlags(flags, given), (values) =>
          Either.map(argument.read(words), (argument) => run(values, argument))
        )
      : Either.left(`${alone} only works with ${dependent?.on}.`)
  }
})

export const command = <F extends Flags, E, R>(definition: Definition<F, void, E, R>) =>
  commandWith(noArgument, definition)
