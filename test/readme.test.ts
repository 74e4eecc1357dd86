import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ExitCode } from "../src/cli/exitCodes.js"
import { commands, globalFlags } from "../src/cli/commands.js"
import { version } from "../src/domain/version.js"
import { linksIn, programsIn } from "./documents.js"

const home = fileURLToPath(new URL("..", import.meta.url))
const read = (name: string) => readFileSync(join(home, name), "utf8")
const manifest = JSON.parse(read("package.json"))

/** Whether a file or folder is in the package: npm adds these three by itself. */
const isPublished = (path: string): boolean => {
  const within = (folder: string) => path === folder || path.startsWith(`${folder}/`)
  const named: ReadonlyArray<string> = [...manifest.files, "README.md", "LICENSE", "package.json"]
  const left = named.filter((name) => name.startsWith("!")).map((name) => name.slice(1))
  return existsSync(join(home, path)) && named.some(within) && !left.some(within)
}

/** The anchors of the headings, as they are made from their words. */
const anchorsOf = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-")
  )

/** The links to files that are not in the package, or to headings that are not in the file. */
const brokenLinks = (text: string): ReadonlyArray<string> =>
  linksIn(text).flatMap(({ anchor, path }) => {
    const whole = anchor === "" || anchorsOf(path === "" ? text : read(path)).includes(anchor)
    return (path === "" || isPublished(path)) && whole ? [] : [anchor === "" ? path : `${path}#${anchor}`]
  })

/** The errors of the compiler in these programs, as members of this package. */
const errorsIn = async (programs: ReadonlyArray<string>): Promise<string> => {
  const cache = join(home, "node_modules/.cache")
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, "readme-"))
  try {
    programs.forEach((text, index) => writeFileSync(join(folder, `snippet${index}.ts`), text))
    const compilerOptions = { rootDir: home, incremental: false, tsBuildInfoFile: null }
    const config = { extends: join(home, "tsconfig.json"), compilerOptions, include: ["*.ts"] }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const tsc = join(home, "node_modules/@typescript/native/bin/tsc")
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, [tsc, "-p", folder], (_, stdout) => resolve(stdout))
    })
    return output
      .split("\n")
      .filter((line) => line.includes("snippet"))
      .join("\n")
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe("README.md", () => {
  const readme = read("README.md")
  const snippets = programsIn(readme)

  it("has programs that compile", { timeout: 120_000 }, async () => {
    ok(snippets.length >= 2)
    strictEqual(await errorsIn(snippets), "")
  })

  it("control: a program that does not compile is found", { timeout: 120_000 }, async () => {
    const program = 'import { nothing } from "effect-codex-account/services/RateLimits"\nnothing()\n'
    ok((await errorsIn([program])).includes("nothing"))
  })

  const documents = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"]

  it("names scripts that exist", () => {
    const words = [...documents, "CONTRIBUTING.md"].map(read).join("\n")
    const scripts = [...words.matchAll(/npm run ([\w:-]+\w)/g)].map(([, name]) => name ?? "")
    deepStrictEqual(
      scripts.filter((name) => manifest.scripts[name] === undefined),
      []
    )
  })

  it("names files that exist in CONTRIBUTING.md", () => {
    const named = [...read("CONTRIBUTING.md").matchAll(/`((?:\.github|src|test|scripts|schemas)(?:\/[\w./-]+)?)`/g)]
    const files = named.map(([, path = ""]) => path)
    ok(files.length > 20)
    deepStrictEqual(
      files.filter((path) => !existsSync(join(home, path))),
      []
    )
  })

  it.each(documents)("and its neighbours link to what is published with them: %s", (document) => {
    deepStrictEqual(brokenLinks(read(document)), [])
  })

  it("control: a link to nothing, to what is not published, and to no heading is found", () => {
    const broken = ["no-such-file.md", "test/readme.test.ts", "src/cli/main.ts", "ARCHITECTURE.md#no-such-heading"]
    deepStrictEqual(brokenLinks(broken.map((link) => `[link](${link})`).join(" ")), broken)
  })
})

describe("README.md and the command", () => {
  const readme = read("README.md")
  /** The first words in code of the first column of a table's rows. */
  const column = (row: RegExp) => [...readme.matchAll(row)].map(([, text]) => text ?? "")

  it("agree on the commands and their flags", () => {
    const table = readme.slice(readme.indexOf("| command |"), readme.indexOf("`codex-account --help` lists"))
    const named = [...table.matchAll(/^\| `([\w-]+)/gm)].map(([, name]) => name ?? "")
    deepStrictEqual(named.sort(), Object.keys(commands).sort())
    const known = [...Object.keys(globalFlags), ...Object.values(commands).flatMap(({ flags }) => Object.keys(flags))]
    const flags = new Set([...readme.matchAll(/`(?:[\w ]* )?(--[a-z0-9-]+)/g)].map(([, flag]) => flag ?? ""))
    deepStrictEqual(
      known.filter((flag) => !flags.has(flag)),
      []
    )
    const ofCodex = ["--remote", "--model"]
    deepStrictEqual(
      [...flags].filter((flag) => !known.includes(flag)),
      ofCodex
    )
  })

  it("agree on the exit codes", () => {
    deepStrictEqual(column(/^\| (\d+) \|/gm).map(Number), Object.values(ExitCode))
  })

  it("agree on the environment variables", () => {
    const sources = ["src/layers", "src/cli"].flatMap((folder) =>
      readdirSync(join(home, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => read(join(folder, name)))
    )
    const names = (text: string) => text.match(/\b(?:CODEX|SSL|HTTPS?|NO)_[A-Z_]*[A-Z]\b/g) ?? []
    const used = new Set(sources.flatMap((text) => text.match(/"(?:CODEX|SSL|HTTPS?|NO)_[A-Z_]+"/g) ?? []))
    // Those of a hook are told to it, not read.
    const given = [...read("src/cli/hooks.ts").matchAll(/CODEX_ACCOUNT_[A-Z_]+(?=:)/g)].map(([name]) => name)
    const told = new Set(names(readme).filter((name) => !given.includes(name)))
    deepStrictEqual(
      [...used].map((name) => name.slice(1, -1)).filter((name) => !told.has(name)),
      []
    )
    deepStrictEqual(
      [...told].filter((name) => !name.startsWith("CODEX_ACCOUNT_POLICY") && !used.has(`"${name}"`)),
      []
    )
  })
})

describe("the version", () => {
  it("is that of package.json, and has an entry in CHANGELOG.md", () => {
    strictEqual(version, manifest.version)
    ok(read("CHANGELOG.md").includes(`## ${version} `))
  })
})
