/** The connections that are open. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { notificationNow } from "../protocol/Envelope.js"
import type { ServerNotificationName, ServerNotificationParams } from "../protocol/notifications.js"
import { notificationsDropped } from "./metrics.js"
import type { ServerConnection } from "./ServerConnection.js"

export class Connections extends Context.Tag("effect-codex-account/app-server/server/Connections")<
  Connections,
  {
    readonly add: (connection: ServerConnection) => void
    readonly remove: (connection: ServerConnection) => void
    readonly all: () => ReadonlyArray<ServerConnection>
    /**
     * Tells all that are initialized, or those of them that `to` picks. It waits for nobody: where there is no room, a
     * newer state takes the place of an older one, and what finds no place is logged. What a client misses is counted.
     */
    readonly tell: <Name extends ServerNotificationName>(
      method: Name,
      params: ServerNotificationParams<Name>,
      to?: (connection: ServerConnection) => boolean
    ) => Effect.Effect<void>
  }
>() {}

export const layer: Layer.Layer<Connections> = Layer.sync(Connections, () => {
  const open = new Map<number, ServerConnection>()
  return {
    add: (connection) => void open.set(connection.id, connection),
    remove: (connection) => void open.delete(connection.id),
    all: () => Array.from(open.values()),
    tell: (method, params, to = () => true) =>
      Effect.flatMap(notificationNow(method, params), (notification) =>
        Effect.forEach(
          Array.from(open.values()).filter(to),
          (connection) => {
            const outcome = connection.tell(notification)
            if (outcome === "told" || outcome === "unwanted") return Effect.void
            const counted = Metric.increment(notificationsDropped)
            return outcome === "superseded"
              ? counted
              : Effect.zipRight(
                  counted,
                  Effect.logWarning(`Connection ${connection.id} has no room for ${method}: the client does not read.`)
                )
          },
          { discard: true }
        )
      )
  }
})
