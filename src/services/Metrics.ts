/**
 * What is counted and measured, by the names that a monitoring system shows, with units. Each label has few values: the
 * operations, acts, methods and windows of this package, and outcomes; none is of an account. A program with several
 * accounts tells them apart with a label of its own (`Effect.tagMetrics`).
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import { usualNames } from "../domain/RateLimitWindow.js"
import { amountOf, type UsageSnapshot } from "../domain/UsageSnapshot.js"

type Labels = ReadonlyArray<MetricLabel.MetricLabel>

const counter = (name: string, description: string) => (labels: Labels) =>
  Metric.fromMetricKey(MetricKey.taggedWithLabels(MetricKey.counter(name, { description, incremental: true }), labels))

const gauge = (name: string, description: string) => (labels: Labels) =>
  Metric.fromMetricKey(MetricKey.taggedWithLabels(MetricKey.gauge(name, { description }), labels))

const bounds = MetricBoundaries.fromIterable([0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
const histogram = (name: string, description: string) => (labels: Labels) =>
  Metric.fromMetricKey(MetricKey.taggedWithLabels(MetricKey.histogram(name, bounds, description), labels))

/** A metric by the values of its labels, made once for each. */
const labelled = <M, const Names extends ReadonlyArray<string>>(make: (labels: Labels) => M, ...names: Names) => {
  const made = new Map<string, M>()
  return (...values: { readonly [I in keyof Names]: string }): M => {
    const id = values.join("\n")
    const metric = made.get(id) ?? make(names.map((name, index) => MetricLabel.make(name, values[index] ?? "")))
    made.set(id, metric)
    return metric
  }
}

/**
 * Calls of the backend, whatever their number of attempts. `outcome` is `Answered`, the reason of the error, or
 * `Interrupted`.
 * @since 0.1.0
 * @category metrics
 */
export const requests = labelled(
  counter("codex_backend_requests_total", "Calls of the backend."),
  "operation",
  "outcome"
)

/**
 * Attempts of these calls. `outcome` as for calls; `NotSent` or `CutShort` where a time limit or an interruption ended it.
 * `delivery`: whether the request reached the backend, `answered`, `unknown` or `notSent`.
 * @since 0.1.0
 * @category metrics
 */
export const attempts = labelled(
  counter("codex_backend_attempts_total", "Attempts of calls of the backend."),
  "operation",
  "outcome",
  "delivery"
)

/**
 * @since 0.1.0
 * @category metrics
 */
export const attemptSeconds = labelled(
  histogram("codex_backend_attempt_duration_seconds", "How long an attempt takes."),
  "operation"
)

/**
 * @since 0.1.0
 * @category metrics
 */
export const retryWaitSeconds = labelled(
  histogram("codex_backend_retry_wait_seconds", "How long a call waits before its next attempt."),
  "operation"
)

/**
 * Renewals of the session: `exchanged`; `unsaved`, exchanged and not stored; `adopted`, as another process had renewed it;
 * `refused`; `unanswered`.
 * @since 0.1.0
 * @category metrics
 */
export const renewals = labelled(counter("codex_session_renewals_total", "Renewals of the session."), "outcome")

/**
 * `lease` is `renewal` or the act.
 * @since 0.1.0
 * @category metrics
 */
export const leaseWaitSeconds = labelled(
  histogram("codex_lease_wait_seconds", "How long a lease was waited for."),
  "lease"
)

/**
 * Leases that were not had, or lost. `reason` is that of `LeaseError`.
 * @since 0.1.0
 * @category metrics
 */
export const leaseFailures = labelled(
  counter("codex_lease_failures_total", "Leases that were not had, or lost."),
  "lease",
  "reason"
)

/**
 * Acts that can't be undone, as the journal has their ends: `succeeded`, `rejected`, `unknown`, `abandoned`.
 * @since 0.1.0
 * @category metrics
 */
export const acts = labelled(counter("codex_acts_total", "Acts that can't be undone."), "act", "outcome")

/**
 * Operations in the journal whose outcome is unknown, as of the last act of this process.
 * @since 0.1.0
 * @category metrics
 */
export const openOperations = labelled(gauge("codex_open_operations", "Operations whose outcome is unknown."))

/**
 * `window` is the name of one of the usual lengths, such as `5h` or `weekly`, else `other`.
 * @since 0.1.0
 * @category metrics
 */
export const remainingPercent = labelled(
  gauge("codex_limit_remaining_percent", "What is left of a window of the main limit, in percent."),
  "window"
)

/**
 * @since 0.1.0
 * @category metrics
 */
export const resetTimestamp = labelled(
  gauge("codex_limit_reset_timestamp_seconds", "When a window of the main limit resets, in seconds since 1970."),
  "window"
)

/**
 * @since 0.1.0
 * @category metrics
 */
export const resetCredits = labelled(gauge("codex_reset_credits", "Reset credits that are available."))

/**
 * @since 0.1.0
 * @category metrics
 */
export const creditBalance = labelled(gauge("codex_credit_balance", "The balance of credits."))

/**
 * The reading's age is the present time less this.
 * @since 0.1.0
 * @category metrics
 */
export const readingTimestamp = labelled(
  gauge("codex_last_reading_timestamp_seconds", "When the usage was last read, in seconds since 1970.")
)

/**
 * `method` is one that the server knows, or `unknown method`; `outcome` is `result` or the code of the error.
 * @since 0.1.0
 * @category metrics
 */
export const appServerRequests = labelled(
  counter("codex_app_server_requests_total", "Requests to the app-server."),
  "method",
  "outcome"
)

/**
 * @since 0.1.0
 * @category metrics
 */
export const appServerConnections = labelled(
  gauge("codex_app_server_connections", "Open connections of the app-server.")
)

/**
 * @since 0.1.0
 * @category metrics
 */
export const appServerWaiting = labelled(
  gauge("codex_app_server_requests_waiting", "Requests to the app-server that wait for their turn.")
)

/**
 * @since 0.1.0
 * @category metrics
 */
export const appServerOverloads = labelled(
  counter("codex_app_server_overloads_total", "Requests that the app-server refused for want of room.")
)

/**
 * @since 0.1.0
 * @category metrics
 */
export const appServerDropped = labelled(
  counter(
    "codex_app_server_notifications_dropped_total",
    "Notifications that a client did not get because it does not read."
  )
)

/** What a reading says, for whoever looks at the gauges. */
export const recordReading = ({
  credits,
  fetchedAt,
  main,
  resetCredits: resets
}: UsageSnapshot): Effect.Effect<void> => {
  const balance = amountOf(credits?.balance ?? "")
  return Effect.all(
    [
      Metric.set(readingTimestamp(), fetchedAt.epochMillis / 1000),
      ...main.windows.flatMap(({ name, remainingPercent: left, resetsAt }) => {
        const window = usualNames.has(name) ? name : "other"
        return [
          Metric.set(remainingPercent(window), left),
          ...(resetsAt === null ? [] : [Metric.set(resetTimestamp(window), resetsAt.epochMillis / 1000)])
        ]
      }),
      ...(resets === null ? [] : [Metric.set(resetCredits(), resets.availableCount)]),
      ...(balance === null ? [] : [Metric.set(creditBalance(), balance)])
    ],
    { discard: true }
  )
}
