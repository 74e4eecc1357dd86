/** Watching and waiting as real processes: what is printed, which hooks run, and how it ends. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { columnsOf } from "../../../src/cli/render/text.js"
import { FakeAccount, type FakeBackend, Fault } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { answerOf, bundle, emptyWorld, type Place, reached, readIfThere, spawned, until, world } from "./harness.js"
import { checkTerminal, hasTerminal, keys, linesOf, onTerminal, quoted, steps } from "./terminal.js"

const short = (now: number, usedPercent: number, resetsInSeconds = 7_200) =>
  FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent, resetsInSeconds })

/** An account that pays with its plan alone. */
const accountAt = (usedPercent: number) => (now: number) => [{ credits: null, primary: short(now, usedPercent) }]

const becomes = (backend: FakeBackend.FakeBackendService, usedPercent: number, resetsInSeconds?: number) =>
  backend.updateAccount((account) => ({ ...account, primary: short(Date.now(), usedPercent, resetsInSeconds) }))

const linesIn = (text: string) => text.split("\n").filter((line) => line !== "")

/** A hook that appends the event and the window that it is given to a file. */
const recording = (file: string) => {
  const code = `
    const facts = ["EVENT", "WINDOW"].map((name) => process.env["CODEX_ACCOUNT_" + name])
    require("node:fs").appendFileSync(process.argv[1], facts.join(" ") + "\\n")`
  return [process.execPath, "-e", code, file].map(quoted).join(" ")
}

const recorded = (file: string) => linesIn(readIfThere(file) ?? "")

describe.concurrent("usage --watch", () => {
  live("prints one object a reading, runs the hooks of real transitions, and ends with Ctrl-C", function* () {
    const { backend, cli, home } = yield* world({ accounts: accountAt(50) })
    const file = join(home, "hooks")
    const hooks = [`--on-blocked=${recording(file)}`, `--on-reset=${recording(file)}`]
    const ran = yield* cli(["usage", "--watch", "--json", "--interval=10s", ...hooks], {
      meanwhile: Effect.fn(function* ({ printed, signal }) {
        yield* until(() => linesIn(printed()).length === 1)
        yield* becomes(backend, 100)
        yield* until(() => linesIn(printed()).length === 2)
        yield* becomes(backend, 3, 18_000)
        yield* until(() => recorded(file).length === 2)
        yield* signal("SIGINT")
      })
    })
    assert.deepStrictEqual([ran.code, ran.stderr], [130, ""])
    const answers = linesIn(ran.stdout).map((line) => answerOf("usage", { ...ran, stdout: `${line}\n` }))
    assert.deepStrictEqual(
      answers.map((answer) =>
        answer.ok && "watch" in answer
          ? [answer.watch?.isFirst, answer.verdict.state, answer.watch?.transitions.map(({ _tag }) => _tag)]
          : answer
      ),
      [
        [true, "usable", []],
        [false, "blocked", ["Blocked"]],
        [false, "usable", ["Reset"]]
      ]
    )
    assert.deepStrictEqual(recorded(file), ["blocked 5h", "reset 5h"])
  })

  live("prints lines only when something has changed, and warns of a failure once", function* () {
    const { backend, cli } = yield* world({ accounts: accountAt(50) })
    const ran = yield* cli(["usage", "--watch", "--interval", "10s", "--on-reset", "/no/such/program"], {
      meanwhile: Effect.fn(function* ({ signal, until }) {
        // The second reading is like the first.
        yield* reached(backend, "usage.read", 2)
        yield* becomes(backend, 0, 18_000)
        yield* until(/warning: The hook of --on-reset could not be started/)
        yield* backend.failNext("usage.read", Fault.forbidden)
        yield* until(/warning: The usage could not be read/)
        yield* signal("SIGINT")
      })
    })
    assert.strictEqual(ran.code, 130)
    assert.strictEqual(ran.stdout.match(/Codex usage/g)?.length, 2)
    assert.match(ran.stdout, /Started over: the 5h window\./)
    assert.strictEqual(ran.stderr.match(/could not be read/g)?.length, 1)
    assert.notMatch(ran.stderr, /Interrupted/)
  })

  live("ends when its reader leaves", function* () {
    const { env } = yield* world({ accounts: accountAt(50) })
    const child = yield* spawned(() =>
      spawn(process.execPath, [bundle(), "usage", "--watch", "--json", "--interval", "10s"], {
        env,
        stdio: ["ignore", "pipe", "ignore"]
      })
    )
    child.stdout.once("data", () => child.stdout.destroy())
    yield* until(() => child.exitCode !== null)
    assert.strictEqual(child.exitCode, 0)
  })

  live("ends at once without a sign-in, or where the backend refuses; there is none of a view", function* () {
    const empty = yield* emptyWorld
    const { answer, code } = yield* empty.ask("usage", ["usage", "--watch"])
    assert.deepStrictEqual([code, answer.ok], [3, false])
    const refusing = yield* world({ plan: [{ endpoint: "usage.read", call: "every", fault: Fault.forbidden }] })
    assert.strictEqual((yield* refusing.cli(["usage", "--watch"])).code, 4)
    const view = yield* empty.cli(["usage", "--watch", "daily"])
    assert.strictEqual(view.code, 2)
    assert.match(view.stderr, /leave out the view/)
  })
})

describe.concurrent("guard --wait", () => {
  live("ends with 0 after the reset, and has run both hooks", function* () {
    const { ask, backend, home } = yield* world({
      accounts: accountAt(100),
      plan: [{ endpoint: "usage.read", call: 1, fault: Fault.delay("1 second") }]
    })
    const file = join(home, "hooks")
    const hook = recording(file)
    const { answer, code, stderr } = yield* ask(
      "guard",
      ["guard", "--wait", "--on-blocked", hook, "--on-reset", hook],
      {
        // The window's last seconds begin with the first reading, however long the process took to start.
        meanwhile: () => Effect.zipRight(reached(backend, "usage.read"), becomes(backend, 100, 6))
      }
    )
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.isTrue(answer.ok && answer.usable && answer.verdict.state === "usable")
    assert.isAtLeast(answer.ok ? (answer.waitedMillis ?? 0) : 0, 6_000)
    assert.deepStrictEqual(recorded(file), ["blocked 5h", "reset 5h"])
    assert.strictEqual(yield* backend.count("usage.read"), 2)
  })

  live("is no wait while it is usable, and runs no hook", function* () {
    const { cli, home } = yield* world({ accounts: accountAt(50) })
    const file = join(home, "hooks")
    const ran = yield* cli(["guard", "--wait", "--on-blocked", recording(file), "--on-reset", recording(file)])
    assert.deepStrictEqual([ran.code, recorded(file)], [0, []])
  })

  live("ends with 8 when its time is over, with 130 by Ctrl-C, with 3 without a sign-in", function* () {
    const { ask, backend, cli } = yield* world({ accounts: accountAt(100) })
    const { answer, code } = yield* ask("guard", ["guard", "--wait", "--for", "10s"])
    assert.deepStrictEqual([code, answer.ok && answer.usable], [8, false])
    assert.isAtLeast(answer.ok ? (answer.waitedMillis ?? 0) : 0, 10_000)
    const before = yield* backend.count("usage.read")
    const interrupted = yield* cli(["guard", "--wait"], {
      meanwhile: ({ signal }) => Effect.zipRight(reached(backend, "usage.read", before + 1), signal("SIGINT"))
    })
    assert.deepStrictEqual([interrupted.code, interrupted.stderr], [130, "error: Interrupted.\n"])
    assert.strictEqual((yield* (yield* emptyWorld).cli(["guard", "--wait"])).code, 3)
  })
})

const columns = 72

const onScreen = ({ env }: Pick<Place, "env">, args: ReadonlyArray<string>, person?: ReturnType<typeof steps>) =>
  onTerminal([process.execPath, bundle(), ...args], { env, columns }, person)

describe.skipIf(!hasTerminal).concurrent("on a terminal", () => {
  live("usage --watch follows the readings, and q or Escape ends it with 0, Ctrl-C with 130", function* () {
    const made = yield* world({ accounts: accountAt(50) })
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
        onScreen(made, args, steps([/Next reading in/, keys.escape])),
        onScreen(made, args, steps([/Next reading in/, keys.ctrlC]))
      ],
      { concurrency: 3 }
    )
    assert.deepStrictEqual([followed.code, escaped.code, interrupted.code], [0, 0, 130])
    const lastOf = (shown: string) => shown.slice(shown.lastIndexOf("?1049l"))
    for (const session of [followed, escaped, interrupted]) {
      checkTerminal(session, columns)
      assert.notMatch(session.shown, /Interrupted/)
      // The last picture stays.
      assert.match(lastOf(session.shown), /Codex usage/)
    }
    assert.match(lastOf(followed.shown), /0% left/)
    const unsigned = yield* onScreen(yield* emptyWorld, ["usage", "--watch"])
    assert.strictEqual(unsigned.code, 3)
    checkTerminal(unsigned, columns)
    // The terminal is given back before the error is printed.
    assert.match(lastOf(unsigned.shown), /error:[\s\S]*Not signed in/)
  })

  live("guard --wait shows one line, and takes it away", function* () {
    const made = yield* world({ accounts: accountAt(100) })
    const [over, interrupted] = yield* Effect.all(
      [
        onScreen(made, ["guard", "--wait", "--for", "10s"], steps([/Blocked by 5h until/, ""])),
        onScreen(made, ["guard", "--wait"], steps([/Blocked by 5h until/, keys.ctrlC]))
      ],
      { concurrency: 2 }
    )
    assert.deepStrictEqual([over.code, interrupted.code], [8, 130])
    for (const session of [over, interrupted]) {
      assert.strictEqual(session.after, session.before)
      assert.isAbove(session.shown.lastIndexOf("\u001b[2K"), session.shown.lastIndexOf("next reading"))
      for (const line of linesOf(session.shown)) assert.isAtMost(columnsOf(line), columns, line)
    }
  })
})
