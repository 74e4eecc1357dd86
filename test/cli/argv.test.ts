/** The command line in any order means the same. */
import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { type Invocation, readArgv, toCommandLine } from "../../src/cli/argv.js"
import { commands, type FlagTable, globalFlags } from "../../src/cli/flags.js"

const read = (line: string) => readArgv(line === "" ? [] : line.split(" "))
const ok = (line: string): Invocation => Either.getOrThrowWith(read(line), ({ message }) => new Error(message))
const problem = (line: string): string =>
  Either.match(read(line), { onLeft: ({ message }) => message, onRight: () => "no problem" })

describe("readArgv", () => {
  it.each<[line: string, expected: Partial<Invocation>]>([
    ["", { command: null, globals: {}, flags: {}, positionals: [] }],
    ["usage", { command: "usage" }],
    ["--json usage", { command: "usage", globals: { "--json": "" } }],
    ["usage --json", { command: "usage", globals: { "--json": "" } }],
    ["usage --json --json", { globals: { "--json": "" } }],
    ["usage --json=true", { globals: { "--json": "" } }],
    ["usage --json=false", { globals: {} }],
    ["-y redeem", { command: "redeem", globals: { "--yes": "" } }],
    ["redeem -y --key k1", { globals: { "--yes": "" }, flags: { "--key": "k1" } }],
    ["redeem --key=k1 --credit=-x", { flags: { "--key": "k1", "--credit": "-x" } }],
    ["redeem --key=a=b", { flags: { "--key": "a=b" } }],
    ["redeem --key=", { flags: { "--key": "" } }],
    ["--key k1 redeem", { command: "redeem", flags: { "--key": "k1" } }],
    ["--codex-home usage usage", { command: "usage", globals: { "--codex-home": "usage" } }],
    ["invite a@b.c --again", { flags: { "--again": "" }, positionals: ["a@b.c"] }],
    ["invite --again a@b.c --json", { flags: { "--again": "" }, positionals: ["a@b.c"], globals: { "--json": "" } }],
    ["invite --json -- --weird@b.c", { positionals: ["--weird@b.c"], globals: { "--json": "" } }],
    ["invite -- --json", { positionals: ["--json"], globals: {} }],
    ["usage -h", { command: "usage", globals: { "--help": "" } }],
    ["invite -", { positionals: ["-"] }],
    ["invite status", { command: "invite", positionals: ["status"] }]
  ])("%s", (line, expected) => {
    const found = ok(line)
    for (const [key, value] of Object.entries(expected)) assert.deepStrictEqual(found[key as keyof Invocation], value)
  })

  it.each([
    ["usge", "There is no command usge. Did you mean usage?"],
    ["frobnicate", "There is no command frobnicate."],
    ["usage --jsn", "There is no flag --jsn. Did you mean --json?"],
    ["usage -x", "There is no flag -x."],
    ["usage -yh", "There is no flag -yh."],
    ["usage --key k", "usage has no flag --key."],
    ["--key k", "--key belongs to a command."],
    ["usage --timeout", "--timeout needs a value: --timeout TIME."],
    [
      "usage --timeout --json",
      "--timeout needs a value: --timeout TIME. Write --timeout=TIME if it begins with a dash."
    ],
    ["usage --json=maybe", "--json takes no value."],
    ["redeem --key a --key b", "--key was given twice, with different values."],
    ["redeem --key a --key a --nope", "There is no flag --nope."],
    ["-- usage", "There is no command usage. Did you mean usage?"]
  ])("%s is refused", (line, message) => {
    assert.strictEqual(problem(line), message)
  })

  it("knows of --json even where the rest makes no sense", () => {
    for (const line of ["usage --bogus --json", "--json nope", "--timeout --json usage"]) {
      const found = read(line)
      assert.isTrue(Either.isLeft(found))
      assert.strictEqual(Either.merge(found).globals["--json"], "", line)
    }
  })

  it("gives what is near a name that is an object's own", () => {
    assert.strictEqual(problem("constructor"), "There is no command constructor.")
    assert.strictEqual(problem("usage --toString"), "There is no flag --toString.")
  })
})

describe("toCommandLine", () => {
  it.each([
    ["invite a@b.c --again --json", "invite --again true -- a@b.c"],
    ["--credit c redeem --key k", "redeem --credit c --key k"],
    ["--json", ""],
    ["invite -- -x -y", "invite -- -x -y"]
  ])("%s", (line, expected) => {
    assert.strictEqual(toCommandLine(ok(line)).join(" "), expected)
  })
})

describe("any order", () => {
  const plain = FastCheck.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.startsWith("-"))
  const given = (table: Readonly<Record<string, { readonly metavar: string | null }>>) =>
    FastCheck.record(
      Object.fromEntries(
        Object.entries(table).map(([flag, { metavar }]) => [flag, metavar === null ? FastCheck.constant("") : plain])
      ),
      { requiredKeys: [] }
    )
  const invocation = FastCheck.constantFrom(...(Object.keys(commands) as Array<keyof typeof commands>)).chain(
    (command) =>
      FastCheck.record({
        command: FastCheck.constant(command),
        globals: given(globalFlags),
        flags: given(commands[command]),
        positionals: FastCheck.array(
          plain.filter((text) => text !== ""),
          { maxLength: 2 }
        ),
        literal: FastCheck.boolean(),
        order: FastCheck.array(FastCheck.nat(), { minLength: 20, maxLength: 20 }),
        equals: FastCheck.boolean()
      })
  )

  it.prop(
    "flags before, between and after give the same invocation",
    [invocation],
    ([{ command, equals, flags, globals, literal, order, positionals }]) => {
      const known: FlagTable = { ...globalFlags, ...commands[command] }
      const isSwitch = (flag: string) => known[flag]?.metavar === null
      const words: Array<ReadonlyArray<string>> = [[command], ...(literal ? [] : positionals.map((word) => [word]))]
      for (const [flag, value] of Object.entries({ ...globals, ...flags } as Record<string, string>)) {
        const words_ = isSwitch(flag) ? [flag] : equals ? [`${flag}=${value}`] : [flag, value]
        words.splice((order.pop() ?? 0) % (words.length + 1), 0, words_)
      }
      const line = [...words.flat(), ...(literal && positionals.length > 0 ? ["--", ...positionals] : [])]
      const found = Either.getOrThrowWith(readArgv(line), ({ message }) => new Error(message))
      assert.deepStrictEqual(found, {
        command,
        globals: globals as Invocation["globals"],
        flags: flags as Record<string, string>,
        positionals
      })
      return true
    }
  )
})
