/** The JSON Schemas in `schemas`, as a program outside this project uses them. */
import { Ajv, type ValidateFunction } from "ajv"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true })
const compiled = new Map<string, ValidateFunction>()

const validatorOf = (name: string): ValidateFunction => {
  const known = compiled.get(name)
  if (known !== undefined) return known
  const file = fileURLToPath(new URL(`../../schemas/${name}.json`, import.meta.url))
  const made = ajv.compile(JSON.parse(readFileSync(file, "utf8")))
  compiled.set(name, made)
  return made
}

/** What `schemas/NAME.json` says against the value; null when nothing. */
export const schemaProblems = (name: string, value: unknown): string | null => {
  const validate = validatorOf(name)
  return validate(value) ? null : ajv.errorsText(validate.errors)
}
