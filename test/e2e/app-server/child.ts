/** `codex-account app-server` as a child process. It is killed with the scope. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"

export interface Answer {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
  readonly method?: string
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** How long it took since it was asked for. */
  readonly millis: number
}

export interface Child {
  /** Writes messages as lines; text and bytes as they are. */
  readonly send: (...messages: ReadonlyArray<unknown>) => void
  /** Everything that came on stdout, as messages. */
  readonly messages: () => ReadonlyArray<Answer>
  readonly stderr: () => string
  /** Waits for the answer to a request. */
  readonly answer: (id: number | string) => Effect.Effect<Answer>
  /** Waits until this stands on stderr. */
  readonly told: (pattern: RegExp) => Effect.Effect<RegExpExecArray>
  readonly closeInput: () => void
  /** Closes our end of its stdout. */
  readonly closeOutput: () => void
  readonly pauseOutput: () => void
  readonly signal: (signal: NodeJS.Signals) => void
  readonly ended: Effect.Effect<Ended>
}

/** Looks again and again until there is something. */
export const until = <A>(look: () => A | null | undefined): Effect.Effect<A> =>
  Effect.suspend(() => {
    const found = look()
    return found === null || found === undefined
      ? Effect.zipRight(Effect.sleep("5 millis"), until(look))
      : Effect.succeed(found)
  })

export const initialize = (id: number | string = 0, name = "tester") => ({
  id,
  method: "initialize",
  params: { clientInfo: { name, title: null, version: "1.2.3" } }
})

export const start = (
  bin: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [bin, "app-server", ...args], { env: { ...env }, stdio: ["pipe", "pipe", "pipe"] })
      ),
      (child) =>
        Effect.async<void>((resume) => {
          if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGKILL")
        })
    )
    const messages: Array<Answer> = []
    let begun: Array<string> = []
    let stderr = ""
    child.stdin.on("error", () => {})
    child.stdout.on("error", () => {})
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const [first = "", ...others] = text.split("\n")
      begun.push(first)
      for (const other of others) {
        messages.push(JSON.parse(begun.join("")))
        begun = [other]
      }
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    let exit: Omit<Ended, "millis"> | null = null
    child.once("exit", (code, signal) => (exit = { code, signal }))
    return {
      send: (...all) => {
        const bytes = all.map((one) =>
          Buffer.isBuffer(one) ? one : Buffer.from(typeof one === "string" ? one : `${JSON.stringify(one)}\n`)
        )
        child.stdin.write(Buffer.concat(bytes))
      },
      messages: () => messages,
      stderr: () => stderr,
      answer: (id) => until(() => messages.find((message) => message.id === id && message.method === undefined)),
      told: (pattern) => until(() => pattern.exec(stderr)),
      closeInput: () => child.stdin.end(),
      closeOutput: () => child.stdout.destroy(),
      pauseOutput: () => child.stdout.pause(),
      signal: (signal) => child.kill(signal),
      ended: Effect.suspend(() => {
        const asked = performance.now()
        return Effect.map(
          until(() => exit),
          (how) => ({ ...how, millis: performance.now() - asked })
        )
      })
    }
  })
