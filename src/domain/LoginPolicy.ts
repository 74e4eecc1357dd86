/**
 * How often and how long the requests of a sign-in are made, and how long a person may take.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { CallPolicy } from "./CallPolicy.js"

const make = (
  name: string,
  repeat: "safe" | "never",
  attempts: number,
  attemptTimeout: Duration.DurationInput,
  overallTimeout: Duration.DurationInput
): CallPolicy =>
  new CallPolicy({
    name,
    repeat,
    keyField: null,
    attempts,
    attemptTimeout: Duration.decode(attemptTimeout),
    overallTimeout: Duration.decode(overallTimeout),
    backoff: { base: Duration.millis(500), factor: 2, cap: Duration.seconds(4), jitter: 0.5 },
    retryOn: repeat === "never" ? [] : ["Unreachable", "Transport", "Timeout", "RateLimited", "ServerError"],
    retryAfterCap: Duration.seconds(10),
    redirects: "refuse"
  })

/**
 * The policies of a sign-in's requests. A code works once, so its exchange is never repeated.
 *
 * @since 0.1.0
 * @category constants
 */
export const loginPolicies = {
  exchangeCode: make("exchangeCode", "never", 1, "30 seconds", "30 seconds"),
  exchangeApiKey: make("exchangeApiKey", "never", 1, "10 seconds", "10 seconds"),
  startDevice: make("startDevice", "safe", 2, "10 seconds", "25 seconds"),
  pollDevice: make("pollDevice", "safe", 1, "10 seconds", "10 seconds"),
  readTokenOwner: make("readTokenOwner", "safe", 3, "10 seconds", "25 seconds")
} as const satisfies Readonly<Record<string, CallPolicy>>

/**
 * How long a person may take, and how often the server is asked meanwhile. `interval` holds where the server names none,
 * and what it names is kept between the bounds; `slowDown` is added each time it asks for a slower pace.
 *
 * @since 0.1.0
 * @category constants
 */
export const loginLimits = {
  browser: Duration.minutes(10),
  device: Duration.minutes(15),
  interval: Duration.seconds(5),
  minInterval: Duration.seconds(1),
  maxInterval: Duration.minutes(1),
  slowDown: Duration.seconds(5)
} as const

/**
 * @since 0.1.0
 * @category models
 */
export interface LoginTimes {
  readonly policies: Readonly<Record<keyof typeof loginPolicies, CallPolicy>>
  readonly limits: Readonly<Record<keyof typeof loginLimits, Duration.Duration>>
}
