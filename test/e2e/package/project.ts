/** The package as it is packed, in an empty project of somebody else. */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
export const readme = readFileSync(join(root, "README.md"), "utf8")

/** The paths of the package's entries. */
export const entries: ReadonlyArray<string> = Object.keys(manifest.exports).filter((path) => path !== "./package.json")

export interface Ended {
  readonly status: number
  readonly output: string
}

export const run = (
  folder: string,
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Promise<Ended> =>
  new Promise((resolve) => {
    // What npm and vitest tell their children is not for these.
    const outer = Object.entries(process.env).filter(
      ([name]) => name === "npm_config_registry" || !/^(?:npm_|VITEST|NODE_(?:ENV|OPTIONS)$)/.test(name)
    )
    const options = { cwd: folder, env: { ...Object.fromEntries(outer), ...env }, timeout: 150_000, maxBuffer: 2 ** 26 }
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : 1, output: `${stdout}${stderr}${error?.killed ? "\n(killed)" : ""}` })
    })
  })

export const scratch = () => {
  const folder = mkdtempSync(join(tmpdir(), "codex-account-package-"))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Builds and packs, as `npm publish` does; the tarball. */
export const pack = async (folder: string): Promise<string> => {
  const { output, status } = await run(root, "npm", ["pack", "--pack-destination", folder])
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))
  if (status !== 0 || tarball === undefined) throw new Error(`The package can't be packed: ${output}`)
  return join(folder, tarball)
}

/** Asks the registry for one package, without patience. */
export const hasRegistry = async (folder: string): Promise<boolean> =>
  (await run(folder, "npm", ["view", "effect@3", "version", "--fetch-retries=0", "--fetch-timeout=10000"])).status === 0

/** What README.md says to install, the package itself being the tarball. */
const toInstall = (tarball: string): ReadonlyArray<string> => {
  const [, line = ""] = /^npm install (effect-codex-account .+)$/m.exec(readme) ?? []
  const of = (name: string) => `${name}@${manifest.devDependencies[name]}`
  // For the program that is a test; and the compiler.
  const tools = [...["@effect/vitest", "vitest", "@types/node"].map(of), manifest.devDependencies["@typescript/native"]]
  return [tarball, ...line.split(" ").slice(1), ...tools.map((name: string) => name.replace(/^npm:/, ""))]
}

/** The peers that README.md names for a manager that installs none. */
const peers = (): ReadonlyArray<string> => {
  const [, sentence = ""] = /Yarn installs no peers: (.+)/.exec(readme) ?? []
  return [...sentence.matchAll(/`(@effect\/[\w-]+)`/g)].map(
    ([, name = ""]) => `${name}@${manifest.devDependencies[name]}`
  )
}

export type ManagerName = "npm" | "pnpm" | "yarn"

interface Manager {
  /** What npx brings; nothing for npm itself. */
  readonly npx: ReadonlyArray<string>
  readonly add: (tarball: string) => ReadonlyArray<string>
  readonly files?: Readonly<Record<string, string>>
}

/** Nothing that is installed runs a script of its own. */
export const managers: Readonly<Record<ManagerName, Manager>> = {
  npm: {
    npx: [],
    add: (tarball) => ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...toInstall(tarball)]
  },
  pnpm: {
    npx: ["--package", "pnpm@12.21.0", "pnpm"],
    add: (tarball) => ["add", "--ignore-scripts", ...toInstall(tarball)]
  },
  yarn: {
    npx: ["--package", "@yarnpkg/cli-dist@4.18.1", "yarn"],
    add: (tarball) => ["add", ...toInstall(tarball), ...peers()],
    files: {
      "yarn.lock": "",
      ".yarnrc.yml": "nodeLinker: node-modules\nenableScripts: false\nenableTelemetry: false\n"
    }
  }
}

/** Runs a package manager, which npx may have to bring. */
export const manage = (folder: string, name: ManagerName, args: ReadonlyArray<string>): Promise<Ended> => {
  const { npx } = managers[name]
  return npx.length === 0 ? run(folder, name, args) : run(folder, "npx", ["--yes", ...npx, ...args])
}

export const write = (folder: string, files: Readonly<Record<string, string>>): void => {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
}

const strictest = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, target: "es2022" }
export const resolutions = {
  nodenext: { module: "nodenext" },
  bundler: { module: "preserve", moduleResolution: "bundler" }
}

/** vitest and the types of chai that it brings both declare `containSubset`. */
const ofOthers = /^node_modules\/\S*(?:chai|vitest)\/.*Duplicate identifier 'containSubset'/

/** Compiles programs to `FOLDER/NAME/out`, and gives the errors. */
export const compile = async (
  folder: string,
  name: string,
  programs: ReadonlyArray<string>,
  resolution: Readonly<Record<string, string>>
): Promise<ReadonlyArray<string>> => {
  const compilerOptions = { ...strictest, ...resolution, types: ["node"], rootDir: ".", outDir: "out" }
  write(join(folder, name), {
    ...Object.fromEntries(programs.map((text, index) => [`program${index}.ts`, text])),
    "tsconfig.json": JSON.stringify({ compilerOptions })
  })
  const tsc = join(folder, "node_modules/typescript/bin/tsc")
  const { output } = await run(folder, process.execPath, [tsc, "-p", name, "--pretty", "false"])
  return output.split("\n").filter((line) => line.trim() !== "" && !ofOthers.test(line))
}
