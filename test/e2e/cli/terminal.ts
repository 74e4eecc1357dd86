/** The command on a real terminal: a pseudo-terminal from `script` of util-linux, with keys pressed by the test. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import { withoutColor } from "../../../src/cli/render/paint.js"
import { columnsOf } from "../../../src/cli/render/text.js"
import { spawned, until } from "./harness.js"

/** Whether this machine has it. Elsewhere the tests say that they were skipped. */
export const hasTerminal =
  process.platform === "linux" &&
  /util-linux/.test(spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? "")

export interface Terminal {
  /** Waits until the text appears behind what was waited for before. */
  readonly see: (pattern: RegExp) => Effect.Effect<void>
  readonly press: (keys: string) => Effect.Effect<void>
}

export interface Session {
  readonly code: number
  /** Everything that was shown, with the sequences that move the cursor. */
  readonly shown: string
  /** The settings of the terminal, before and after the command. */
  readonly before: string
  readonly after: string
}

export const keys = { enter: "\r", escape: "\u001b", ctrlC: "\u0003", down: "\u001b[B" } as const

export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** Runs the command on a terminal of so many columns, while somebody presses keys. */
export const onTerminal = Effect.fn(function* (
  command: ReadonlyArray<string>,
  options: { readonly env: Readonly<Record<string, string>>; readonly columns: number },
  person: (terminal: Terminal) => Effect.Effect<unknown> = () => Effect.void
) {
  // The shell outlives Ctrl-C, so that it can tell how the command and the terminal ended.
  const script = [
    "trap : INT",
    `stty cols ${options.columns} rows 30`,
    'echo "<before $(stty -g)>"',
    command.map(quoted).join(" "),
    'echo "<ended $?>"',
    'echo "<after $(stty -g)>"'
  ].join("; ")
  // The terminal goes with it, and so does what runs on it.
  const child = yield* spawned(() =>
    spawn("script", ["-q", "-f", "-c", script, "/dev/null"], {
      env: { ...options.env, TERM: "xterm-256color", SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "ignore"]
    })
  )
  let shown = ""
  let seen = 0
  child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text))
  const see: Terminal["see"] = (pattern) =>
    Effect.gen(function* () {
      yield* until(() => pattern.test(shown.slice(seen)) || child.exitCode !== null)
      const match = pattern.exec(shown.slice(seen))
      if (match === null) return yield* Effect.dieMessage(`The terminal never showed ${pattern}: ${shown}`)
      seen += match.index + match[0].length
    })
  // A person is slower than a prompt that has just been drawn.
  const press: Terminal["press"] = (text) =>
    Effect.delay(
      Effect.sync(() => void child.stdin.write(text)),
      "60 millis"
    )
  const ended = Effect.async<void>((resume) => {
    child.on("close", () => resume(Effect.void))
  })
  yield* Effect.all([ended, person({ see, press })], { concurrency: "unbounded" })
  const fact = (name: string) => new RegExp(`<${name} ([^>\\r\\n]*)>`).exec(shown)?.[1] ?? `no ${name}`
  return { code: Number(fact("ended")), shown, before: fact("before"), after: fact("after") } satisfies Session
}, Effect.scoped)

/** What is seen and what is pressed, one after the other. */
export const steps =
  (...all: ReadonlyArray<readonly [see: RegExp, press: string]>) =>
  ({ press, see }: Terminal) =>
    Effect.forEach(all, ([pattern, keys]) => Effect.zipRight(see(pattern), press(keys)), { discard: true })

const escape = "\u001b"
const moves = new RegExp(`${escape}\\[[0-9;?]*[A-Za-ln-z]`, "g")

/** The lines as they were written, each repainted one by itself, without colours and cursor movements. */
export const linesOf = (shown: string): ReadonlyArray<string> =>
  withoutColor(shown.replace(moves, "\r"))
    .replaceAll("\u0007", "")
    .split(/[\r\n]+/)
    .filter((line) => line !== "" && !/^<\w+ .*>$/.test(line))

/**
 * Nothing that is drawn anew is wider than the terminal, which is left as it was found: its settings, its cursor, its
 * own screen, and its lines that wrap. An answer is repeated once, and may take two lines.
 */
export const checkTerminal = ({ after, before, shown }: Session, columns: number) => {
  const lines = linesOf(shown).filter((line) => !line.startsWith("✔"))
  assert.isNotEmpty(lines)
  for (const line of lines) assert.isAtMost(columnsOf(line), columns, line)
  assert.match(before, /^[0-9a-f]+:/)
  assert.strictEqual(after, before)
  for (const [on, off] of [
    ["?25l", "?25h"],
    ["?1049h", "?1049l"],
    ["?7l", "?7h"]
  ]) {
    const last = (sequence = "") => shown.lastIndexOf(`${escape}[${sequence}`)
    assert.isAtLeast(last(off), last(on), `${on} was not taken back`)
  }
}
