/**
 * The end of a process at one of its own calls to the file system. Imported before anything that takes hold of `node:fs`.
 */
import Fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"

/** `before` the call is made, or `during` it: when it has been handed to the operating system. */
export interface KillAt {
  readonly call: number
  readonly when: "before" | "during"
}

let armed: KillAt | null = null
let isCounting = false
const made: Array<string> = []

/** From now on calls are counted, and the process ends at the one given. */
export const arm = (at: KillAt | null): void => {
  armed = at
  isCounting = true
}

/** The names of the calls since then, in order. */
export const calls = (): ReadonlyArray<string> => made

const names = [
  "access chmod close copyFile fchmod fdatasync fstat fsync ftruncate link lstat mkdir open read",
  "readFile readdir readlink realpath rename rm stat symlink truncate unlink utimes write writeFile"
].flatMap((line) => line.split(" "))

for (const name of names) {
  const original: unknown = Reflect.get(Fs, name)
  if (typeof original !== "function") throw new Error(`There is no fs.${name}`)
  const watched = (...args: ReadonlyArray<unknown>): unknown => {
    if (!isCounting) return Reflect.apply(original, Fs, args)
    made.push(name)
    if (armed?.call !== made.length) return Reflect.apply(original, Fs, args)
    if (armed.when === "during") Reflect.apply(original, Fs, args)
    return process.kill(process.pid, "SIGKILL")
  }
  Reflect.set(Fs, name, Object.assign(watched, original))
}
syncBuiltinESMExports()
