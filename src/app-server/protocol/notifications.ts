/** Notifications of the server. */
import * as Schema from "effect/Schema"
import { nullable } from "../../contracts/Tolerant.js"
import { struct } from "./Method.js"
import * as Account from "./schemas/Account.js"
import * as Threads from "./schemas/Threads.js"
import * as Usage from "./schemas/Usage.js"

/**
 * `delivery`: a `lossless` notification waits for room in a full queue, a `bestEffort` one is dropped and counted. The
 * Type side of `params` is what a server writes.
 * @since 0.1.0
 * @category models
 */
export interface NotificationKind<P, PI> {
  readonly params: Schema.Schema<P, PI>
  readonly delivery: "lossless" | "bestEffort"
}

/**
 * A problem with the configuration, sent after `initialize`.
 * @since 0.1.0
 * @category schemas
 */
export const ConfigWarningNotification = struct("ConfigWarningNotification", {
  summary: Schema.String,
  details: nullable(Schema.String)
})

const bestEffort = <P, PI>(params: Schema.Schema<P, PI>): NotificationKind<P, PI> => ({
  params,
  delivery: "bestEffort"
})

const lossless: NotificationKind<unknown, unknown> = { params: Schema.Unknown, delivery: "lossless" }

/**
 * By method. The lossless ones belong to turns: only other servers send them, and their params are not decoded.
 * @since 0.1.0
 * @category constants
 */
export const serverNotifications = {
  "account/updated": bestEffort(Account.AccountUpdatedNotification),
  "account/login/completed": bestEffort(Account.AccountLoginCompletedNotification),
  "account/rateLimits/updated": bestEffort(Usage.AccountRateLimitsUpdatedNotification),
  "thread/started": bestEffort(Threads.ThreadStartedNotification),
  configWarning: bestEffort(ConfigWarningNotification),
  "turn/completed": lossless,
  "thread/settings/updated": lossless,
  "item/completed": lossless,
  "externalAgentConfig/import/completed": lossless,
  "item/agentMessage/delta": lossless,
  "item/plan/delta": lossless,
  "item/reasoning/summaryTextDelta": lossless,
  "item/reasoning/textDelta": lossless
} as const

/**
 * @since 0.1.0
 * @category models
 */
export type ServerNotificationName = keyof typeof serverNotifications

/**
 * The params of the notification, decoded.
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
 * @since 0.1.0
 * @category predicates
 */
export const isLossless = (method: string): boolean =>
  isServerNotificationName(method) && serverNotifications[method].delivery === "lossless"

/**
 * The one notification from a client; it has no params.
 * @since 0.1.0
 * @category constants
 */
export const initialized = "initialized"
