/** What the system says of this machine and its processes, where clocks and process numbers alone may mislead. */
import * as Context from "effect/Context"
import * as Fs from "node:fs"
import * as Os from "node:os"

const read = (path: string): string | null => {
  try {
    return Fs.readFileSync(path, "utf8").trim()
  } catch {
    return null
  }
}

/** The fields of `/proc/PID/stat` after the name of the program, which may hold any characters. */
const statOf = (pid: number | "self"): ReadonlyArray<string> | null => {
  const text = read(`/proc/${pid}/stat`)
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ")
}

/** When the process was started, in ticks since the boot; null when it has ended. */
const startOf = (pid: number | "self"): string | null => {
  const stat = statOf(pid)
  // One that was killed stays a zombie until its parent has noticed.
  return stat === null || stat[0] === "Z" || stat[0] === "X" ? null : (stat[19] ?? null)
}

const namespace = (): string | null => {
  try {
    return Fs.readlinkSync("/proc/self/ns/pid")
  } catch {
    return null
  }
}

/** Where a process is, its number, and when it was started. */
const partsOf = (holder: string) => {
  const [, of, pid, started] = /^(.*) (\d+) (\d+)$/.exec(holder) ?? []
  return { of, pid, started }
}

/** Only Linux says enough; elsewhere there is no boot, and no process counts as dead. */
const detect = () => {
  const boot = process.platform === "linux" ? read("/proc/sys/kernel/random/boot_id") : null
  const place = `${boot} ${namespace()}`
  const start = boot === null ? null : startOf("self")
  return {
    /** The present run of the system; null where that is not known. */
    boot,
    /** Milliseconds since the boot: a clock that no correction of the time changes. */
    uptimeMillis: (): number => Math.round(Os.uptime() * 1000),
    /** This process, unlike any other before or after; null where the system does not tell them apart. */
    self: start === null ? null : `${place} ${process.pid} ${start}`,
    /** What a person finds it by; null for one that says nothing of itself. */
    nameOf: (holder: string | null): string | null => {
      const { of, pid } = partsOf(holder ?? "")
      return pid === undefined ? null : of === place ? `process ${pid}` : "a process of another machine or container"
    },
    /** Whether this was a process of this system that has ended. False where that can't be known. */
    isDead: (holder: string): boolean => {
      const { of, pid, started } = partsOf(holder)
      return boot !== null && of === place && startOf(Number(pid)) !== started
    }
  }
}

export class Machine extends Context.Reference<Machine>()("effect-codex-account/layers/internal/Machine", {
  defaultValue: detect
}) {}
