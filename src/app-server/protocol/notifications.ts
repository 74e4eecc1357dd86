/**
 * Notifications of the server.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Account from "./schemas/Account.js"
import * as Login from "./schemas/Login.js"
import * as RateLimits from "./schemas/Usage.js"
import * as Threads from "./schemas/Threads.js"
import { nullable } from "../../contracts/Tolerant.js"

/**
 * `delivery`: a `lossless` notification waits for room in a full queue, a `bestEffort` one is dropped and counted. The
 * Type side of `params` is what a server writes.
 *
 * @since 0.1.0
 * @category models
 */
export interface NotificationKind<Name extends string, P, PI> {
  readonly method: Name
  readonly params: Schema.Schema<P, PI>
  readonly delivery: "lossless" | "bestEffort"
}

/**
 * A problem with the configuration, sent after `initialize`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ConfigWarningNotification = Schema.Struct({
  summary: Schema.String,
  details: nullable(Schema.String)
}).annotations({ identifier: "ConfigWarningNotification" })

const bestEffort = <const Name extends string, P, PI>(
  method: Name,
  params: Schema.Schema<P, PI>
): NotificationKind<Name, P, PI> => ({ method, params, delivery: "bestEffort" })

const lossless = <const Name extends string>(method: Name): NotificationKind<Name, unknown, unknown> => ({
  method,
  params: Schema.Unknown,
  delivery: "lossless"
})

/**
 * By method. The lossless ones belong to turns: only other servers send them, and their params are not decoded.
 *
 * @since 0.1.0
 * @category constants
 */
export const serverNotifications = {
  "account/updated": bestEffort("account/updated", Account.AccountUpdatedNotification),
  "account/login/completed": bestEffort("account/login/completed", Login.AccountLoginCompletedNotification),
  "account/rateLimits/updated": bestEffort(
    "account/rateLimits/updated",
    RateLimits.AccountRateLimitsUpdatedNotification
  ),
  "thread/started": bestEffort("thread/started", Threads.ThreadStartedNotification),
  configWarning: bestEffort("configWarning", ConfigWarningNotification),
  "turn/completed": lossless("turn/completed"),
  "thread/settings/updated": lossless("thread/settings/updated"),
  "item/completed": lossless("item/completed"),
  "externalAgentConfig/import/completed": lossless("externalAgentConfig/import/completed"),
  "item/agentMessage/delta": lossless("item/agentMessage/delta"),
  "item/plan/delta": lossless("item/plan/delta"),
  "item/reasoning/summaryTextDelta": lossless("item/reasoning/summaryTextDelta"),
  "item/reasoning/textDelta": lossless("item/reasoning/textDelta")
} as const

/**
 * @since 0.1.0
 * @category models
 */
export type ServerNotificationName = keyof typeof serverNotifications

/**
 * The params of the notification, decoded.
 *
 * @since 0.1.0
 * @category models
 */
export type ServerNotificationParams<Name extends ServerNotificationName> =
  (typeof serverNotifications)[Name]["params"]["Type"]

/**
 * @since 0.1.0
 * @category predicates
 */
export const isServerNotificationName = (method: string): method is ServerNotificationName =>
  Object.hasOwn(serverNotifications, method)

/**
 * Whether the notification must never be dropped.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isLossless = (method: string): boolean =>
  isServerNotificationName(method) && serverNotifications[method].delivery === "lossless"

/**
 * The one notification from a client; it has no params.
 *
 * @since 0.1.0
 * @category constants
 */
export const initialized = "initialized"
