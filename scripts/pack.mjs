/**
 * Packs the built package into FOLDER, prints what npm would publish, and fails when that is more than it should be.
 *
 * Usage: node scripts/pack.mjs FOLDER
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { home } from "./tools.mjs"

/** Raised by who adds to the package on purpose. */
const most = { files: 1250, packed: 1_500_000, unpacked: 6_500_000 }

const npm = (...args) => {
  const options = { cwd: home, encoding: "utf8", shell: process.platform === "win32" }
  const { error, status, stderr, stdout } = spawnSync("npm", [...args, "--ignore-scripts"], options)
  if (status === 0) return stdout
  console.error(error?.message ?? stderr)
  process.exit(1)
}

const folder = process.argv[2]
const { name, version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"))
npm("pack", "--silent", "--pack-destination", folder)
const tarball = join(folder, `${name}-${version}.tgz`)
const told = JSON.parse(npm("publish", tarball, "--dry-run", "--offline", "--json"))
const { entryCount: files, files: listed, size: packed, unpackedSize: unpacked } = told[name] ?? told

const parts = new Map()
for (const { path, size } of listed) {
  const part = path.split("/").slice(0, -1).slice(0, 2).join("/")
  const { count = 0, bytes = 0 } = parts.get(part) ?? {}
  parts.set(part, { count: count + 1, bytes: bytes + size })
}
for (const [part, { bytes, count }] of parts) console.log(`${part === "" ? "." : part}: ${count} files, ${bytes} bytes`)
console.log(`in all: ${files} files, ${unpacked} bytes, packed ${packed} bytes`)
if (files > most.files || packed > most.packed || unpacked > most.unpacked) {
  console.error(`this is more than ${JSON.stringify(most)}`)
  process.exit(1)
}
