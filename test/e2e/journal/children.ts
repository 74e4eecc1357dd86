/** Starts, reads and kills the processes of `child.ts`, bundled once so that they start fast. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { bundleChild } from "../processes/nursery.js"

export interface Child {
  readonly process: ChildProcess
  readonly lines: Array<string>
  /** Resolves when a line was seen; rejects when the process ended without. */
  readonly seen: (start: string) => Promise<void>
  readonly ended: Promise<number | null>
}

/** What was started, and what it left behind, goes with `close`. */
export const makeNursery = async () => {
  const { file, folder } = await bundleChild(fileURLToPath(new URL("./child.ts", import.meta.url)))
  const children: Array<Child> = []
  const homes: Array<string> = []

  const start = (...args: ReadonlyArray<string>): Child => {
    const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] })
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
