/**
 * The published outputs, by command; their JSON Schemas are in the folder `schemas`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { failure, output, schemaVersion } from "./envelope.js"
import {
  guardFields,
  inviteFields,
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
 * `none` is what a command line gets that names no command.
 *
 * @since 0.1.0
 * @category schemas
 */
export const outputs = {
  usage: output("usage", usageFields),
  status: output("status", statusFields),
  redeem: output("redeem", redeemFields),
  invite: output("invite", inviteFields),
  "notify-owner": output("notify-owner", notifyOwnerFields),
  role: output("role", roleFields),
  guard: output("guard", guardFields),
  session: output("session", sessionFields),
  logout: output("logout", logoutFields),
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
  none: failure(null)
} as const
