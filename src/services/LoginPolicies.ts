/** The policies and time limits of signing in that are in force. */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type { CallPolicy } from "../domain/CallPolicy.js"

/** How often and how long a request is made. Only a `safe` one is repeated, and only if it got no usable answer. */
export type LoginPolicy = Pick<CallPolicy, "repeat" | "attempts" | "attemptTimeout" | "overallTimeout" | "backoff">

const make = (
  repeat: "safe" | "never",
  attempts: number,
  attemptTimeout: Duration.DurationInput,
  overallTimeout: Duration.DurationInput
): LoginPolicy => ({
  repeat,
  attempts,
  attemptTimeout: Duration.decode(attemptTimeout),
  overallTimeout: Duration.decode(overallTimeout),
  backoff: { base: Duration.millis(500), factor: 2, cap: Duration.seconds(4), jitter: 0.5 }
})

/** The policies of a sign-in's requests. A code works once, so its exchange is never repeated. */
export const loginPolicies = {
  exchangeCode: make("never", 1, "30 seconds", "30 seconds"),
  exchangeApiKey: make("never", 1, "10 seconds", "10 seconds"),
  startDevice: make("safe", 2, "10 seconds", "25 seconds"),
  pollDevice: make("safe", 1, "10 seconds", "10 seconds"),
  readTokenOwner: make("safe", 3, "10 seconds", "25 seconds")
} as const satisfies Readonly<Record<string, LoginPolicy>>

/**
 * How long a person may take, and how often the server is polled meanwhile. `interval` applies if the server names none;
 * the one that it names is kept between the bounds. `slowDown` is added each time the server asks for a slower pace.
 */
export const loginLimits = {
  browser: Duration.minutes(10),
  device: Duration.minutes(15),
  interval: Duration.seconds(5),
  minInterval: Duration.seconds(1),
  maxInterval: Duration.minutes(1),
  slowDown: Duration.seconds(5)
} as const

export interface LoginTimes {
  readonly policies: Readonly<Record<keyof typeof loginPolicies, LoginPolicy>>
  readonly limits: Readonly<Record<keyof typeof loginLimits, Duration.Duration>>
}

/** Without a layer they are `loginPolicies` and `loginLimits`. */
export class LoginPolicies extends Context.Reference<LoginPolicies>()("effect-codex-account/services/LoginPolicies", {
  defaultValue: (): LoginTimes => ({ policies: loginPolicies, limits: loginLimits })
}) {}
