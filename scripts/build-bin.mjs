/**
 * Bundles the command into dist/bin.js: one file that starts fast, and the parts that it loads on demand.
 *
 * Usage: node scripts/build-bin.mjs [--if-needed]
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"
import { home } from "./tools.mjs"

const entry = join(home, "src/cli/bin.ts")
const target = join(home, "dist/bin.js")
const chunks = join(home, "dist/bin-chunks")

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
if (process.argv.includes("--if-needed") && isFresh()) process.exit(0)

const { metafile, outputFiles } = await build({
  absWorkingDir: home,
  entryPoints: { bin: entry },
  outdir: "dist",
  chunkNames: "bin-chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  write: false,
  metafile: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node20",
  legalComments: "none",
  logLevel: "warning",
  // Native modules cannot be bundled; each is loaded on demand and may be missing.
  external: ["libsql", "@libsql/*", "@parcel/watcher", "msgpackr-extract", "bufferutil", "utf-8-validate"],
  banner: {
    js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`
  }
})

mkdirSync(chunks, { recursive: true })
const [bin] = outputFiles.filter((file) => file.path === target)
const others = outputFiles.filter((file) => file !== bin)
for (const { contents, path } of others) writeFileSync(path, contents)

// The new command appears as a whole, after the parts that it needs; then the old parts go.
const shebang = "#!/usr/bin/env node\n"
writeFileSync(`${target}.new`, bin.text.startsWith("#!") ? bin.text : shebang + bin.text)
chmodSync(`${target}.new`, 0o755)
renameSync(`${target}.new`, target)
const kept = new Set(others.map((file) => file.path))
for (const name of readdirSync(chunks)) if (!kept.has(join(chunks, name))) rmSync(join(chunks, name))

const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
console.log(`dist/bin.js: ${outputFiles.length} files, ${Math.round(bytes / 1024)} KB`)
