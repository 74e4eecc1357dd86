/**
 * What the server counts.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

/**
 * Requests that found no room, and were told so.
 *
 * @since 0.1.0
 * @category metrics
 */
export const requestsRefused = Metric.counter("app_server_requests_refused", { incremental: true })

/**
 * Notifications that a client left no room for.
 *
 * @since 0.1.0
 * @category metrics
 */
export const notificationsDropped = Metric.counter("app_server_notifications_dropped", { incremental: true })
