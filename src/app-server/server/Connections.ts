/** The open connections. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Metrics from "../../services/Metrics.js"
import { type Notification, notificationNow } from "../../rpc/Envelope.js"
import type { ServerNotificationName, ServerNotificationParams } from "../protocol/notifications.js"
import type { ServerConnection } from "./ServerConnection.js"

export class Connections extends Effect.Service<Connections>()("effect-codex-account/app-server/server/Connections", {
  sync: () => {
    const open = new Map<number, ServerConnection>()

    const offer = (connection: ServerConnection, notification: Notification): Effect.Effect<void> => {
      const delivery = connection.offer(notification)
      if (delivery === "queued" || delivery === "unwanted") return Effect.void
      const counted = Metric.increment(Metrics.appServerDropped())
      if (delivery === "superseded") return counted
      const { method } = notification
      return Effect.zipRight(
        counted,
        Effect.logWarning(`Connection ${connection.id} has no room for ${method}: the client does not read.`)
      )
    }

    return {
      add: (connection: ServerConnection) => {
        open.set(connection.id, connection)
        Metrics.appServerConnections().unsafeModify(1, [])
      },
      remove: (connection: ServerConnection) => {
        if (open.delete(connection.id)) Metrics.appServerConnections().unsafeModify(-1, [])
      },
      all: () => Array.from(open.values()),
      /**
       * Notifies every initialized client, or those that `to` picks, without waiting. Where there is no room, a newer state
       * replaces an older one, and anything else is dropped and logged. Both count as dropped.
       */
      broadcast: <Name extends ServerNotificationName>(
        method: Name,
        params: ServerNotificationParams<Name>,
        to: (connection: ServerConnection) => boolean = () => true
      ) =>
        Effect.flatMap(notificationNow(method, params), (notification) =>
          Effect.forEach(Array.from(open.values()).filter(to), (connection) => offer(connection, notification), {
            discard: true
          })
        )
    }
  }
}) {}
