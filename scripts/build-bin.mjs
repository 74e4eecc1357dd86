/**
 * Bundles the command into dist/bin.js, which answers `--version` alone, and one script in dist/bin-chunks.
 *
 * Usage: node scripts/build-bin.mjs [--if-needed] [--out DIR]
 */
import { createRequire } from "node:module"
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { build } from "esbuild"
import { home } from "./tools.mjs"

const { values: given } = parseArgs({
  options: { "if-needed": { type: "boolean", default: false }, out: { type: "string", default: join(home, "dist") } }
})
const out = resolve(given.out)
const target = join(out, "bin.js")
const chunks = join(out, "bin-chunks")

const changedAt = (path) => statSync(join(home, path)).mtimeMs
const isFresh = () => {
  const sources = readdirSync(join(home, "src"), { recursive: true }).map((name) => join("src", name))
  const others = ["package.json", "package-lock.json", "scripts/build-bin.mjs"]
  return existsSync(target) && statSync(target).mtimeMs > Math.max(...[...sources, ...others].map(changedAt))
}
if (given["if-needed"] && isFresh()) process.exit(0)

const inNode = { absWorkingDir: home, bundle: true, write: false, platform: "node", target: "node20" }
const common = { ...inNode, minify: true, legalComments: "none", logLevel: "warning" }

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
    onResolve({ filter: /^\.\/client-h2\.js$/ }, () => ({ path: "client-h2", namespace }))
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
          buildConnector: require("./lib/core/connect"),
          get ProxyAgent() { return require("./lib/dispatcher/proxy-agent") },
          get Socks5ProxyAgent() { return require("./lib/dispatcher/socks5-proxy-agent") },
          get getGlobalDispatcher() { return require("./lib/global").getGlobalDispatcher }
        }`
    }))
  }
}

const {
  outputFiles: [main]
} = await build({
  ...common,
  entryPoints: { main: join(home, "src/cli/main.ts") },
  entryNames: "[name]-[hash]",
  outdir: chunks,
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  // What is loaded on demand is in the script too, or a native module that `require` finds.
  supported: { "dynamic-import": false },
  define: { "import.meta.url": "__url" },
  banner: { js: `const __url=require("node:url").pathToFileURL(__filename).href;` },
  // Native modules cannot be bundled; each is loaded on demand and may be missing.
  external: ["koffi", "libsql", "@libsql/*", "@parcel/watcher", "msgpackr-extract", "bufferutil", "utf-8-validate"],
  plugins: [undici]
})
const script = basename(main.path)

const {
  outputFiles: [bin]
} = await build({
  ...common,
  entryPoints: { bin: join(home, "src/cli/bin.ts") },
  outdir: out,
  format: "esm",
  define: { MAIN_SCRIPT: JSON.stringify(`./bin-chunks/${script}`) },
  banner: { js: "#!/usr/bin/env node" }
})

// The new command appears as a whole, after the script that it needs; then the old script goes.
mkdirSync(chunks, { recursive: true })
const write = (path, text, mode) => {
  writeFileSync(`${path}.${process.pid}`, text, { mode })
  renameSync(`${path}.${process.pid}`, path)
}
write(main.path, main.text, 0o644)
write(target, bin.text, 0o755)
for (const name of readdirSync(chunks)) if (name !== script) rmSync(join(chunks, name))

const kilobytes = (text) => `${Math.round(text.length / 1024)} KB`
console.log(`dist/bin.js: ${kilobytes(bin.text)}, bin-chunks/${script}: ${kilobytes(main.text)}`)
