/** The command as it is built: it does the same with V8's cache, with a broken one and with none. */
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const digestBytes = 32

let folder = ""
let backend: ChildProcess | undefined
let codexHome = ""

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly flags?: ReadonlyArray<string>
}

const run = async (file: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Run> => {
  const child = spawn(process.execPath, [...(options.flags ?? []), file, ...args], {
    cwd: options.cwd ?? folder,
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
    killSignal: "SIGKILL"
  })
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (more: string) => (stdout += more))
  child.stderr.setEncoding("utf8").on("data", (more: string) => (stderr += more))
  const [code] = await once(child, "close")
  return { code, stdout, stderr }
}

/** A copy of the built command in a folder of its own, and an empty home. */
const install = () => {
  const own = mkdtempSync(join(folder, "own-"))
  const home = join(own, "home")
  mkdirSync(home)
  writeFileSync(join(own, "package.json"), `{ "type": "module" }`)
  cpSync(join(folder, "built"), join(own, "dist"), { recursive: true })
  const chunks = join(own, "dist/bin-chunks")
  const [cacheName = ""] = readdirSync(chunks).filter((name) => name.endsWith(".cache"))
  const ownFolder = join(home, ".cache/codex-account")
  const bin = join(own, "dist/bin.js")
  return {
    own,
    home,
    bin,
    chunks,
    cache: join(chunks, cacheName),
    /** Where the user's own cache would be. */
    ownFolder,
    ownCache: join(ownFolder, cacheName),
    usage: (options: RunOptions = {}) =>
      run(bin, ["usage", "--json"], { ...options, env: { HOME: home, CODEX_HOME: codexHome, ...options.env } })
  }
}

const isUsage = ({ code, stderr, stdout }: Run): void => {
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
  const { command, ok } = JSON.parse(stdout)
  assert.deepStrictEqual({ command, ok }, { command: "usage", ok: true })
}

const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file)
  bytes[at] = bytes[at]! ^ 0xff
  writeFileSync(file, bytes)
}

beforeAll(async () => {
  const base = join(root, "node_modules/.cache")
  mkdirSync(base, { recursive: true })
  folder = mkdtempSync(join(base, "startup-e2e-"))
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`)
  const built = await run(join(root, "scripts/build-bin.mjs"), ["--out", join(folder, "built")])
  assert.strictEqual(built.code, 0, built.stderr)
  codexHome = join(folder, "codex-home")
  const bin = join(folder, "built/bin.js")
  backend = spawn(process.execPath, [bin, "backend", "--home", codexHome, "--json"], {
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ["ignore", "pipe", "inherit"]
  })
  await once(backend.stdout!, "data")
}, 120_000)

afterAll(async () => {
  if (backend !== undefined && backend.exitCode === null) {
    const ended = once(backend, "exit")
    backend.kill("SIGKILL")
    await ended
  }
  rmSync(folder, { recursive: true, force: true })
})

it("the build leaves one script with one cache, and takes the one beside it", async () => {
  const { cache, chunks, home, usage } = install()
  assert.strictEqual(readdirSync(chunks).length, 2)
  assert.isTrue(existsSync(cache))
  isUsage(await usage())
  assert.deepStrictEqual(readdirSync(home), [])
})

it("--version loads no script", async () => {
  const { bin, chunks } = install()
  rmSync(chunks, { recursive: true })
  const { code, stderr, stdout } = await run(bin, ["--version"])
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
  assert.match(stdout, /^\d+\.\d+\.\d+\S*\n$/)
})

it("without a cache it leaves one of the user's own, which the next run takes", async () => {
  const { cache, home, ownCache, ownFolder, usage } = install()
  rmSync(cache)
  isUsage(await usage())
  assert.deepStrictEqual(readdirSync(ownFolder), [ownCache.slice(ownFolder.length + 1)])
  assert.strictEqual(statSync(ownFolder).mode & 0o777, 0o700)
  assert.strictEqual(statSync(ownCache).mode & 0o777, 0o600)
  const { ino } = statSync(ownCache)
  isUsage(await usage())
  assert.strictEqual(statSync(ownCache).ino, ino)
  assert.deepStrictEqual(readdirSync(home), [".cache"])
})

it.each(["the head", "what V8 reads first", "the middle", "the digest"])(
  "a cache that is broken in %s is not used",
  async (where) => {
    const { cache, ownCache, usage } = install()
    const { size } = statSync(cache)
    flip(cache, { "the head": 4, "what V8 reads first": 40, "the middle": size >> 1 }[where] ?? size - 1)
    isUsage(await usage())
    // Neither is the user's own.
    flip(ownCache, 40)
    const { ino } = statSync(ownCache)
    isUsage(await usage())
    assert.notStrictEqual(statSync(ownCache).ino, ino)
  }
)

it.each([0, 31, 5000])("a cache that ends after %d bytes is not used", async (size) => {
  const { cache, ownCache, usage } = install()
  truncateSync(cache, size)
  isUsage(await usage())
  assert.isTrue(existsSync(ownCache))
})

it("a whole cache of another V8 is rejected, in favour of an own one", async () => {
  const { cache, ownCache, usage } = install()
  // The second word is the version of V8.
  flip(cache, 4)
  const data = readFileSync(cache).subarray(0, -digestBytes)
  writeFileSync(cache, Buffer.concat([data, createHash("sha256").update(data).digest()]))
  isUsage(await usage())
  const { ino } = statSync(ownCache)
  isUsage(await usage())
  assert.strictEqual(statSync(ownCache).ino, ino)
})

it("under other flags it works without a cache, and leaves none", async () => {
  const { home, usage } = install()
  isUsage(await usage({ flags: ["--no-opt"] }))
  isUsage(await usage({ env: { NODE_OPTIONS: "--max-old-space-size=300" } }))
  assert.deepStrictEqual(readdirSync(home), [])
})

it("an own cache that others can write is not used, and in a folder that they can write none is left", async () => {
  const { cache, ownCache, ownFolder, usage } = install()
  rmSync(cache)
  isUsage(await usage())
  chmodSync(ownCache, 0o666)
  const { ino } = statSync(ownCache)
  isUsage(await usage())
  assert.notStrictEqual(statSync(ownCache).ino, ino)
  assert.strictEqual(statSync(ownCache).mode & 0o777, 0o600)
  rmSync(ownCache)
  chmodSync(ownFolder, 0o777)
  isUsage(await usage())
  assert.deepStrictEqual(readdirSync(ownFolder), [])
})

it("no cache is left in a continuous integration, by other commands, or without a home", async () => {
  const { bin, cache, home, own, usage } = install()
  rmSync(cache)
  isUsage(await usage({ env: { CI: "1" } }))
  isUsage(await usage({ env: { HOME: join(own, "not-there") } }))
  isUsage(await usage({ env: { HOME: bin } }))
  isUsage(await usage({ env: { HOME: "relative" } }))
  isUsage(await usage({ env: { XDG_CACHE_HOME: join(bin, "not-a-folder") } }))
  for (const args of [["usage", "--demo", "--json"], ["--help"], ["policies", "--json"]]) {
    assert.strictEqual((await run(bin, args, { env: { HOME: home, CODEX_HOME: codexHome } })).code, 0)
  }
  assert.deepStrictEqual(readdirSync(home), [])
  assert.deepStrictEqual(readdirSync(own).sort(), ["dist", "home", "package.json"])
}, 60_000)

it("XDG_CACHE_HOME moves the own cache", async () => {
  const { cache, home, own, ownCache, usage } = install()
  rmSync(cache)
  const XDG_CACHE_HOME = join(own, "xdg")
  isUsage(await usage({ env: { XDG_CACHE_HOME } }))
  assert.deepStrictEqual(readdirSync(join(XDG_CACHE_HOME, "codex-account")), [ownCache.split("/").at(-1)])
  assert.deepStrictEqual(readdirSync(home), [])
})

it("it runs from any folder and through a link", async () => {
  const { bin, home, own } = install()
  const link = join(own, "codex-account")
  symlinkSync(bin, link)
  const env = { HOME: home, CODEX_HOME: codexHome }
  isUsage(await run(bin, ["usage", "--json"], { cwd: "/", env }))
  isUsage(await run(link, ["usage", "--json"], { cwd: home, env }))
  isUsage(await run("codex-account", ["usage", "--json"], { cwd: own, env }))
  assert.deepStrictEqual(readdirSync(home), [])
})

it("an error keeps its exit code, with a cache and without", async () => {
  const { bin, cache, home } = install()
  const env = { HOME: home, CODEX_HOME: join(home, "nobody") }
  const withCache = await run(bin, ["usage", "--json"], { env })
  rmSync(cache)
  const without = await run(bin, ["usage", "--json"], { env })
  assert.notStrictEqual(withCache.code, 0)
  assert.deepStrictEqual(without, withCache)
  assert.deepStrictEqual(readdirSync(home), [])
})
