/** The published JSON Schemas are those of the code. `UPDATE_SCHEMAS=1` writes them. */
import { assert, describe, it } from "@effect/vitest"
import * as JSONSchema from "effect/JSONSchema"
import type * as Schema from "effect/Schema"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { commands } from "../../src/cli/commands.js"
import { schemaVersion } from "../../src/cli/json/envelope.js"
import { type OutputName, outputs } from "../../src/cli/json/outputs.js"
import { FakeAccounts } from "../../src/testing/FakeAccounts.js"
import { schemaProblems } from "./publishedSchemas.js"

const titles: Readonly<Partial<Record<OutputName, string>>> = {
  activity: "codex-account usage daily|weekly|cumulative --json",
  none: "codex-account --json, without a command"
}

/** The JSON Schema of an output. Fields that it does not name may appear at any time. */
const jsonSchemaOf = (name: OutputName): object => {
  const definitions: Record<string, JSONSchema.JsonSchema7> = {}
  const schema = JSONSchema.fromAST(outputs[name].ast, { definitions, additionalPropertiesStrategy: "allow" })
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: titles[name] ?? `codex-account ${name} --json`,
    ...schema,
    $defs: definitions
  }
}

const folder = fileURLToPath(new URL("../../schemas", import.meta.url))
const isOutput = (name: string): name is OutputName => Object.hasOwn(outputs, name)
const names = Object.keys(outputs).filter(isOutput)
/** What a command takes as a file. */
const inputs = { "backend-accounts": FakeAccounts }
const fileOf = (name: OutputName) => join(folder, `${name}.json`)
const textOf = (name: OutputName) => `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`

const inputFile = (name: string) => join(folder, `${name}.json`)
/** What may be anything has the same id everywhere. */
const withoutId = (name: string, value: unknown) => (name === "$id" ? undefined : value)
const inputText = (name: string, schema: Schema.Schema.AnyNoContext) =>
  `${JSON.stringify({ ...JSONSchema.make(schema), title: `codex-account ${name.replace("-", " --")} FILE` }, withoutId, 2)}\n`

if (process.env.UPDATE_SCHEMAS === "1") {
  mkdirSync(folder, { recursive: true })
  for (const name of names) writeFileSync(fileOf(name), textOf(name))
  for (const [name, schema] of Object.entries(inputs)) writeFileSync(inputFile(name), inputText(name, schema))
}

describe("published schemas", () => {
  it("exist for every command, and for nothing else", () => {
    assert.deepStrictEqual([...names].sort(), [...Object.keys(commands), "activity", "none", "version"].sort())
    assert.deepStrictEqual(
      readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .sort(),
      [...names, ...Object.keys(inputs)].map((name) => `${name}.json`).sort()
    )
  })

  it.each(names)("schemas/%s.json is up to date", (name) => {
    assert.deepStrictEqual(JSON.parse(readFileSync(fileOf(name), "utf8")), JSON.parse(textOf(name)))
  })
})

describe("the accounts of the fake backend as a file", () => {
  it.each(Object.entries(inputs))("schemas/%s.json is up to date", (name, schema) => {
    assert.deepStrictEqual(JSON.parse(readFileSync(inputFile(name), "utf8")), JSON.parse(inputText(name, schema)))
  })

  it("a validator takes what the command takes", () => {
    assert.isNull(schemaProblems("backend-accounts", [{}, { planType: "plus", resetCredits: [{ id: "rc_1" }] }]))
    for (const wrong of [[], {}, [{ plan: "plus" }], [{ primary: { usedPercent: 1 } }], [{ resetCredits: [{}] }]]) {
      assert.isString(schemaProblems("backend-accounts", wrong), JSON.stringify(wrong))
    }
  })
})

describe("a validator for draft-07", () => {
  const refused = (command: string | null) => ({
    schemaVersion,
    command,
    ok: false,
    exitCode: 2,
    error: {
      code: "BadUsage",
      message: "no",
      changed: "no",
      operation: null,
      status: null,
      retryAfterMillis: null,
      requestId: null,
      key: null
    }
  })
  const commandOf = (name: OutputName) => (name === "none" ? null : name === "activity" ? "usage" : name)
  const version = { schemaVersion, command: "version", ok: true, exitCode: 0, version: "1.2.3" }

  it.each(names)("schemas/%s.json takes what is right", (name) => {
    const answer = name === "version" ? version : refused(commandOf(name))
    assert.isNull(schemaProblems(name, answer))
    assert.isNull(schemaProblems(name, { ...answer, later: "a field that a newer version adds" }))
  })

  it.each(names)("schemas/%s.json refuses what is broken", (name) => {
    const answer: Record<string, unknown> = name === "version" ? version : refused(commandOf(name))
    for (const field of Object.keys(answer)) {
      const { [field]: _, ...without } = answer
      assert.isString(schemaProblems(name, without), `without ${field}`)
      assert.isString(schemaProblems(name, { ...answer, [field]: { broken: true } }), `with a broken ${field}`)
    }
    assert.isString(schemaProblems(name, { ...answer, schemaVersion: schemaVersion + 1 }))
    assert.isString(schemaProblems(name, { ...answer, command: "another" }))
    assert.isString(schemaProblems(name, { ...answer, exitCode: 1.5 }))
    assert.isString(schemaProblems(name, null))
  })
})
