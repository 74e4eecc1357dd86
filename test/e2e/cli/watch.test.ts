/** Watching and waiting as real processes: what is printed, what hooks are told, and how it ends. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { columnsOf } from "../../../src/cli/render/text.js"
import { FakeAccount, type FakeBackend, Fault } from "../../../src/testing/index.js"
import { answerOf, bundle, emptyWorld, type Ran, readIfThere, world, type World } from "./harness.js"
import { hasTerminal, keys, linesOf, onTerminal, type Session } from "./terminal.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

const short = (now: number, usedPercent: number, resetsInSeconds = 7_200) =>
  FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent, resetsInSeconds })

/** An account that pays with its plan alone. */
const accountAt =
  (usedPercent: number, resetsInSeconds?: number) =>
  (now: number): ReadonlyArray<Partial<FakeAccount.FakeAccount>> => [
    { credits: null, primary: short(now, usedPercent, resetsInSeconds) }
  ]

const becomes = (backend: FakeBackend.FakeBackendService, usedPercent: number, resetsInSeconds?: number) =>
  backend.updateAccount((account) => ({ ...account, primary: short(Date.now(), usedPercent, resetsInSeconds) }))

/** Waits until it is so. */
const untilSo = (is: () => boolean) => Effect.repeat(Effect.sleep("20 millis"), { until: is })

const linesIn = (text: string) => text.split("\n").filter((line) => line !== "")

/** The objects of a watch, each checked against the published schema. */
const objectsOf = (ran: Ran) => linesIn(ran.stdout).map((line) => answerOf("usage", { ...ran, stdout: `${line}\n` }))

/** A hook that appends what it is given and told to a file, in JSON. */
const recording = (file: string, ...args: ReadonlyArray<string>) => {
  const code = `
    const [file, ...args] = process.argv.slice(1)
    const facts = ["EVENT", "WINDOW", "UNTIL", "REMAINING_PERCENT"].map((name) => process.env["CODEX_ACCOUNT_" + name])
    require("node:fs").appendFileSync(file, JSON.stringify({ args, facts }) + "\\n")`
  return [process.execPath, "-e", code, file, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ")
}

const recorded = (file: string): ReadonlyArray<{ readonly args: Array<string>; readonly facts: Array<string> }> =>
  linesIn(readIfThere(file) ?? "").map((line) => JSON.parse(line))

describe.concurrent("usage --watch", { timeout: 90_000 }, () => {
  it.scopedLive("prints one object a reading, runs the hooks of real transitions, and ends with Ctrl-C", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin, { accounts: accountAt(50) })
      const file = join(home, "hooks")
      const verbatim = ["two words", "$HOME", ";", "`id`", "*", '"', "'"]
      const ran = yield* cli(
        [
          "usage",
          "--watch",
          "--json",
          "--interval=10s",
          `--on-blocked=${recording(file, ...verbatim)}`,
          `--on-reset=${recording(file)}`
        ],
        {
          meanwhile: ({ printed, signal }) =>
            Effect.gen(function* () {
              yield* untilSo(() => linesIn(printed()).length === 1)
              yield* becomes(backend, 100)
              yield* untilSo(() => linesIn(printed()).length === 2)
              yield* becomes(backend, 3, 18_000)
              yield* untilSo(() => recorded(file).length === 2)
              yield* signal("SIGINT")
            })
        }
      )
      assert.deepStrictEqual([ran.code, ran.stderr], [130, ""])
      const told = objectsOf(ran).map((answer) =>
        answer.ok && "watch" in answer
          ? [answer.watch?.isFirst, answer.verdict.state, answer.watch?.transitions.map(({ _tag }) => _tag)]
          : answer
      )
      assert.deepStrictEqual(told, [
        [true, "usable", []],
        [false, "blocked", ["Blocked"]],
        [false, "usable", ["Reset"]]
      ])
      const [blocked, reset] = recorded(file)
      assert.deepStrictEqual(blocked?.args, verbatim)
      assert.deepStrictEqual(blocked?.facts.slice(0, 2), ["blocked", "5h"])
      assert.match(blocked?.facts[2] ?? "", /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      assert.strictEqual(blocked?.facts[3], "0")
      assert.deepStrictEqual(reset?.facts.slice(0, 2), ["reset", "5h"])
    })
  )

  it.scopedLive("prints lines only when something has changed, and warns of a failure once", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin, { accounts: accountAt(50) })
      const reads = (count: number) =>
        Effect.repeat(backend.count("usage.read"), {
          until: (seen) => seen >= count,
          schedule: Schedule.spaced("20 millis")
        })
      let afterTwo = ""
      const ran = yield* cli(["usage", "--watch", "--interval", "10s", "--on-reset", "/no/such/program"], {
        meanwhile: ({ printed, signal, until }) =>
          Effect.gen(function* () {
            yield* reads(2)
            yield* Effect.sleep("300 millis")
            afterTwo = printed()
            yield* becomes(backend, 0, 18_000)
            yield* until(/warning: The hook of --on-reset could not be started/)
            yield* backend.failNext("usage.read", Fault.forbidden)
            yield* until(/warning: The usage could not be read/)
            yield* signal("SIGINT")
          })
      })
      assert.strictEqual(ran.code, 130)
      assert.strictEqual(afterTwo.match(/Codex usage/g)?.length, 1)
      assert.strictEqual(ran.stdout.match(/Codex usage/g)?.length, 2)
      assert.match(ran.stdout, /Started over: the 5h window\./)
      assert.strictEqual(ran.stderr.match(/could not be read/g)?.length, 1)
      assert.notMatch(ran.stderr, /Interrupted/)
    })
  )

  it.scopedLive("ends when its reader leaves", () =>
    Effect.gen(function* () {
      const { env } = yield* world(bin, { accounts: accountAt(50) })
      const code = yield* Effect.async<number | null>((resume) => {
        const child = spawn(process.execPath, [bin, "usage", "--watch", "--json", "--interval", "10s"], {
          env,
          stdio: ["ignore", "pipe", "ignore"]
        })
        child.stdout.once("data", () => child.stdout.destroy())
        child.once("exit", (status) => resume(Effect.succeed(status)))
        return Effect.sync(() => void child.kill("SIGKILL"))
      })
      assert.strictEqual(code, 0)
    })
  )

  it.scopedLive("ends at once where nobody is signed in, or the backend refuses", () =>
    Effect.gen(function* () {
      const { cli } = yield* emptyWorld(bin)
      const nobody = yield* cli(["usage", "--watch", "--json"])
      const answer = answerOf("usage", nobody)
      assert.deepStrictEqual([nobody.code, answer.ok, answer.exitCode], [3, false, 3])
      const refusing = yield* world(bin, {
        plan: [{ endpoint: "usage.read", call: "every", fault: Fault.forbidden }]
      })
      assert.strictEqual((yield* refusing.cli(["usage", "--watch"])).code, 4)
    })
  )

  it.scopedLive("is not asked for with a view", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin)
      const ran = yield* cli(["usage", "--watch", "daily"])
      assert.strictEqual(ran.code, 2)
      assert.match(ran.stderr, /leave out the view/)
      assert.strictEqual(yield* backend.count("usage.read"), 0)
    })
  )
})

describe.concurrent("guard --wait", { timeout: 90_000 }, () => {
  it.scopedLive("ends with 0 after the reset, and has run both hooks", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin, { accounts: accountAt(100, 4) })
      const file = join(home, "hooks")
      const hook = recording(file)
      const ran = yield* cli(["guard", "--wait", "--json", "--on-blocked", hook, "--on-reset", hook])
      assert.deepStrictEqual([ran.code, ran.stderr], [0, ""])
      const answer = answerOf("guard", ran)
      assert.isTrue(answer.ok && answer.usable && answer.verdict.state === "usable")
      assert.isAtLeast(answer.ok ? (answer.waitedMillis ?? 0) : 0, 6_000)
      assert.deepStrictEqual(
        recorded(file).map(({ facts }) => facts.slice(0, 2)),
        [
          ["blocked", "5h"],
          ["reset", "5h"]
        ]
      )
      assert.strictEqual(yield* backend.count("usage.read"), 2)
    })
  )

  it.scopedLive("is no wait while it is usable, and runs no hook", () =>
    Effect.gen(function* () {
      const { cli, home } = yield* world(bin, { accounts: accountAt(50) })
      const file = join(home, "hooks")
      const ran = yield* cli(["guard", "--wait", "--on-blocked", recording(file), "--on-reset", recording(file)])
      assert.deepStrictEqual([ran.code, recorded(file)], [0, []])
    })
  )

  it.scopedLive("ends with 8 when its time is over, with 130 by Ctrl-C, with 3 when nobody is signed in", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin, { accounts: accountAt(100) })
      const over = yield* cli(["guard", "--wait", "--for", "1500ms", "--json"])
      const answer = answerOf("guard", over)
      assert.deepStrictEqual([over.code, answer.ok && answer.usable], [8, false])
      assert.isAtLeast(answer.ok ? (answer.waitedMillis ?? 0) : 0, 1_500)
      const before = yield* backend.count("usage.read")
      const more = Effect.repeat(backend.count("usage.read"), {
        until: (count) => count > before,
        schedule: Schedule.spaced("20 millis")
      })
      const interrupted = yield* cli(["guard", "--wait"], {
        interrupt: { after: Effect.delay(more, "100 millis"), signal: "SIGINT" }
      })
      assert.deepStrictEqual([interrupted.code, interrupted.stderr], [130, "error: Interrupted.\n"])
      const { cli: nobody } = yield* emptyWorld(bin)
      assert.strictEqual((yield* nobody(["guard", "--wait"])).code, 3)
    })
  )
})

const columns = 72

/** The terminal is left as it was found, with its cursor, and nothing was wider than it. */
const checkTerminal = (session: Session) => {
  for (const line of linesOf(session)) assert.isAtMost(columnsOf(line), columns, line)
  assert.match(session.before, /^[0-9a-f]+:/)
  assert.strictEqual(session.after, session.before)
  for (const [on, off] of [
    ["?25l", "?25h"],
    ["?1049h", "?1049l"],
    ["?7l", "?7h"]
  ]) {
    assert.isAtLeast(
      session.shown.lastIndexOf(`\u001b[${off}`),
      session.shown.lastIndexOf(`\u001b[${on}`),
      `${on} was not taken back`
    )
  }
}

const onScreen = ({ env }: Pick<World, "env">, args: ReadonlyArray<string>, person: Parameters<typeof onTerminal>[2]) =>
  onTerminal([process.execPath, bin, ...args], { env, columns }, person)

describe.skipIf(!hasTerminal)("on a terminal", { timeout: 90_000 }, () => {
  it.scopedLive("usage --watch follows the readings, and q or Escape ends it with 0, Ctrl-C with 130", () =>
    Effect.gen(function* () {
      const made = yield* world(bin, { accounts: accountAt(50) })
      const args = ["usage", "--watch", "--interval", "10s"]
      const [followed, escaped, interrupted] = yield* Effect.all(
        [
          onScreen(made, args, ({ press, see }) =>
            Effect.gen(function* () {
              yield* see(/Watching usage[\s\S]*50% left/)
              yield* becomes(made.backend, 100)
              yield* see(/Used up: the 5h window/)
              yield* press("q")
            })
          ),
          onScreen(made, args, ({ press, see }) => Effect.zipRight(see(/Next reading in/), press(keys.escape))),
          onScreen(made, args, ({ press, see }) => Effect.zipRight(see(/Next reading in/), press(keys.ctrlC)))
        ],
        { concurrency: 3 }
      )
      assert.deepStrictEqual([followed.code, escaped.code, interrupted.code], [0, 0, 130])
      for (const session of [followed, escaped, interrupted]) {
        checkTerminal(session)
        assert.notMatch(session.shown, /Interrupted/)
        // The last picture stays.
        assert.match(session.shown.slice(session.shown.lastIndexOf("?1049l")), /Codex usage/)
      }
      assert.match(followed.shown.slice(followed.shown.lastIndexOf("?1049l")), /0% left/)
    })
  )

  it.scopedLive("usage --watch gives the terminal back before it tells what is wrong", () =>
    Effect.gen(function* () {
      const { env } = yield* emptyWorld(bin)
      const session = yield* onScreen({ env }, ["usage", "--watch"], () => Effect.void)
      assert.strictEqual(session.code, 3)
      checkTerminal(session)
      assert.match(session.shown.slice(session.shown.lastIndexOf("?1049l")), /error:[\s\S]*Not signed in/)
    })
  )

  it.scopedLive("guard --wait shows one line, and takes it away", () =>
    Effect.gen(function* () {
      const made = yield* world(bin, { accounts: accountAt(100) })
      const [over, interrupted] = yield* Effect.all(
        [
          onScreen(made, ["guard", "--wait", "--for", "2s"], ({ see }) => see(/Blocked by 5h until/)),
          onScreen(made, ["guard", "--wait"], ({ press, see }) =>
            Effect.zipRight(see(/Blocked by 5h until/), press(keys.ctrlC))
          )
        ],
        { concurrency: 2 }
      )
      assert.deepStrictEqual([over.code, interrupted.code], [8, 130])
      for (const session of [over, interrupted]) {
        assert.strictEqual(session.after, session.before)
        assert.isAbove(session.shown.lastIndexOf("\u001b[2K"), session.shown.lastIndexOf("next reading"))
        for (const line of linesOf(session)) assert.isAtMost(columnsOf(line), columns, line)
      }
    })
  )
})
