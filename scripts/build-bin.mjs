/**
 * Bundles the command into dist/bin.js, which answers `--version` alone, and its main part: one script in dist/bin-chunks,
 * with what V8 makes of it in a run that reads the usage from the embedded backend. See src/cli/startup.ts.
 *
 * Usage: node scripts/build-bin.mjs [--if-needed] [--out DIR]
 */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { createRequire } from "node:module"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { build } from "esbuild"
import { home } from "./tools.mjs"

const { values: given } = parseArgs({
  options: { "if-needed": { type: "boolean", default: false }, out: { type: "string", default: join(home, "dist") } }
})
const entry = join(home, "src/cli/bin.ts")
const out = resolve(given.out)
const target = join(out, "bin.js")
const chunks = join(out, "bin-chunks")

const newest = (path) =>
  statSync(path).isDirectory()
    ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
    : statSync(path).mtimeMs
const isFresh = () => {
  if (!existsSync(target)) return false
  const sources = ["src", "package.json", "package-lock.json", "scripts/build-bin.mjs"].map((name) => join(home, name))
  return statSync(target).mtimeMs > Math.max(...sources.filter(existsSync).map(newest))
}

if (!existsSync(entry)) {
  console.error("src/cli/bin.ts does not exist, so there is no command to build.")
  process.exit(1)
}
if (given["if-needed"] && isFresh()) process.exit(0)

const common = {
  absWorkingDir: home,
  bundle: true,
  write: false,
  minify: true,
  platform: "node",
  target: "node20",
  legalComments: "none",
  logLevel: "warning"
}

/**
 * Of undici, what the Node layers of Effect use: no fetch, no WebSocket, no caches, no mocks. What few runs need is loaded
 * when it is asked for.
 */
const undici = {
  name: "undici",
  setup({ onLoad, onResolve }) {
    const folder = dirname(createRequire(join(home, "package.json")).resolve("undici/package.json"))
    const namespace = "undici-in-part"
    onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace }))
    // HTTP/2 is never asked for, and a Node module of its own.
    onResolve({ filter: /^\.\/client-h2\.js$/ }, ({ importer }) =>
      importer.startsWith(folder) ? { path: "client-h2", namespace } : undefined
    )
    onLoad({ filter: /^client-h2$/, namespace }, () => ({
      resolveDir: folder,
      contents: `module.exports = (...given) => require("./lib/dispatcher/client-h2")(...given)`
    }))
    onLoad({ filter: /^undici$/, namespace }, () => ({
      resolveDir: folder,
      contents: `
        const Dispatcher = require("./lib/dispatcher/dispatcher")
        Object.assign(Dispatcher.prototype, require("./lib/api"))
        module.exports = {
          Dispatcher,
          Agent: require("./lib/dispatcher/agent"),
          get EnvHttpProxyAgent() { return require("./lib/dispatcher/env-http-proxy-agent") },
          get getGlobalDispatcher() { return require("./lib/global").getGlobalDispatcher }
        }`
    }))
  }
}

// The script is a function, so that it is compiled as it lies there: nothing is put around it.
const { outputFiles } = await build({
  ...common,
  entryPoints: { main: join(home, "src/cli/main.ts") },
  entryNames: "[name]-[hash]",
  outdir: chunks,
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  // What is loaded on demand is in the script too, or a native module that `require` finds.
  supported: { "dynamic-import": false },
  define: { "import.meta.url": "__url" },
  banner: { js: "(function(require,module,__url){" },
  footer: { js: "})" },
  // Native modules cannot be bundled; each is loaded on demand and may be missing.
  external: ["libsql", "@libsql/*", "@parcel/watcher", "msgpackr-extract", "bufferutil", "utf-8-validate"],
  plugins: [undici]
})
const [main] = outputFiles
const script = basename(main.path)
// It is read as one byte per character.
if (/[^\0-\x7f]/.test(main.text)) throw new Error("The script is not plain ASCII.")

const [bin] = (
  await build({
    ...common,
    entryPoints: { bin: entry },
    outdir: out,
    format: "esm",
    define: { MAIN_SCRIPT: JSON.stringify(`./bin-chunks/${script}`) }
  })
).outputFiles

/** Runs the new command as a user would whose cache folder is empty; V8's cache is left there. */
const warmUp = async (command, scratch) => {
  const codexHome = join(scratch, "codex-home")
  const env = { PATH: process.env.PATH, HOME: scratch, XDG_CACHE_HOME: join(scratch, "cache"), CODEX_HOME: codexHome }
  const backend = spawn(process.execPath, [command, "backend", "--home", codexHome, "--json"], {
    env,
    stdio: ["ignore", "pipe", "inherit"]
  })
  const ended = once(backend, "exit")
  try {
    await Promise.race([once(backend.stdout, "data"), ended])
    const { stderr } = spawnSync(process.execPath, [command, "usage", "--json"], {
      env,
      encoding: "utf8",
      timeout: 60_000
    })
    if (stderr) console.warn(stderr.trimEnd())
  } finally {
    backend.kill()
    await ended
  }
  const caches = join(scratch, "cache/codex-account")
  return (existsSync(caches) ? readdirSync(caches) : []).map((name) => join(caches, name))
}

mkdirSync(chunks, { recursive: true })
const stage = mkdtempSync(join(out, ".bin-"))
try {
  mkdirSync(join(stage, "bin-chunks"))
  const staged = join(stage, "bin.js")
  const stagedScript = join(stage, "bin-chunks", script)
  writeFileSync(stagedScript, main.text)
  const shebang = "#!/usr/bin/env node\n"
  writeFileSync(staged, bin.text.startsWith("#!") ? bin.text : shebang + bin.text)
  chmodSync(staged, 0o755)
  const caches = await warmUp(staged, stage)
  if (caches.length === 0) console.warn("V8 left no cache: the command will start slowly.")

  // The new command appears as a whole, after the parts that it needs; then the old parts go.
  const kept = new Set([script, ...caches.map((file) => basename(file))])
  for (const file of caches) {
    chmodSync(file, 0o644)
    renameSync(file, join(chunks, basename(file)))
  }
  renameSync(stagedScript, join(chunks, script))
  renameSync(staged, target)
  for (const name of readdirSync(chunks)) if (!kept.has(name)) rmSync(join(chunks, name))

  const kilobytes = (file) => `${Math.round(statSync(file).size / 1024)} KB`
  const parts = [...kept].map((name) => `${name} ${kilobytes(join(chunks, name))}`)
  console.log(`dist/bin.js: ${kilobytes(target)}, ${parts.join(", ")}`)
} finally {
  rmSync(stage, { recursive: true, force: true })
}
