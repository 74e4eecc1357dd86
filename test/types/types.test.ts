/**
 * The statements of `composition.test-d.ts`, checked as `tsc` checks them; and that each of them can be wrong.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import ts from "typescript"

export type { Programs } from "./composition.test-d.js"

const root = fileURLToPath(new URL("../..", import.meta.url))
const file = fileURLToPath(new URL("./composition.test-d.ts", import.meta.url))
const text = readFileSync(file, "utf8")

const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)

let previous: ts.Program | undefined

/** The lines with an error, counted from one, if the file were this text. */
const linesWithErrors = (variant: string): ReadonlyArray<number> => {
  const host = ts.createCompilerHost(options)
  const program = ts.createProgram({
    rootNames: [file],
    options: { ...options, incremental: false, noUnusedLocals: false },
    host: {
      ...host,
      getSourceFile: (name, ...rest) =>
        name === file
          ? ts.createSourceFile(
              name,
              variant,
              { languageVersion: ts.ScriptTarget.ES2022, impliedNodeFormat: ts.ModuleKind.ESNext },
              true
            )
          : (previous?.getSourceFile(name) ?? host.getSourceFile(name, ...rest))
    },
    ...(previous === undefined ? {} : { oldProgram: previous })
  })
  previous = program
  const source = program.getSourceFile(file)
  assert.isDefined(source)
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
  const lines = found.map(({ start }) => ts.getLineAndCharacterOfPosition(source, start ?? 0).line + 1)
  return [...new Set(lines)].toSorted((a, b) => a - b)
}

const lines = text.split("\n")
const numbersOf = (pattern: RegExp) => lines.flatMap((line, index) => (pattern.test(line) ? [index + 1] : []))

describe("the statements about types", { timeout: 60_000 }, () => {
  it("hold", () => {
    assert.deepStrictEqual(linesWithErrors(text), [])
  })

  it("control: each composition that is said not to compile does not", () => {
    const expected = numbersOf(/@ts-expect-error/)
    assert.isAbove(expected.length, 8)
    const found = linesWithErrors(text.replaceAll("// @ts-expect-error", "//"))
    assert.deepStrictEqual(
      found,
      expected.map((line) => line + 1)
    )
  })

  it("control: a composition that compiles can't be said not to", () => {
    const complete = numbersOf(/^complete\(Effect\.provide/)
    assert.isAbove(complete.length, 0)
    const found = linesWithErrors(text.replaceAll(/^complete\(Effect\.provide/gm, "/* @ts-expect-error */ $&"))
    assert.isAbove(found.length, 0)
  })

  it("control: a program that asked for the HTTP client, and a service method that asked for anything, would be found", () => {
    const needy = text
      .replace("  | typeof guard\n", "  | Effect.Effect<void, never, HttpClient.HttpClient>\n")
      .replace('  | Needs<AuthSession["Type"]>\n', "  | Needs<{ readonly read: Effect.Effect<void, never, Dialog> }>\n")
    assert.strictEqual(linesWithErrors(needy).length, 2)
  })
})
