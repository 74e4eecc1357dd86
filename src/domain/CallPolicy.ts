/**
 * How often, how long, and whether a call may be repeated, as values: printed, checked for contradictions, overridden.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import { type BackendErrorReason, BackendErrorReason as Reason } from "./BackendError.js"

/**
 * `safe`: repeating changes nothing. `keyed`: repeating with the same key changes nothing. `never`: one attempt.
 * @since 0.1.0
 * @category schemas
 */
export const Repeat = Schema.Literal("safe", "keyed", "never")

const Fields = Schema.Struct({
  name: Schema.NonEmptyString,
  repeat: Repeat,
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
  quietPeriod: Schema.Duration
})

/** The rules that are broken, behind the name; undefined when all hold. */
export const brokenRules = (
  name: string,
  rules: ReadonlyArray<readonly [holds: boolean, rule: string]>
): string | undefined => {
  const broken = rules.flatMap(([holds, rule]) => (holds ? [] : [rule]))
  return broken.length === 0 ? undefined : `${name}: ${broken.join("; ")}`
}

const contradiction = (policy: typeof Fields.Type): string | undefined => {
  const { attemptTimeout, attempts, backoff, overallTimeout, repeat, retryAfterCap } = policy
  const isLongEnough = Duration.greaterThanOrEqualTo(overallTimeout, attemptTimeout)
  return brokenRules(`policy ${policy.name}`, [
    [repeat !== "never" || attempts === 1, "a call that is never repeated has one attempt"],
    [isLongEnough, "the overall timeout is at least the timeout of one attempt"],
    [Duration.isFinite(attemptTimeout), "the attempt timeout is finite"],
    [Duration.isFinite(overallTimeout), "the overall timeout is finite"],
    [Duration.isFinite(backoff.base), "the backoff base is finite"],
    [Duration.isFinite(backoff.cap), "the backoff cap is finite"],
    [Duration.isFinite(retryAfterCap), "the Retry-After cap is finite"],
    [Duration.toMillis(attemptTimeout) > 0, "the attempt timeout is longer than nothing"]
  ])
}

/**
 * `attemptTimeout` bounds one attempt with its body; `overallTimeout` bounds the call with all attempts and waits. The
 * n-th wait is `base * factor^(n-1)`, at most `cap`, less a random share of up to `jitter`. A `Retry-After` is obeyed
 * up to `retryAfterCap`; a longer one ends the call. What succeeded is not done again within `quietPeriod`, unless that is
 * asked for. A contradictory policy can't be made.
 * @since 0.1.0
 * @category models
 */
export class CallPolicy extends Schema.Class<CallPolicy>("CallPolicy")(Fields.pipe(Schema.filter(contradiction))) {}

/** The wait after the n-th failed attempt. */
export const pauseAfter = (
  failed: number,
  { base, cap, factor, jitter }: CallPolicy["backoff"]
): Effect.Effect<Duration.Duration> =>
  Effect.map(Random.next, (share) =>
    Duration.times(Duration.min(Duration.times(base, factor ** (failed - 1)), cap), 1 - jitter * share)
  )

/** A challenge, a certificate or a proxy's question is the same a moment later. */
const transient: ReadonlyArray<BackendErrorReason> = [
  "Unreachable",
  "HostNotFound",
  "ConnectionRefused",
  "ConnectTimeout",
  "ProxyUnreachable",
  "ProxyRefused",
  "Transport",
  "Timeout",
  "BodyTimeout",
  "RateLimited",
  "ServerError"
]

interface Row {
  readonly repeat: (typeof Repeat)["Type"]
  readonly attempts: number
  readonly attemptTimeout: Duration.DurationInput
  readonly overallTimeout: Duration.DurationInput
  readonly quietPeriod?: Duration.DurationInput
}

const rows = {
  readUsage: { repeat: "safe", attempts: 3, attemptTimeout: "10 seconds", overallTimeout: "25 seconds" },
  readResetCredits: { repeat: "safe", attempts: 2, attemptTimeout: "5 seconds", overallTimeout: "8 seconds" },
  consumeResetCredit: { repeat: "keyed", attempts: 3, attemptTimeout: "10 seconds", overallTimeout: "35 seconds" },
  readOffer: { repeat: "safe", attempts: 2, attemptTimeout: "15 seconds", overallTimeout: "32 seconds" },
  sendInvite: { repeat: "never", attempts: 1, attemptTimeout: "45 seconds", overallTimeout: "45 seconds" },
  readRole: { repeat: "safe", attempts: 2, attemptTimeout: "10 seconds", overallTimeout: "15 seconds" },
  nudgeOwner: {
    repeat: "never",
    attempts: 1,
    attemptTimeout: "10 seconds",
    overallTimeout: "10 seconds",
    quietPeriod: "24 hours"
  },
  readTokenActivity: { repeat: "safe", attempts: 3, attemptTimeout: "10 seconds", overallTimeout: "25 seconds" },
  readWorkspaceMessages: { repeat: "safe", attempts: 1, attemptTimeout: "1 second", overallTimeout: "1 second" },
  readWorkspaces: { repeat: "safe", attempts: 2, attemptTimeout: "5 seconds", overallTimeout: "15 seconds" },
  switchWorkspace: { repeat: "never", attempts: 1, attemptTimeout: "30 seconds", overallTimeout: "30 seconds" },
  refreshSession: { repeat: "never", attempts: 1, attemptTimeout: "45 seconds", overallTimeout: "45 seconds" },
  revokeSession: { repeat: "never", attempts: 1, attemptTimeout: "10 seconds", overallTimeout: "10 seconds" }
} as const satisfies Readonly<Record<string, Row>>

/**
 * @since 0.1.0
 * @category models
 */
export type PolicyName = keyof typeof rows

/**
 * @since 0.1.0
 * @category models
 */
export type PolicyTable = Readonly<Record<PolicyName, CallPolicy>>

/**
 * The default of one policy, as literals: what a program that states the policy has to agree with.
 * @since 0.1.0
 * @category models
 */
export type PolicyRow<Name extends PolicyName> = (typeof rows)[Name]

/**
 * The policy of every call, by name.
 * @since 0.1.0
 * @category constants
 */
export const defaultPolicies: PolicyTable = Record.map(
  rows,
  (row: Row, name) =>
    new CallPolicy({
      name,
      repeat: row.repeat,
      attempts: row.attempts,
      attemptTimeout: Duration.decode(row.attemptTimeout),
      overallTimeout: Duration.decode(row.overallTimeout),
      backoff: { base: Duration.millis(250), factor: 2, cap: Duration.seconds(4), jitter: 0.5 },
      retryOn: row.repeat === "never" ? [] : transient,
      retryAfterCap: Duration.seconds(10),
      quietPeriod: Duration.decode(row.quietPeriod ?? 0)
    })
)

/** The policy that each call of the backend runs under, by the contract's name of the call. */
export const policyOfCall = {
  "usage.read": "readUsage",
  "resetCredits.list": "readResetCredits",
  "resetCredits.consume": "consumeResetCredit",
  "referrals.eligibility": "readOffer",
  "referrals.rules": "readOffer",
  "referrals.invite": "sendInvite",
  "workspace.accountsCheck": "readRole",
  "workspace.nudge": "nudgeOwner",
  "workspace.messages": "readWorkspaceMessages",
  "workspaces.list": "readWorkspaces",
  "workspaces.switch": "switchWorkspace",
  "profile.me": "readTokenActivity"
} as const satisfies Readonly<Record<string, PolicyName>>

/**
 * @since 0.1.0
 * @category models
 */
export type CallName = keyof typeof policyOfCall
