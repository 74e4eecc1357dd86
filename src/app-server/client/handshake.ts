/** The handshake as a client makes it. */
import * as Either from "effect/Either"
import { methods } from "../protocol/methods.js"
import { legacyExtension } from "../protocol/schemas/Initialize.js"
import type { ServerInfo } from "./AppServerClient.js"

/**
 * Who the client is and what it wants. `optOutNotificationMethods` are exact names of notifications that the server is
 * not to send. `channelCapacity` is how much each queue holds: 128 by default, at least 1.
 *
 * `legacyNotifications` also asks for the notifications of the older protocol; servers that do not know it send none.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientOptions {
  readonly clientName: string
  readonly clientVersion: string
  readonly experimentalApi?: boolean | undefined
  readonly mcpServerOpenaiFormElicitation?: boolean | undefined
  readonly optOutNotificationMethods?: ReadonlyArray<string> | undefined
  readonly legacyNotifications?: boolean | undefined
  readonly channelCapacity?: number | undefined
}

/** `extensions` are this project's own; other servers do not know them. */
export const initializeParams = (
  options: ClientOptions,
  extensions: Readonly<Record<string, unknown>> = {}
): typeof methods.initialize.params.Encoded => {
  const { clientName, clientVersion, optOutNotificationMethods: optOut = [] } = options
  const all = options.legacyNotifications === true ? { ...extensions, [legacyExtension]: true } : extensions
  return {
    clientInfo: { name: clientName, title: null, version: clientVersion },
    capabilities: {
      experimentalApi: options.experimentalApi ?? false,
      requestAttestation: false,
      optOutNotificationMethods: optOut.length === 0 ? null : optOut,
      mcpServerOpenaiFormElicitation: options.mcpServerOpenaiFormElicitation ?? false,
      ...(Object.keys(all).length > 0 ? { extensions: all } : {})
    }
  }
}

const orNull = (text: string): string | null => (text === "" ? null : text)

/** The version in `name/1.2.3 (...)`. */
const versionIn = (userAgent: string): string | null => /^[^/]*\/(\S+)/.exec(userAgent)?.[1] ?? null

/** What the answer says; on the left what is wrong with it. */
export const serverInfo = (result: unknown): Either.Either<ServerInfo, string> =>
  Either.map(methods.initialize.decodeResult(result), ({ codexHome, userAgent }) => ({
    userAgent: orNull(userAgent),
    version: versionIn(userAgent),
    codexHome: orNull(codexHome)
  }))
