/** What the server counts. */
import * as Metric from "effect/Metric"

/** Requests that found no room, and were told so. */
export const requestsRefused = Metric.counter("app_server_requests_refused", { incremental: true })

/** Notifications that a client left no room for. */
export const notificationsDropped = Metric.counter("app_server_notifications_dropped", { incremental: true })
