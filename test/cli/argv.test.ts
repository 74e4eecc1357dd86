/** How a command line is read: the same in any order, and refused in one clear sentence. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import { type Invocation, readArgv, readGlobals } from "../../src/cli/argv.js"
import { type Flags, readDuration, type Given } from "../../src/cli/Command.js"
import { type CommandName, commands, globalFlags } from "../../src/cli/commands.js"

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
    [
      "-c a=1 -s read-only app-server -c b=2 -a never",
      {
        command: "app-server",
        flags: { "--config": "a=1\nb=2", "--sandbox": "read-only", "--ask-for-approval": "never" }
      }
    ],
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

describe("a command's flags and argument", () => {
  const started = (line: string) => {
    const { command, flags, positionals } = ok(line)
    if (command === null) return assert.fail("no command")
    const start: Either.Either<unknown, string> = commands[command].start(flags, positionals)
    return Either.isLeft(start) ? start.left : null
  }

  it.each([
    ["usage", null],
    ["usage Weekly", null],
    ["usage --watch --interval 10s --on-reset a --on-blocked b", null],
    ["usage --interval 5m", "--interval only works with --watch."],
    ["usage --on-reset true", "--on-reset only works with --watch."],
    ["usage --watch --interval soon", "--interval needs a time of at least 10s, such as 5m."],
    ["guard --for 1h", "--for only works with --wait."],
    ["guard --on-blocked true", "--on-blocked only works with --wait."],
    ["guard --wait --for 0s", "--for needs a time of at least 1s, such as 5m."],
    ["usage hourly", "There is no such view. The views are daily, weekly and cumulative."],
    ["usage daily weekly", "There is no such view. The views are daily, weekly and cumulative."],
    ["usage --watch --interval 9s", "--interval needs a time of at least 10s, such as 5m."],
    ["usage --watch --on-reset 'a", "--on-reset can't be understood: a quote is not closed: '."],
    ["usage --watch --on-blocked=", "--on-blocked can't be understood: it names no program."],
    ["guard --wait --for 999ms", "--for needs a time of at least 1s, such as 5m."],
    ["invite", null],
    ["invite a@b.c d@e.f", "Give one EMAIL, not several."],
    ["notify-owner --type love", "--type is one of credits, usage_limit."],
    ["journal resolve k --found lost", "--found is one of arrived, missing."],
    ["backend --port 65536", "--port needs a number from 0 to 65535."],
    ["backend --port 1e3", "--port needs a number from 0 to 65535."],
    ["app-server --session-source=", "--session-source needs a name."],
    ["app-server x", "This command takes no argument."],
    ["status x", "This command takes no argument."]
  ])("%s: %s", (line, expected) => {
    assert.strictEqual(started(line), expected)
  })
})

describe("any order", () => {
  const plain = FastCheck.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.startsWith("-"))
  const given = (table: Flags) =>
    FastCheck.record(
      Object.fromEntries(
        Object.entries(table).map(([flag, { metavar }]) => [flag, metavar === null ? FastCheck.constant("") : plain])
      ),
      { requiredKeys: [] }
    )
  const invocation = FastCheck.constantFrom(...(Object.keys(commands) as Array<CommandName>)).chain((command) =>
    FastCheck.record({
      command: FastCheck.constant(command),
      globals: given(globalFlags),
      flags: given(commands[command].flags),
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
      const known: Flags = { ...globalFlags, ...commands[command].flags }
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
        globals: globals as Given,
        flags: flags as Given,
        positionals
      })
      return true
    }
  )
})

const millis = (text: string) => Option.getOrNull(Option.map(readDuration(text), Duration.toMillis))

describe("readDuration", () => {
  it.each([
    ["10", 10_000],
    ["10s", 10_000],
    ["10 seconds", 10_000],
    ["1.5s", 1500],
    ["500ms", 500],
    ["2m", 120_000],
    ["2 Minutes", 120_000],
    ["1h", 3_600_000],
    ["0", null],
    ["0s", null],
    ["-1s", null],
    ["", null],
    ["s", null],
    ["10 parsecs", null],
    ["Infinity", null],
    ["1e3", null],
    ["10 constructor", null],
    ["9999999999s", null]
  ])("%s", (text, expected) => {
    assert.strictEqual(millis(text), expected)
  })
})

describe("readGlobals", () => {
  it("has defaults", () => {
    const globals = Either.getOrThrow(readGlobals({}))
    assert.isFalse(globals.json || globals.demo || globals.yes)
    assert.isTrue(globals.color)
    assert.strictEqual(globals.logLevel._tag, "Warning")
    assert.isTrue(Option.isNone(globals.timeout))
  })

  it.each<[given: Given, message: string]>([
    [{ "--completions": "tcsh" }, "--completions is one of bash, zsh, fish, sh."],
    [{ "--codex-home": "" }, "--codex-home needs a folder."],
    [{ "--base-url": "" }, "--base-url needs a URL."],
    [{ "--timeout": "soon" }, "--timeout needs a time above zero, such as 10s, 500ms or 2m."],
    [{ "--log-level": "loud" }, "--log-level is one of all, trace, debug, info, warning, error, fatal, none."],
    [
      { "--demo": "", "--base-url": "http://x" },
      "--demo has a home and a backend of its own: leave out --codex-home and --base-url."
    ]
  ])("%o is refused", (given, message) => {
    assert.deepStrictEqual(readGlobals(given), Either.left(message))
  })
})
