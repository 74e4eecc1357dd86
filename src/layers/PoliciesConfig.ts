/** The policy table with numbers from the environment. Whether a call may be repeated can't be changed. */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import { CallPolicy, defaultPolicies, type PolicyTable } from "../domain/CallPolicy.js"
import { ConfigurationError } from "../services/AccountConfig.js"
import { Policies } from "../services/Policies.js"

const prefixOf = (policy: CallPolicy): string =>
  `CODEX_ACCOUNT_POLICY_${policy.name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/**
 * Limits each call and attempt. The renewal of the session keeps its limits: an exchange that is cut short may cost the
 * session.
 */
const limited = (policy: CallPolicy, limit: Duration.Duration): CallPolicy =>
  policy.name === "refreshSession"
    ? policy
    : new CallPolicy({
        ...policy,
        attemptTimeout: Duration.min(policy.attemptTimeout, limit),
        overallTimeout: Duration.min(policy.overallTimeout, limit)
      })

const fromEnvironment = (policy: CallPolicy): Effect.Effect<CallPolicy, ConfigurationError | ConfigError.ConfigError> =>
  Effect.gen(function* () {
    const prefix = prefixOf(policy)
    const numbers = yield* Config.all({
      attempts: Config.integer(`${prefix}_ATTEMPTS`).pipe(Config.withDefault(policy.attempts)),
      attemptTimeout: Config.duration(`${prefix}_ATTEMPT_TIMEOUT`).pipe(Config.withDefault(policy.attemptTimeout)),
      overallTimeout: Config.duration(`${prefix}_OVERALL_TIMEOUT`).pipe(Config.withDefault(policy.overallTimeout))
    })
    return yield* Effect.try({
      try: () => new CallPolicy({ ...policy, ...numbers }),
      catch: () =>
        new ConfigurationError({ reason: "InvalidValue", detail: `${prefix}_*: the numbers contradict one another` })
    })
  })

/**
 * Reads `CODEX_ACCOUNT_POLICY_<NAME>_ATTEMPTS`, `_ATTEMPT_TIMEOUT` and `_OVERALL_TIMEOUT`, such as
 * `CODEX_ACCOUNT_POLICY_READ_USAGE_ATTEMPT_TIMEOUT="5 seconds"`. `limit` caps every timeout.
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  limit: Option.Option<Duration.Duration> = Option.none()
): Effect.Effect<PolicyTable, ConfigurationError | ConfigError.ConfigError> =>
  Effect.all(
    Record.map(defaultPolicies, (policy) =>
      Effect.map(fromEnvironment(policy), (changed) =>
        Option.match(limit, { onNone: () => changed, onSome: (duration) => limited(changed, duration) })
      )
    )
  )

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  limit: Option.Option<Duration.Duration> = Option.none()
): Layer.Layer<Policies, ConfigurationError | ConfigError.ConfigError> => Layer.effect(Policies, make(limit))
