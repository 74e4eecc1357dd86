/**
 * The statements of `composition.test-d.ts`, checked as `npm run check` checks them; and that each of them can be wrong.
 */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export type { Programs } from "./composition.test-d.js"

const root = fileURLToPath(new URL("../..", import.meta.url))
const text = readFileSync(new URL("./composition.test-d.ts", import.meta.url), "utf8")

const variants = {
  asItIs: text,
  unexpected: text.replaceAll("// @ts-expect-error", "//"),
  tooMuchExpected: text.replaceAll(/^complete\(Effect\.provide/gm, "/* @ts-expect-error */ $&"),
  needy: text
    .replace("  | typeof guard\n", "  | Effect.Effect<void, never, HttpClient.HttpClient>\n")
    .replace('  | Needs<AuthSession["Type"]>\n', "  | Needs<{ readonly read: Effect.Effect<void, never, Dialog> }>\n"),
  floating: 'import * as Effect from "effect/Effect"\n\nEffect.log("never runs")\n'
}

let output = ""

beforeAll(async () => {
  const cache = join(root, "node_modules/.cache")
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, "types-"))
  try {
    for (const [name, variant] of Object.entries(variants)) {
      writeFileSync(join(folder, `${name}.ts`), variant.replaceAll("../../src/", "../../../src/"))
    }
    const compilerOptions = { rootDir: root, incremental: false, tsBuildInfoFile: null, noUnusedLocals: false }
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] })
    )
    output = await new Promise<string>((resolve) => {
      const checker = join(root, "scripts/types.mjs")
      execFile(process.execPath, [checker, "-p", "."], { cwd: folder }, (_, stdout) => resolve(stdout))
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 120_000)

/** The lines of a variant with an error of the type checker itself, counted from one. */
const linesWithErrors = (name: keyof typeof variants): ReadonlyArray<number> => {
  const found = [...output.matchAll(/^(\w+)\.ts\((\d+),\d+\): error (?!TS377)/gm)]
  return [...new Set(found.flatMap(([, file, line]) => (file === name ? [Number(line)] : [])))].toSorted(
    (a, b) => a - b
  )
}

const lines = text.split("\n")
const numbersOf = (pattern: RegExp) => lines.flatMap((line, index) => (pattern.test(line) ? [index + 1] : []))

describe("the statements about types", () => {
  it("hold", () => {
    assert.deepStrictEqual(linesWithErrors("asItIs"), [])
  })

  it("control: each composition that is said not to compile does not", () => {
    const expected = numbersOf(/@ts-expect-error/)
    assert.isAbove(expected.length, 8)
    assert.deepStrictEqual(
      linesWithErrors("unexpected"),
      expected.map((line) => line + 1)
    )
  })

  it("control: a composition that compiles can't be said not to", () => {
    assert.isAbove(numbersOf(/^complete\(Effect\.provide/).length, 0)
    assert.isAbove(linesWithErrors("tooMuchExpected").length, 0)
  })

  it("control: a program that asked for the HTTP client, and a service method that asked for anything, would be found", () => {
    assert.strictEqual(linesWithErrors("needy").length, 2)
  })

  it("control: an effect that is never run would be found", () => {
    assert.match(output, /^floating\.ts\(3,1\): error .*effect\(floatingEffect\)$/m)
  })
})
