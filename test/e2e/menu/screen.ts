/** The command on a screen that can be looked at: a terminal of tmux, with keys pressed by the test. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { execFile, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { quoted } from "../cli/terminal.js"

/** Whether this machine has it. Elsewhere the tests say that they were skipped. */
export const hasTmux =
  process.platform !== "win32" && /^tmux [3-9]/.test(spawnSync("tmux", ["-V"], { encoding: "utf8" }).stdout ?? "")

/** A server of our own, in a folder that goes with it: sessions, keys and sizes are shared with no other. */
let server: string | undefined

const tmux = (...args: ReadonlyArray<string>): Effect.Effect<string> =>
  Effect.async((resume) => {
    server ??= mkdtempSync(join(tmpdir(), "codex-account-tmux-"))
    const own = ["-S", join(server, "socket"), "-f", "/dev/null"]
    execFile("tmux", [...own, ...args], { encoding: "utf8" }, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.dieMessage(`tmux ${args.join(" ")}: ${stderr}`))
    )
  })

export const endTmux = (): void => {
  if (server === undefined) return
  spawnSync("tmux", ["-S", join(server, "socket"), "kill-server"])
  rmSync(server, { recursive: true, force: true })
  server = undefined
}

export interface Ended {
  readonly code: number
  /** The settings of the terminal, before and after the command. */
  readonly before: string
  readonly after: string
  /** What is on the screen when the command is gone. */
  readonly screen: string
  readonly cursorIsShown: boolean
  readonly isOwnScreen: boolean
}

export interface Screen {
  /** What is on the screen now, without the space at the end of the lines. */
  readonly now: Effect.Effect<string>
  /** The same with its colours. */
  readonly inColor: Effect.Effect<string>
  /** Waits until the text is on the screen, and gives the whole screen. */
  readonly see: (pattern: RegExp) => Effect.Effect<string>
  /** Keys by the names of tmux: `Enter`, `Escape`, `C-c`, `Down`, `y`. */
  readonly press: (...names: ReadonlyArray<string>) => Effect.Effect<void>
  readonly type: (text: string) => Effect.Effect<void>
  /** As a terminal pastes: marked, where the command has asked for that. */
  readonly paste: (text: string) => Effect.Effect<void>
  readonly resize: (columns: number, rows: number) => Effect.Effect<void>
  readonly signal: (signal: "TERM" | "INT") => Effect.Effect<void>
  readonly cursor: Effect.Effect<{ readonly column: number; readonly row: number; readonly isShown: boolean }>
  /** Waits until the command has ended. */
  readonly ended: Effect.Effect<Ended>
}

const words = (text: string): ReadonlyArray<string> => text.split(" ")
const size = (columns: number, rows: number): string => `-x ${columns} -y ${rows}`

let count = 0

/** Starts the command on a screen of that size. Before it the word `above` stands there. */
export const onScreen = (
  command: ReadonlyArray<string>,
  options: { readonly env: Readonly<Record<string, string>>; readonly columns: number; readonly rows: number }
): Effect.Effect<Screen, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "codex-account-screen-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const env = Object.entries({ TERM: "xterm-256color", ...options.env }).map(([name, value]) =>
      quoted(`${name}=${value}`)
    )
    const file = (name: string) => quoted(join(folder, name))
    // The shell outlives Ctrl-C, and the screen stays after the command.
    const script = [
      "trap : INT",
      "echo above",
      `stty -g > ${file("before")}`,
      `env -i ${env.join(" ")} ${command.map(quoted).join(" ")}`,
      `echo $? > ${file("code")}`,
      `stty -g > ${file("after")}`,
      `: > ${file("ended")}`,
      "exec sleep 600"
    ].join("; ")
    const name = `s${(count += 1)}`
    yield* Effect.acquireRelease(
      tmux(
        ...words(`new-session -d -s ${name} ${size(options.columns, options.rows)}`),
        "/bin/sh",
        "-c",
        script,
        ...words(`; set -g status off ; set -g escape-time 0 ; set -t ${name} window-size manual`),
        ...words(`; resize-window -t ${name} ${size(options.columns, options.rows)}`)
      ),
      () => Effect.catchAllCause(tmux("kill-session", "-t", name), () => Effect.void)
    )
    const read = (name: string) => readFileSync(join(folder, name), "utf8").trim()
    const capture = Effect.map(tmux("capture-pane", "-p", "-t", name), (text) =>
      text.replace(/[ \t]+$/gm, "").trimEnd()
    )
    const display = (format: string) =>
      Effect.map(tmux("display-message", "-p", "-t", name, format), (text) => text.trim())
    /** A screen that is being drawn is looked at again. */
    const now: Effect.Effect<string> = Effect.flatMap(capture, (first) =>
      Effect.flatMap(Effect.delay(capture, "40 millis"), (second) => (first === second ? Effect.succeed(first) : now))
    )
    const hasEnded = () => existsSync(join(folder, "ended"))
    // For a minute, on a machine that has much else to do.
    const tries = 2000
    const see: Screen["see"] = Effect.fn(function* (pattern) {
      for (let left = tries; left > 0; left--) {
        const over = hasEnded()
        if (pattern.test(yield* capture)) return yield* now
        if (over) break
        yield* Effect.sleep("30 millis")
      }
      return yield* Effect.dieMessage(`The screen never showed ${pattern}:\n${yield* now}`)
    })
    return {
      now,
      inColor: tmux("capture-pane", "-p", "-e", "-t", name),
      see,
      press: (...names) =>
        Effect.forEach(names, (key) => Effect.delay(tmux("send-keys", "-t", name, key), "30 millis"), {
          discard: true
        }),
      type: (text) => Effect.asVoid(tmux("send-keys", "-t", name, "-l", text)),
      paste: (text) =>
        Effect.asVoid(
          tmux("set-buffer", "-b", name, "--", text, ";", "paste-buffer", "-p", "-r", "-d", "-b", name, "-t", name)
        ),
      resize: (columns, rows) => Effect.asVoid(tmux(...words(`resize-window -t ${name} ${size(columns, rows)}`))),
      signal: (signal) =>
        Effect.gen(function* () {
          const shell = yield* display("#{pane_pid}")
          const children = yield* Effect.async<string>((resume) => {
            execFile("ps", ["-o", "pid=", "--ppid", shell], { encoding: "utf8" }, (_, stdout) =>
              resume(Effect.succeed(stdout))
            )
          })
          for (const pid of children.trim().split(/\s+/)) process.kill(Number(pid), `SIG${signal}`)
        }),
      cursor: Effect.map(display("#{cursor_x} #{cursor_y} #{cursor_flag}"), (text) => {
        const [column = 0, row = 0, flag] = text.split(" ").map(Number)
        return { column, row, isShown: flag === 1 }
      }),
      ended: Effect.gen(function* () {
        for (let left = tries; left > 0 && !hasEnded(); left--) yield* Effect.sleep("30 millis")
        if (!hasEnded()) return yield* Effect.dieMessage(`It did not end:\n${yield* now}`)
        const [cursor, own] = (yield* display("#{cursor_flag} #{alternate_on}")).split(" ")
        return {
          code: Number(read("code")),
          before: read("before"),
          after: read("after"),
          screen: yield* now,
          cursorIsShown: cursor === "1",
          isOwnScreen: own === "1"
        }
      })
    }
  })
