/** The command `codex-account`. Asked for its version, it answers before anything heavy is loaded. */
import { existsSync, lstatSync, mkdirSync } from "node:fs"
import * as Module from "node:module"
import { dirname, isAbsolute, join } from "node:path"
import { version } from "../domain/version.js"
import type * as Main from "./main.js"

/** The rest of the command as one script beside this file. Only the build makes it. */
declare const MAIN_SCRIPT: string | undefined

/**
 * The user's own folder for compiled code. What is in it runs as code, so there is none where its owner is another user,
 * as when root runs with another user's home, and none on systems without owners.
 */
const cacheFolder = (): string | undefined => {
  const user = process.geteuid?.()
  const { HOME = "", XDG_CACHE_HOME = "" } = process.env
  const base = [XDG_CACHE_HOME, HOME === "" ? "" : join(HOME, ".cache")].find(isAbsolute)
  if (user === undefined || base === undefined) return undefined
  const isOwn = (path: string, others: number): boolean => {
    const stat = lstatSync(path)
    return stat.isDirectory() && stat.uid === user && (stat.mode & others) === 0
  }
  const nearest = (path: string): string => (existsSync(path) ? path : nearest(dirname(path)))
  const folder = join(base, "codex-account")
  try {
    if (!isOwn(nearest(base), 0)) return undefined
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return isOwn(folder, 0o077) ? folder : undefined
  } catch {
    return undefined
  }
}

/** Node 22 and later keep what V8 has compiled for the next run, which then starts sooner. */
const keepCompiledCode = (): void => {
  if (!("enableCompileCache" in Module) || typeof Module.enableCompileCache !== "function") return
  const folder = cacheFolder()
  if (folder !== undefined) Module.enableCompileCache(folder)
}

const given = process.argv.slice(2)
const literal = given.indexOf("--")
const flags = literal === -1 ? given : given.slice(0, literal)

if (flags.includes("--version")) {
  const answer = { schemaVersion: 1, command: "version", ok: true, exitCode: 0, version }
  process.stdout.write(`${flags.includes("--json") ? JSON.stringify(answer) : version}\n`)
} else {
  keepCompiledCode()
  const { main }: typeof Main =
    typeof MAIN_SCRIPT === "string" ? Module.createRequire(import.meta.url)(MAIN_SCRIPT) : await import("./main.js")
  main(given)
}
