/** The open connections. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { notificationNow } from "../../rpc/Envelope.js"
import type { ServerNotificationName, ServerNotificationParams } from "../protocol/notifications.js"
import type { ServerConnection } from "./ServerConnection.js"

/** Notifications that a client did not get because it does not read. */
export const notificationsDropped = Metric.counter("app_server_notifications_dropped", { incremental: true })

export class Connections extends Context.Tag("effect-codex-account/app-server/server/Connections")<
  Connections,
  {
    readonly add: (connection: ServerConnection) => void
    readonly remove: (connection: ServerConnection) => void
    readonly all: () => ReadonlyArray<ServerConnection>
    /**
     * Notifies every initialized client, or those that `to` picks, without waiting. Where there is no room, a newer state
     * replaces an older one, and anything else is dropped and logged. Both count as dropped.
     */
    readonly broadcast: <Name extends ServerNotificationName>(
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
    broadcast: (method, params, to = () => true) =>
      Effect.flatMap(notificationNow(method, params), (notification) =>
        Effect.forEach(
          Array.from(open.values()).filter(to),
          (connection) => {
            const delivery = connection.offer(notification)
            if (delivery === "queued" || delivery === "unwanted") return Effect.void
            const counted = Metric.increment(notificationsDropped)
            return delivery === "superseded"
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
