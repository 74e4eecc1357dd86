/** The published outputs, by command; their JSON Schemas are in the folder `schemas`. */
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import { failure, output, schemaVersion } from "./envelope.js"
import * as fields from "./fields.js"

/**
 * `activity` is what `usage` answers when it is given a view. `none` is what a command line gets that names no command.
 */
export const outputs = {
  usage: output("usage", fields.usageFields),
  activity: output("usage", fields.activityFields),
  status: output("status", fields.statusFields),
  redeem: output("redeem", fields.redeemFields),
  invite: output("invite", fields.inviteFields),
  "notify-owner": output("notify-owner", fields.notifyOwnerFields),
  role: output("role", fields.roleFields),
  guard: output("guard", fields.guardFields),
  session: output("session", fields.sessionFields),
  logout: output("logout", fields.logoutFields),
  login: output("login", fields.loginFields),
  journal: output("journal", fields.journalFields),
  policies: output("policies", fields.policiesFields),
  backend: output("backend", fields.backendFields),
  doctor: output("doctor", fields.doctorFields),
  version: Schema.Struct({
    schemaVersion: Schema.Literal(schemaVersion),
    command: Schema.Literal("version"),
    ok: Schema.Literal(true),
    exitCode: Schema.Literal(0),
    version: Schema.String
  }),
  "app-server": failure("app-server"),
  none: failure(null)
} as const

export type OutputName = keyof typeof outputs

const titles: Readonly<Partial<Record<OutputName, string>>> = {
  activity: "codex-account usage daily|weekly|cumulative --json",
  none: "codex-account --json, without a command"
}

/** The JSON Schema of an output. Fields that it does not name may appear at any time. */
export const jsonSchemaOf = (name: OutputName): object => {
  const definitions: Record<string, JSONSchema.JsonSchema7> = {}
  const schema = JSONSchema.fromAST(outputs[name].ast, { definitions, additionalPropertiesStrategy: "allow" })
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: titles[name] ?? `codex-account ${name} --json`,
    ...schema,
    $defs: definitions
  }
}
