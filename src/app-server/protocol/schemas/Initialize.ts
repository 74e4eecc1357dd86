/** The handshake at the start of every connection. */
import * as Schema from "effect/Schema"
import { flag, opt } from "../../../contracts/Tolerant.js"
import { struct } from "../Method.js"

/** `name` becomes part of the user agent, so it must do as an HTTP header value. */
export const ClientInfo = struct("ClientInfo", {
  name: Schema.String,
  title: opt(Schema.String),
  version: Schema.String
})

/** `optOutNotificationMethods` are exact names of notifications that the client does not want. */
export const InitializeCapabilities = struct("InitializeCapabilities", {
  experimentalApi: flag,
  requestAttestation: flag,
  optOutNotificationMethods: opt(Schema.Array(Schema.String)),
  mcpServerOpenaiFormElicitation: flag,
  extensions: opt(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  requiredHumanApproval: flag,
  explicitGatewayOauth: flag
})

export const InitializeParams = struct("InitializeParams", {
  clientInfo: ClientInfo,
  capabilities: opt(InitializeCapabilities)
})

export type InitializeParams = typeof InitializeParams.Type

const text = Schema.optionalWith(Schema.String, { exact: true, default: () => "" })

/**
 * `codexHome` is an absolute path on the server's machine. Text that a server left out is empty: older ones send their
 * user agent alone, or nothing.
 */
export const InitializeResponse = struct("InitializeResponse", {
  userAgent: text,
  codexHome: text,
  platformFamily: text,
  platformOs: text
})

/** Whether the text can be the value of an HTTP header. */
export const isHeaderValue = (text: string): boolean => /^[\t\u0020-\u007e]*$/.test(text)

/** In `capabilities.extensions`, true: the client also wants the older notifications, `codex/event/...`. */
export const legacyExtension = "effect-codex-account/legacyNotifications"

/** In `capabilities.extensions`: what kind of program a client in this process is, for the threads that it starts. */
export const sessionSourceExtension = "effect-codex-account/sessionSource"
