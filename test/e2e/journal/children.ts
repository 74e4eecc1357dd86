/** Starts, reads and kills the processes of `child.ts`, bundled once so that they start fast. */
import { build } from "esbuild"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

const here = Path.dirname(fileURLToPath(import.meta.url))

export interface Child {
  readonly process: ChildProcess
  readonly lines: Array<string>
  /** Resolves when a line was seen; rejects when the process ended without. */
  readonly seen: (start: string) => Promise<void>
  readonly ended: Promise<number | null>
}

/** What was started, and what it left behind, goes with `close`. */
export const makeNursery = async () => {
  // Inside the project, so that the driver is found.
  const cache = Path.join(here, "../../../node_modules/.cache")
  Fs.mkdirSync(cache, { recursive: true })
  const folder = Fs.mkdtempSync(Path.join(cache, "journal-e2e-"))
  const script = Path.join(folder, "child.mjs")
  await build({
    entryPoints: [Path.join(here, "child.ts")],
    outfile: script,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["libsql"],
    logLevel: "error",
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' }
  })
  const children: Array<Child> = []
  const homes: Array<string> = []

  const start = (...args: ReadonlyArray<string>): Child => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] })
    const lines: Array<string> = []
    const waiting = new Set<() => void>()
    let rest = ""
    let isOver = false
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n")
      rest = parts.pop() ?? ""
      lines.push(...parts)
      for (const look of waiting) look()
    })
    // Also what was still in the pipe when it died.
    const ended = once(child, "close").then(() => {
      isOver = true
      for (const look of waiting) look()
      return child.exitCode
    })
    const seen = (start: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (lines.some((line) => line.startsWith(start))) resolve()
          else if (isOver) reject(new Error(`ended without "${start}"`))
          else return
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      })
    const started = { process: child, lines, seen, ended }
    children.push(started)
    return started
  }

  return {
    start,
    home: () => {
      const home = Fs.mkdtempSync(Path.join(Os.tmpdir(), "codex account e2e "))
      homes.push(home)
      return home
    },
    close: async () => {
      for (const child of children) child.process.kill("SIGKILL")
      await Promise.all(children.map(({ ended }) => ended))
      for (const path of [folder, ...homes]) Fs.rmSync(path, { recursive: true, force: true })
    }
  }
}
