/**
 * How often and how long the requests of a sign-in are made, and how long a person may take.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * As in `CallPolicy`. A `safe` request without a usable answer is made again, up to `attempts` times.
 *
 * @since 0.1.0
 * @category models
 */
export interface LoginCall {
  readonly repeat: "safe" | "never"
  readonly attempts: number
  readonly attemptTimeout: Duration.Duration
  readonly overallTimeout: Duration.Duration
}

const safe = (
  attempts: number,
  attemptTimeout: Duration.DurationInput,
  overallTimeout: Duration.DurationInput
): LoginCall => ({
  repeat: "safe",
  attempts,
  attemptTimeout: Duration.decode(attemptTimeout),
  overallTimeout: Duration.decode(overallTimeout)
})

const never = (timeout: Duration.DurationInput): LoginCall => ({ ...safe(1, timeout, timeout), repeat: "never" })

/**
 * The policies of a sign-in's requests. A code works once, so its exchange is never repeated.
 *
 * @since 0.1.0
 * @category constants
 */
export const loginPolicies = {
  exchangeCode: never("30 seconds"),
  exchangeApiKey: never("10 seconds"),
  startDevice: safe(2, "10 seconds", "25 seconds"),
  pollDevice: safe(1, "10 seconds", "10 seconds"),
  readTokenOwner: safe(3, "10 seconds", "25 seconds")
} as const satisfies Readonly<Record<string, LoginCall>>

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
  readonly policies: Readonly<Record<keyof typeof loginPolicies, LoginCall>>
  readonly limits: Readonly<Record<keyof typeof loginLimits, Duration.Duration>>
}
