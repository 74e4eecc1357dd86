/**
 * How often, how long, and whether a call may be repeated: as values, to be printed, checked and overridden.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { type BackendErrorReason, BackendErrorReason as Reason } from "./BackendError.js"

/**
 * `safe`: repeating changes nothing. `keyed`: repeating with the same key changes nothing. `never`: one attempt.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Repeat = Schema.Literal("safe", "keyed", "never")

const Fields = Schema.Struct({
  name: Schema.NonEmptyString,
  repeat: Repeat,
  keyField: Schema.NullOr(Schema.NonEmptyString),
  attempts: Schema.Int.pipe(Schema.between(1, 100)),
  attemptTimeout: Schema.Duration,
  overallTimeout: Schema.Duration,
  backoff: Schema.Struct({
    base: Schema.Duration,
    factor: Schema.Number.pipe(Schema.between(1, 10)),
    cap: Schema.Duration,
    jitter: Schema.Number.pipe(Schema.between(0, 1))
  }),
  retryOn: Schema.Array(Reason),
  retryAfterCap: Schema.Duration,
  redirects: Schema.Literal("refuse")
})

const contradictions = (policy: typeof Fields.Type): ReadonlyArray<string> => {
  const found: Array<string> = []
  if (policy.repeat === "never" && policy.attempts !== 1) found.push("a call that is never repeated has one attempt")
  if (policy.repeat === "keyed" && policy.keyField === null) found.push("a keyed call names the field of its key")
  if (policy.repeat !== "keyed" && policy.keyField !== null) found.push("only a keyed call names a key field")
  if (Duration.lessThan(policy.overallTimeout, policy.attemptTimeout)) {
    found.push("the overall timeout is at least the timeout of one attempt")
  }
  for (const [what, duration] of [
    ["attempt timeout", policy.attemptTimeout],
    ["overall timeout", policy.overallTimeout],
    ["backoff base", policy.backoff.base],
    ["backoff cap", policy.backoff.cap],
    ["Retry-After cap", policy.retryAfterCap]
  ] as const) {
    if (!Duration.isFinite(duration)) found.push(`the ${what} is finite`)
  }
  if (Duration.toMillis(policy.attemptTimeout) <= 0) found.push("the attempt timeout is longer than nothing")
  return found
}

/**
 * `attemptTimeout` bounds one attempt with its body; `overallTimeout` bounds the call with all attempts and waits. The
 * n-th wait is `base * factor^(n-1)`, at most `cap`, less a random share of up to `jitter`. A `Retry-After` is obeyed
 * up to `retryAfterCap`; a longer one ends the call. A contradictory policy can't be made.
 *
 * @since 0.1.0
 * @category models
 */
export class CallPolicy extends Schema.Class<CallPolicy>("CallPolicy")(
  Fields.pipe(
    Schema.filter((policy) => {
      const found = contradictions(policy)
      return found.length === 0 ? undefined : `policy ${policy.name}: ${found.join("; ")}`
    })
  )
) {}

const transient: ReadonlyArray<BackendErrorReason> = [
  "Unreachable",
  "Transport",
  "Timeout",
  "RateLimited",
  "ServerError"
]

const backoff = {
  base: Duration.millis(250),
  factor: 2,
  cap: Duration.seconds(4),
  jitter: 0.5
}

const make = (
  name: string,
  repeat: (typeof Repeat)["Type"],
  attempts: number,
  attemptTimeout: Duration.DurationInput,
  overallTimeout: Duration.DurationInput,
  keyField: string | null = null
): CallPolicy =>
  new CallPolicy({
    name,
    repeat,
    keyField,
    attempts,
    attemptTimeout: Duration.decode(attemptTimeout),
    overallTimeout: Duration.decode(overallTimeout),
    backoff,
    retryOn: repeat === "never" ? [] : transient,
    retryAfterCap: Duration.seconds(10),
    redirects: "refuse"
  })

/**
 * The policy of every call, by operation.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultPolicies = {
  readUsage: make("readUsage", "safe", 3, "10 seconds", "25 seconds"),
  readResetCredits: make("readResetCredits", "safe", 2, "5 seconds", "8 seconds"),
  consumeResetCredit: make("consumeResetCredit", "keyed", 3, "10 seconds", "35 seconds", "redeem_request_id"),
  readOffer: make("readOffer", "safe", 2, "15 seconds", "32 seconds"),
  sendInvite: make("sendInvite", "never", 1, "45 seconds", "45 seconds"),
  readRole: make("readRole", "safe", 2, "10 seconds", "15 seconds"),
  nudgeOwner: make("nudgeOwner", "never", 1, "10 seconds", "10 seconds"),
  readTokenActivity: make("readTokenActivity", "safe", 3, "10 seconds", "25 seconds"),
  readWorkspaceMessages: make("readWorkspaceMessages", "safe", 1, "1 second", "1 second"),
  refreshSession: make("refreshSession", "never", 1, "45 seconds", "45 seconds"),
  revokeSession: make("revokeSession", "never", 1, "10 seconds", "10 seconds")
} as const satisfies Readonly<Record<string, CallPolicy>>

/**
 * @since 0.1.0
 * @category models
 */
export type PolicyName = keyof typeof defaultPolicies

/**
 * @since 0.1.0
 * @category models
 */
export type PolicyTable = Readonly<Record<PolicyName, CallPolicy>>
