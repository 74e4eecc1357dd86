/** `codex-account app-server` as a child process. It is killed with the scope. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { bundle, spawned, until } from "../cli/harness.js"

export interface Answer {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
  readonly method?: string
}

export const initialize = (id: number | string = 0, name = "tester") => ({
  id,
  method: "initialize",
  params: { clientInfo: { name, title: null, version: "1.2.3" } }
})

export const readLimits = (id: number | string) => ({ id, method: "account/rateLimits/read" })
export const readAccount = (id: number | string) => ({ id, method: "account/read", params: {} })

export const start = Effect.fn(function* (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) {
  const child = yield* spawned(() =>
    spawn(process.execPath, [bundle(), "app-server", ...args], { env: { ...env }, stdio: ["pipe", "pipe", "pipe"] })
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
  let exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | null = null
  child.once("exit", (code, signal) => (exit = { code, signal }))
  return {
    /** Writes messages as lines; text and bytes as they are. */
    send: (...all: ReadonlyArray<unknown>) => {
      const bytes = all.map((one) =>
        Buffer.isBuffer(one) ? one : Buffer.from(typeof one === "string" ? one : `${JSON.stringify(one)}\n`)
      )
      child.stdin.write(Buffer.concat(bytes))
    },
    /** Everything that came on stdout, as messages. */
    messages: (): ReadonlyArray<Answer> => messages,
    stderr: () => stderr,
    /** Waits for the answer to a request. */
    answer: (id: number | string) => until(() => messages.find((one) => one.id === id && one.method === undefined)),
    /** Waits until this stands on stderr. */
    logged: (pattern: RegExp) => until(() => pattern.exec(stderr)),
    closeInput: () => child.stdin.end(),
    closeOutput: () => child.stdout.destroy(),
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** Waits for its end; the time is since this was asked. */
    ended: Effect.suspend(() => {
      const asked = performance.now()
      return Effect.map(
        until(() => exit),
        (how) => ({ ...how, millis: performance.now() - asked })
      )
    })
  }
})
