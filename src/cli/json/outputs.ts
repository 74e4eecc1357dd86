/** The published outputs, by command; their JSON Schemas are in the folder `schemas`. */
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import { failure, output, schemaVersion } from "./envelope.js"
import {
  activityFields,
  guardFields,
  inviteFields,
  journalFields,
  loginFields,
  logoutFields,
  notifyOwnerFields,
  redeemFields,
  roleFields,
  sessionFields,
  statusFields,
  usageFields
} from "./fields.js"
import { backendFields, doctorFields, policiesFields } from "./toolFields.js"

/**
 * `activity` is what `usage` answers when it is given a view. `none` is what a command line gets that names no command.
 */
export const outputs = {
  usage: output("usage", usageFields),
  activity: output("usage", activityFields),
  status: output("status", statusFields),
  redeem: output("redeem", redeemFields),
  invite: output("invite", inviteFields),
  "notify-owner": output("notify-owner", notifyOwnerFields),
  role: output("role", roleFields),
  guard: output("guard", guardFields),
  session: output("session", sessionFields),
  logout: output("logout", logoutFields),
  login: output("login", loginFields),
  journal: output("journal", journalFields),
  policies: output("policies", policiesFields),
  backend: output("backend", backendFields),
  doctor: output("doctor", doctorFields),
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
