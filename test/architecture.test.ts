import { describe, it } from "@effect/vitest"
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const home = fileURLToPath(new URL("..", import.meta.url))

const architecture = (root: string) => {
  const { status, stdout } = spawnSync(process.execPath, [join(home, "scripts/architecture.mjs"), root], {
    encoding: "utf8"
  })
  const lines = stdout.trimEnd().split("\n")
  return { status, violations: lines.slice(0, -1), summary: lines.at(-1) ?? "" }
}

/** A tree of the same shape as src: each file imports what it is mapped to. */
const plant = (files: Readonly<Record<string, ReadonlyArray<string>>>) => {
  const root = mkdtempSync(join(tmpdir(), "codex-account-architecture-"))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const manifest = {
    name: "planted",
    type: "module",
    peerDependencies: { effect: "*", "@effect/platform-node": "*" },
    devDependencies: { late: "*" }
  }
  write("package.json", JSON.stringify(manifest))
  write("tsconfig.json", JSON.stringify({ compilerOptions: { module: "NodeNext" }, include: ["src"] }))
  for (const name of ["effect", "@effect/platform-node"]) {
    const exports = { ".": "./dist/esm/index.js", "./*": "./dist/esm/*.js" }
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: "module", exports }))
    for (const file of ["index", "Effect", "NodeFileSystem"]) {
      write(`node_modules/${name}/dist/esm/${file}.js`, "export const a = 1\n")
    }
  }
  write("node_modules/late/package.json", JSON.stringify({ name: "late", type: "module", main: "main.js" }))
  write("node_modules/late/main.js", "export const a = 1\n")
  for (const [path, imports] of Object.entries(files)) {
    write(path, [...imports.map((from, i) => `import * as m${i} from "${from}"\nvoid m${i}`), "export {}\n"].join("\n"))
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

const everyPart = {
  "src/index.ts": ["./layers/Live.js", "./programs/a.js", "./contracts/a.js"],
  "src/contracts/a.ts": ["effect/Effect"],
  "src/domain/a.ts": ["effect/Effect"],
  "src/services/a.ts": ["../domain/a.js", "../contracts/a.js"],
  "src/rpc/a.ts": ["effect/Effect", "node:net"],
  "src/layers/a.ts": ["../services/a.js", "../domain/a.js", "../contracts/a.js", "../rpc/a.js", "node:fs"],
  "src/layers/Live.ts": ["./a.js"],
  "src/programs/a.ts": ["../services/a.js", "../domain/a.js"],
  "src/testing/a.ts": ["../services/a.js", "../domain/a.js", "../contracts/a.js"],
  "src/testing/TestAccount.ts": ["./a.js", "../layers/Live.js", "../services/a.js"],
  "src/testing/index.ts": ["./a.js", "./TestAccount.js"],
  "src/app-server/a.ts": ["../programs/a.js", "../services/a.js", "../domain/a.js", "../contracts/a.js", "../rpc/a.js"],
  "src/cli/a.ts": [
    "../app-server/a.js",
    "../rpc/a.js",
    "../programs/a.js",
    "../services/a.js",
    "../domain/a.js",
    "../contracts/a.js"
  ],
  "src/cli/bin.ts": ["./a.js", "./compose.js", "../layers/Live.js"],
  "src/cli/compose.ts": ["./demo.js", "../layers/Live.js", "../testing/a.js"],
  "src/cli/demo.ts": ["../testing/a.js"]
}

/** Each file breaks the rules in front of it, and no other. */
const planted: ReadonlyArray<readonly [rule: string, file: string, target: string, resolved: string]> = [
  ["contracts-knows-only-itself", "src/contracts/bad.ts", "../domain/a.js", "src/domain/a.ts"],
  ["domain-knows-only-itself", "src/domain/bad1.ts", "../contracts/a.js", "src/contracts/a.ts"],
  ["domain-knows-only-itself", "src/domain/bad2.ts", "../services/a.js", "src/services/a.ts"],
  ["services-knows-only-domain-contracts", "src/services/bad1.ts", "../layers/a.js", "src/layers/a.ts"],
  ["services-knows-only-domain-contracts", "src/services/bad2.ts", "../programs/a.js", "src/programs/a.ts"],
  ["rpc-knows-only-itself", "src/rpc/bad.ts", "../domain/a.js", "src/domain/a.ts"],
  ["layers-knows-only-services-domain-contracts-rpc", "src/layers/bad1.ts", "../programs/a.js", "src/programs/a.ts"],
  ["layers-knows-only-services-domain-contracts-rpc", "src/layers/bad2.ts", "../testing/a.js", "src/testing/a.ts"],
  ["only-live-composes-layers", "src/layers/bad3.ts", "./Live.js", "src/layers/Live.ts"],
  ["programs-knows-only-services-domain", "src/programs/bad1.ts", "../layers/a.js", "src/layers/a.ts"],
  ["programs-knows-only-services-domain", "src/programs/bad2.ts", "../contracts/a.js", "src/contracts/a.ts"],
  ["pure-parts-need-no-node", "src/programs/bad3.ts", "node:fs", "fs"],
  [
    "app-server-knows-only-programs-services-domain-contracts-rpc",
    "src/app-server/bad.ts",
    "../layers/a.js",
    "src/layers/a.ts"
  ],
  ["testing-knows-only-contracts-domain-services", "src/testing/bad.ts", "../layers/a.js", "src/layers/a.ts"],
  [
    "cli-knows-only-programs-app-server-rpc-services-domain-contracts",
    "src/cli/bad1.ts",
    "../layers/a.js",
    "src/layers/a.ts"
  ],
  [
    "cli-knows-only-programs-app-server-rpc-services-domain-contracts",
    "src/cli/bad2.ts",
    "../testing/a.js",
    "src/testing/a.ts"
  ],
  ["cli-composition", "src/cli/binBad.ts", "../testing/a.js", "src/testing/a.ts"],
  ["cli-imports-fakes-one-by-one", "src/cli/demoBad2.ts", "../testing/index.js", "src/testing/index.ts"],
  [
    "testing-knows-only-contracts-domain-services-layers",
    "src/testing/TestAccount.ts",
    "../programs/a.js",
    "src/programs/a.ts"
  ],
  ["only-live-composes-layers", "src/testing/bad2.ts", "../layers/Live.js", "src/layers/Live.ts"],
  ["testing-knows-only-contracts-domain-services", "src/testing/bad2.ts", "../layers/Live.js", "src/layers/Live.ts"],
  ["cli-demo", "src/cli/demoBad.ts", "../layers/a.js", "src/layers/a.ts"],
  ["nothing-imports-the-cli", "src/bad.ts", "./cli/a.js", "src/cli/a.ts"],
  ["nothing-imports-the-index", "src/cli/binBad2.ts", "../index.js", "src/index.ts"],
  ["index-leaves-the-fakes-out", "src/index.ts", "./testing/a.js", "src/testing/a.ts"],
  ["src-stands-alone", "src/domain/bad3.ts", "../../test/a.js", "test/a.ts"],
  ["no-barrels", "src/domain/bad4.ts", "effect", "node_modules/effect/dist/esm/index.js"],
  ["no-development-packages", "src/domain/bad5.ts", "late", "node_modules/late/main.js"],
  [
    "pure-parts-need-no-platform",
    "src/services/bad3.ts",
    "@effect/platform-node/NodeFileSystem",
    "node_modules/@effect/platform-node/dist/esm/NodeFileSystem.js"
  ],
  ["no-unresolvable", "src/domain/bad7.ts", "nowhere", "nowhere"],
  ["no-unknown-packages", "src/domain/bad7.ts", "nowhere", "nowhere"],
  ["no-cycles", "src/domain/bad6.ts", "./bad6.js", "src/domain/bad6.ts"]
]

describe("the arrows between the parts", () => {
  it("go one way in this tree, and every file is looked at", { timeout: 60_000 }, () => {
    const { status, summary, violations } = architecture(home)
    deepStrictEqual(violations, [])
    strictEqual(status, 0)
    const modules = Number(/(\d+) modules/.exec(summary)?.[1])
    ok(modules > 20, summary)
  })

  it("may go forward", { timeout: 60_000 }, () => {
    using tree = plant(everyPart)
    deepStrictEqual(architecture(tree.root), {
      status: 0,
      violations: [],
      summary: "0 violations, 16 modules, 43 dependencies"
    })
  })

  it("control: each arrow that goes backwards is found", { timeout: 60_000 }, () => {
    using tree = plant({
      ...everyPart,
      "test/a.ts": [],
      ...Object.fromEntries(planted.map(([, file, target]) => [file, [target]]))
    })
    const { status, violations } = architecture(tree.root)
    strictEqual(status, 1)
    deepStrictEqual(
      violations.toSorted(),
      planted.map(([rule, file, , resolved]) => `error ${rule}: ${file} -> ${resolved}`).toSorted()
    )
  })

  it("control: a tree in which nothing was looked at fails", { timeout: 60_000 }, () => {
    using tree = plant({ "test/a.ts": [] })
    notStrictEqual(architecture(tree.root).status, 0)
  })
})
