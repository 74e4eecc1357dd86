/** The handshake that begins every connection. */
import * as Schema from "effect/Schema"
import { flag, opt } from "./Tolerant.js"

/** `name` becomes part of the user agent, so it must do as an HTTP header value. */
export const ClientInfo = Schema.Struct({
  name: Schema.String,
  title: opt(Schema.String),
  version: Schema.String
}).annotations({ identifier: "ClientInfo" })

/** `optOutNotificationMethods` are exact names of notifications that the client does not want. */
export const InitializeCapabilities = Schema.Struct({
  experimentalApi: flag,
  requestAttestation: flag,
  optOutNotificationMethods: opt(Schema.Array(Schema.String)),
  mcpServerOpenaiFormElicitation: flag,
  extensions: opt(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  requiredHumanApproval: flag,
  explicitGatewayOauth: flag
}).annotations({ identifier: "InitializeCapabilities" })

export const InitializeParams = Schema.Struct({
  clientInfo: ClientInfo,
  capabilities: opt(InitializeCapabilities)
}).annotations({ identifier: "InitializeParams" })

export type InitializeParams = typeof InitializeParams.Type

const text = Schema.optionalWith(Schema.String, { exact: true, default: () => "" })

/**
 * `codexHome` is an absolute path on the server's machine. Text that a server left out is empty: older ones tell their
 * user agent alone, or nothing.
 */
export const InitializeResponse = Schema.Struct({
  userAgent: text,
  codexHome: text,
  platformFamily: text,
  platformOs: text
}).annotations({ identifier: "InitializeResponse" })

export type InitializeResponse = typeof InitializeResponse.Type
