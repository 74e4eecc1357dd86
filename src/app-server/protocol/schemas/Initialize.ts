/**
 * The handshake that begins every connection.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { flag, opt } from "./Tolerant.js"

/**
 * `name` becomes part of the user agent, so it must do as an HTTP header value.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ClientInfo = Schema.Struct({
  name: Schema.String,
  title: opt(Schema.String),
  version: Schema.String
}).annotations({ identifier: "ClientInfo" })

/**
 * `optOutNotificationMethods` are exact names of notifications that the client does not want.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InitializeCapabilities = Schema.Struct({
  experimentalApi: flag,
  requestAttestation: flag,
  optOutNotificationMethods: opt(Schema.Array(Schema.String)),
  mcpServerOpenaiFormElicitation: flag,
  extensions: opt(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  requiredHumanApproval: flag,
  explicitGatewayOauth: flag
}).annotations({ identifier: "InitializeCapabilities" })

/**
 * @since 0.1.0
 * @category schemas
 */
export const InitializeParams = Schema.Struct({
  clientInfo: ClientInfo,
  capabilities: opt(InitializeCapabilities)
}).annotations({ identifier: "InitializeParams" })

/**
 * @since 0.1.0
 * @category models
 */
export type InitializeParams = typeof InitializeParams.Type

const text = Schema.optionalWith(Schema.String, { exact: true, default: () => "" })

/**
 * `codexHome` is an absolute path on the server's machine. Text that a server left out is empty: older ones tell their
 * user agent alone, or nothing.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InitializeResponse = Schema.Struct({
  userAgent: text,
  codexHome: text,
  platformFamily: text,
  platformOs: text
}).annotations({ identifier: "InitializeResponse" })

/**
 * @since 0.1.0
 * @category models
 */
export type InitializeResponse = typeof InitializeResponse.Type
