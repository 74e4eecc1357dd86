/** The command on a real terminal: a pseudo-terminal from `script` of util-linux, with keys pressed by the test. */
import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import { withoutColor } from "../../../src/cli/render/paint.js"

/** Whether this machine has it. Elsewhere the tests say that they were skipped. */
export const hasTerminal =
  process.platform === "linux" &&
  /util-linux/.test(spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? "")

export interface Terminal {
  /** Everything that was shown so far, with the sequences that move the cursor. */
  readonly shown: () => string
  /** Waits until the text appears behind what was waited for before. */
  readonly see: (pattern: RegExp) => Effect.Effect<void>
  readonly press: (keys: string) => Effect.Effect<void>
}

export interface Session {
  readonly code: number
  readonly shown: string
  /** The settings of the terminal, before and after the command. */
  readonly before: string
  readonly after: string
}

export const keys = { enter: "\r", escape: "\u001b", ctrlC: "\u0003", down: "\u001b[B" } as const

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** Runs the command on a terminal of so many columns, while somebody presses keys. */
export const onTerminal = (
  command: ReadonlyArray<string>,
  options: { readonly env: Readonly<Record<string, string>>; readonly columns: number },
  person: (terminal: Terminal) => Effect.Effect<unknown>
): Effect.Effect<Session> =>
  Effect.scoped(
    Effect.gen(function* () {
      // The shell outlives Ctrl-C, so that it can tell how the command and the terminal ended.
      const script = [
        "trap : INT",
        `stty cols ${options.columns} rows 30`,
        'echo "<before $(stty -g)>"',
        command.map(quoted).join(" "),
        'echo "<ended $?>"',
        'echo "<after $(stty -g)>"'
      ].join("; ")
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn("script", ["-q", "-f", "-c", script, "/dev/null"], {
            env: { ...options.env, TERM: "xterm-256color", SHELL: "/bin/sh" },
            stdio: ["pipe", "pipe", "ignore"]
          })
        ),
        // The terminal goes with it, and so does whatever runs on it.
        (child) =>
          Effect.sync(() => {
            if (child.exitCode === null) child.kill("SIGKILL")
          })
      )
      let shown = ""
      let seen = 0
      child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text))
      const see: Terminal["see"] = (pattern) =>
        Effect.sleep("10 millis").pipe(
          Effect.repeat({ until: () => pattern.test(shown.slice(seen)) || child.exitCode !== null }),
          Effect.zipRight(
            Effect.suspend(() => {
              const match = pattern.exec(shown.slice(seen))
              if (match === null) return Effect.dieMessage(`The terminal never showed ${pattern}: ${shown}`)
              seen += match.index + match[0].length
              return Effect.void
            })
          )
        )
      const press: Terminal["press"] = (text) =>
        // A person is slower than a prompt that has just been drawn.
        Effect.delay(
          Effect.sync(() => void child.stdin.write(text)),
          "60 millis"
        )
      const ended = Effect.async<void>((resume) => {
        child.on("close", () => resume(Effect.void))
      })
      yield* Effect.all([ended, person({ shown: () => shown, see, press })], { concurrency: "unbounded" })
      const fact = (name: string) => new RegExp(`<${name} ([^>\\r\\n]*)>`).exec(shown)?.[1] ?? `no ${name}`
      return { code: Number(fact("ended")), shown, before: fact("before"), after: fact("after") }
    })
  )

const escape = "\u001b"
const moves = new RegExp(`${escape}\\[[0-9;?]*[A-Za-ln-z]`, "g")

/** The lines as they were written, each repainted one by itself, without colours and cursor movements. */
export const linesOf = ({ shown }: Pick<Session, "shown">): ReadonlyArray<string> =>
  withoutColor(shown.replace(moves, "\r"))
    .replaceAll("\u0007", "")
    .split(/[\r\n]+/)
    .filter((line) => line !== "" && !/^<\w+ .*>$/.test(line))
