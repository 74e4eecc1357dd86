/**
 * How the built command loads its main part: as one script, with what V8 has made of it in an earlier run.
 *
 * The build leaves such a cache beside the script. V8 takes it only from the same V8, so for another one the first run
 * that reads the usage leaves a cache of its own for the next, in the user's cache folder. A server has a cache for itself,
 * and takes the other where there is none. Without any cache the command does the same, only later.
 */
import type * as Crypto from "node:crypto"
import type * as Fs from "node:fs"
import { createRequire } from "node:module"
import type * as Path from "node:path"
import { fileURLToPath } from "node:url"
import type * as V8 from "node:v8"
import type * as Vm from "node:vm"

/** Loaded when they are needed: asked for its version, the command needs none of them. */
interface Tools {
  readonly crypto: typeof Crypto
  readonly fs: typeof Fs
  readonly path: typeof Path
  readonly vm: typeof Vm
}

const digestBytes = 32
const monthMillis = 30 * 24 * 3600 * 1000

/** V8 believes a cache without looking, so that a broken one could do anything: each ends with its digest. */
const digest = ({ crypto }: Tools, data: Uint8Array): Buffer => crypto.createHash("sha256").update(data).digest()

const readCache = (tools: Tools, file: string): Buffer | undefined => {
  try {
    const all = tools.fs.readFileSync(file)
    const data = all.subarray(0, -digestBytes)
    return digest(tools, data).equals(all.subarray(-digestBytes)) ? data : undefined
  } catch {
    return undefined
  }
}

/** What runs as code is read only from where nobody else can write. */
const isPrivate = ({ fs }: Tools, path: string): boolean => {
  try {
    const stat = fs.lstatSync(path)
    return !stat.isSymbolicLink() && stat.uid === process.geteuid?.() && (stat.mode & 0o077) === 0
  } catch {
    return false
  }
}

/** The folder for the user's caches, and that of the command in it. */
type Folders = readonly [string, string]

const userFolders = ({ path }: Tools): Folders | undefined => {
  // Without owners and modes there is no telling who else can write.
  if (process.geteuid === undefined) return undefined
  const { HOME, XDG_CACHE_HOME } = process.env
  const [base] = [XDG_CACHE_HOME, HOME === undefined ? HOME : path.join(HOME, ".cache")].filter(
    (folder) => folder !== undefined && path.isAbsolute(folder)
  )
  return base === undefined ? undefined : [base, path.join(base, "codex-account")]
}

const readOwn = (tools: Tools, folders: Folders | undefined, name: string): Buffer | undefined => {
  if (folders === undefined) return undefined
  const [, folder] = folders
  const file = tools.path.join(folder, name)
  return isPrivate(tools, folder) && isPrivate(tools, file) ? readCache(tools, file) : undefined
}

const writeCache = (tools: Tools, folders: Folders, name: string, script: Vm.Script): void => {
  const { fs, path } = tools
  const [, folder] = folders
  const file = path.join(folder, name)
  const fresh = `${file}.${process.pid}`
  try {
    for (const path of folders) if (!fs.existsSync(path)) fs.mkdirSync(path, { mode: 0o700 })
    if (!isPrivate(tools, folder)) return
    const opened = fs.openSync(fresh, "wx", 0o600)
    try {
      const data = script.createCachedData()
      fs.writeFileSync(opened, Buffer.concat([data, digest(tools, data)]))
    } finally {
      fs.closeSync(opened)
    }
    fs.renameSync(fresh, file)
    const old = performance.timeOrigin - monthMillis
    for (const name of fs.readdirSync(folder)) {
      const other = path.join(folder, name)
      if (/^main-.*\.cache/.test(name) && fs.statSync(other).mtimeMs < old) fs.rmSync(other)
    }
  } catch {
    try {
      fs.rmSync(fresh, { force: true })
    } catch {
      // The folder can't be written.
    }
  }
}

const server = "app-server"

/** Whether a run compiles what most runs of its kind need, nothing but that, and in a home that stays. */
const isTypical = (given: ReadonlyArray<string>): boolean =>
  (given.includes("usage") || given.includes(server)) &&
  !given.some((word) => word === "--demo" || word === "--help" || word === "-h" || word === "--completions") &&
  process.execArgv.length === 0 &&
  process.env.NODE_OPTIONS === undefined &&
  process.env.CI === undefined

/** Loads a script that is a function of `require`, `module` and its own URL. */
export const loadScript = (url: URL, given: ReadonlyArray<string>): unknown => {
  const require = createRequire(url)
  const tools: Tools = {
    crypto: require("node:crypto"),
    fs: require("node:fs"),
    path: require("node:path"),
    vm: require("node:vm")
  }
  const { fs, path, vm } = tools
  const { dir, name } = path.parse(fileURLToPath(url))
  const cacheFor = (kind: string) => `${name}-${kind}${process.versions.v8}-${process.platform}-${process.arch}.cache`
  const isServer = given.includes(server)
  const cacheName = cacheFor(isServer ? "server-" : "")
  const folders = userFolders(tools)
  const filename = url.href
  const source = fs.readFileSync(url, "latin1")

  const compileWith = (cachedData: Buffer | undefined): Vm.Script | undefined => {
    if (cachedData === undefined) return undefined
    const script = new vm.Script(source, { filename, cachedData })
    return script.cachedDataRejected === true ? undefined : script
  }
  const compileFrom = (cache: string): Vm.Script | undefined =>
    compileWith(readCache(tools, path.join(dir, cache))) ?? compileWith(readOwn(tools, folders, cache))
  const cached = compileFrom(cacheName)
  const script = cached ?? (isServer ? compileFrom(cacheFor("")) : undefined) ?? new vm.Script(source, { filename })
  if (cached === undefined && folders !== undefined && isTypical(given)) {
    process.once("exit", (code) => {
      if (code === 0) writeCache(tools, folders, cacheName, script)
    })
  } else if (!isServer) {
    // The parser of HTTP is WebAssembly. V8 would take longer to optimize it than most commands run, and a process does
    // not end before that is done. A cache is for the flags that it was made under, so this comes after the script.
    const { setFlagsFromString }: typeof V8 = require("node:v8")
    setFlagsFromString("--wasm-tiering-budget=180000000")
  }

  const module: { exports: unknown } = { exports: {} }
  script.runInThisContext()(require, module, filename)
  return module.exports
}
