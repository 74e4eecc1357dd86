/** What client and server tell each other first. */
import * as Either from "effect/Either"
import { methods } from "../../protocol/methods.js"
import { problemOf } from "../../protocol/serde.js"
import { legacyExtension } from "../../protocol/extensions.js"
import type { ServerInfo } from "../AppServerClient.js"

/**
 * Who the client is and what it wants. `optOutNotificationMethods` are exact names of notifications that the server is
 * not to send. `channelCapacity` is how much each queue holds: 128 by default, at least 1.
 *
 * `legacyNotifications` asks for the notifications of the older protocol too; servers that know none send none.
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

export const defaultCapacity = 128

export const capacityOf = ({ channelCapacity = defaultCapacity }: ClientOptions): number =>
  Math.max(1, Math.floor(channelCapacity))

/** `own` are extensions of this project, which other servers do not know. */
export const initializeParams = (
  options: ClientOptions,
  own: Readonly<Record<string, unknown>> = {}
): typeof methods.initialize.params.Encoded => {
  const { clientName, clientVersion, optOutNotificationMethods: optOut = [] } = options
  const extensions = options.legacyNotifications === true ? { ...own, [legacyExtension]: true } : own
  return {
    clientInfo: { name: clientName, title: null, version: clientVersion },
    capabilities: {
      experimentalApi: options.experimentalApi ?? false,
      requestAttestation: false,
      optOutNotificationMethods: optOut.length === 0 ? null : optOut,
      mcpServerOpenaiFormElicitation: options.mcpServerOpenaiFormElicitation ?? false,
      ...(Object.keys(extensions).length > 0 ? { extensions } : {})
    }
  }
}

const orNull = (text: string): string | null => (text === "" ? null : text)

/** The version in `name/1.2.3 (...)`. */
const versionIn = (userAgent: string): string | null => /^[^/]*\/(\S+)/.exec(userAgent)?.[1] ?? null

/** What the answer says; on the left what is wrong with it. */
export const serverInfo = (result: unknown): Either.Either<ServerInfo, string> =>
  Either.mapBoth(methods.initialize.decodeResult(result), {
    onLeft: problemOf,
    onRight: ({ codexHome, userAgent }) => ({
      userAgent: orNull(userAgent),
      version: versionIn(userAgent),
      codexHome: orNull(codexHome)
    })
  })
