/** How the process of a hook is run. */
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type HookCommands, makeHooks } from "../../src/cli/hooks.js"
import type { Words } from "../../src/domain/shellWords.js"
import { liveOver } from "../cases.js"
import type { UsageTransition } from "../../src/domain/UsageTransition.js"

const until = DateTime.unsafeMake("2026-11-20T12:00:00Z")
const blocked: UsageTransition = { _tag: "Blocked", windows: ["5h", "weekly"], until, remainingPercent: 0 }
const reset: UsageTransition = { _tag: "Reset", windows: [], until: null, remainingPercent: null }

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "codex-account-hooks-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A program that runs this code, with a file to write to as its first argument. */
const program = (file: string, code: string, ...args: ReadonlyArray<string>): Words => [
  process.execPath,
  "-e",
  `const fs = require("node:fs"); const [file, ...args] = process.argv.slice(1); ${code}`,
  file,
  ...args
]

const hooksOf = Effect.fn(function* (commands: Partial<HookCommands>, limit?: Duration.Duration) {
  const said: Array<string> = []
  const note = (text: string) => Effect.sync(() => void said.push(text))
  const hooks = yield* makeHooks(
    { "--on-blocked": undefined, "--on-reset": undefined, ...commands },
    { warn: note, print: note },
    limit
  )
  return { hooks, said }
})

const hook = liveOver(Layer.provide(NodeCommandExecutor.layer, NodeFileSystem.layer))

describe("a hook", { timeout: 60_000 }, () => {
  hook("gets its arguments as they are, and the facts in its environment", function* () {
    const file = join(yield* folder, "out.json")
    const code = `
        const own = Object.entries(process.env).filter(([name]) => name.startsWith("CODEX_ACCOUNT_"))
        fs.writeFileSync(file, JSON.stringify([args, Object.fromEntries(own), process.env.PATH]))`
    const args = ["two words", "$HOME", "; rm -rf /", "*", "`id`", '"', "'", ""]
    const { hooks, said } = yield* hooksOf({ "--on-blocked": program(file, code, ...args) })
    yield* hooks.run(blocked)
    yield* hooks.run(reset)
    yield* hooks.idle
    assert.deepStrictEqual(said, [])
    assert.deepStrictEqual(JSON.parse(readFileSync(file, "utf8")), [
      args,
      {
        CODEX_ACCOUNT_EVENT: "blocked",
        CODEX_ACCOUNT_WINDOW: "5h,weekly",
        CODEX_ACCOUNT_UNTIL: "2026-11-20T12:00:00.000Z",
        CODEX_ACCOUNT_REMAINING_PERCENT: "0"
      },
      process.env.PATH
    ])
  })

  hook("is told nothing for what is not known", function* () {
    const code = `console.log(JSON.stringify([process.env.CODEX_ACCOUNT_EVENT, process.env.CODEX_ACCOUNT_WINDOW,
        process.env.CODEX_ACCOUNT_UNTIL, process.env.CODEX_ACCOUNT_REMAINING_PERCENT]))`
    const { hooks, said } = yield* hooksOf({ "--on-reset": program("-", code) })
    yield* hooks.run(reset)
    yield* hooks.idle
    assert.deepStrictEqual(said, ['["reset","","",""]'])
  })

  hook("runs alone and in turn", function* () {
    const file = join(yield* folder, "out")
    const code = `fs.appendFileSync(file, args[0] + "+"); setTimeout(() => fs.appendFileSync(file, args[0] + "- "), 150)`
    const { hooks } = yield* hooksOf({
      "--on-blocked": program(file, code, "b"),
      "--on-reset": program(file, code, "r")
    })
    for (const transition of [blocked, reset, blocked]) yield* hooks.run(transition)
    yield* hooks.idle
    assert.strictEqual(readFileSync(file, "utf8"), "b+b- r+r- b+b- ")
  })

  hook("that fails is a warning, and the next one runs", function* () {
    const { hooks, said } = yield* hooksOf({
      "--on-blocked": program("-", `console.error("a \\u001b[31mred\\u001b[0m line"); process.exit(3)`),
      "--on-reset": [join(yield* folder, "no-such-program")]
    })
    for (const transition of [reset, blocked, reset]) yield* hooks.run(transition)
    yield* hooks.idle
    assert.deepStrictEqual(said, [
      "The hook of --on-reset could not be started.",
      "a red line",
      "The hook of --on-blocked ended with exit code 3.",
      "The hook of --on-reset could not be started."
    ])
  })

  hook("finds nothing on its stdin, and what it leaves running holds nothing up", function* () {
    const code = `
        process.stdin.resume().on("end", () => {
          require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 5000)"], { stdio: "inherit" })
          console.log("read all")
          process.exit(0)
        })`
    const { hooks, said } = yield* hooksOf({ "--on-reset": program("-", code) })
    yield* hooks.run(reset)
    const [took] = yield* Effect.timed(hooks.idle)
    assert.deepStrictEqual(said, ["read all"])
    assert.isBelow(Duration.toMillis(took), 4000)
  })

  hook("that takes too long is ended, and the next one runs", function* () {
    const { hooks, said } = yield* hooksOf(
      { "--on-blocked": program("-", "setInterval(() => {}, 1000)"), "--on-reset": ["echo", "next"] },
      Duration.millis(400)
    )
    yield* hooks.run(blocked)
    yield* hooks.run(reset)
    yield* hooks.idle
    assert.deepStrictEqual(said, ["The hook of --on-blocked took longer than 400ms, and was ended.", "next"])
  })

  hook("that does not want to end is ended with the scope", function* () {
    const file = join(yield* folder, "pid")
    const code = `process.on("SIGTERM", () => {}); fs.writeFileSync(file, String(process.pid)); setInterval(() => {}, 1000)`
    yield* Effect.gen(function* () {
      const { hooks } = yield* hooksOf({ "--on-reset": program(file, code) })
      yield* hooks.run(reset)
      yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => existsSync(file) })
      yield* Effect.sleep("50 millis")
    }).pipe(Effect.scoped)
    assert.throws(() => process.kill(Number(readFileSync(file, "utf8")), 0), /ESRCH/)
  })
})
