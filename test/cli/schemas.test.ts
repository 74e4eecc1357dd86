/** The published JSON Schemas are those of the code. `UPDATE_SCHEMAS=1` writes them. */
import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { commands } from "../../src/cli/flags.js"
import { jsonSchemaOf, type OutputName, outputs } from "../../src/cli/json/outputs.js"

const folder = fileURLToPath(new URL("../../schemas", import.meta.url))
const isOutput = (name: string): name is OutputName => Object.hasOwn(outputs, name)
const names = Object.keys(outputs).filter(isOutput)
const fileOf = (name: OutputName) => join(folder, `${name}.json`)
const textOf = (name: OutputName) => `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`

if (process.env.UPDATE_SCHEMAS === "1") {
  mkdirSync(folder, { recursive: true })
  for (const name of names) writeFileSync(fileOf(name), textOf(name))
}

describe("published schemas", () => {
  it("exist for every command, and for nothing else", () => {
    assert.deepStrictEqual([...names].sort(), [...Object.keys(commands), "none", "version"].sort())
    assert.deepStrictEqual(readdirSync(folder).sort(), names.map((name) => `${name}.json`).sort())
  })

  it.each(names)("schemas/%s.json is up to date", (name) => {
    assert.deepStrictEqual(JSON.parse(readFileSync(fileOf(name), "utf8")), JSON.parse(textOf(name)))
  })
})
