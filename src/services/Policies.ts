/** Which policy each call runs under: the table in force, and what a program states beside its call. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import {
  type CallPolicy,
  defaultPolicies,
  type PolicyName,
  type PolicyRow,
  type PolicyTable
} from "../domain/CallPolicy.js"

/**
 * The table in force. Without a layer it is `defaultPolicies`.
 * @since 0.1.0
 * @category tags
 */
export class Policies extends Context.Reference<Policies>()("effect-codex-account/services/Policies", {
  defaultValue: (): PolicyTable => defaultPolicies
}) {}

/** The policies that were stated around the present call. One that is not here is the table's. */
class StatedPolicies extends Context.Reference<StatedPolicies>()(
  "effect-codex-account/services/Policies/StatedPolicies",
  { defaultValue: (): Partial<PolicyTable> => ({}) }
) {}

/**
 * Runs the calls of this name in the effect under this policy. The innermost statement wins. What is never repeated
 * stays so, whatever is stated.
 * @since 0.1.0
 * @category combinators
 */
export const withPolicy =
  (name: PolicyName, policy: CallPolicy) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(StatedPolicies, (stated) =>
      Effect.provideService(effect, StatedPolicies, { ...stated, [name]: policy })
    )

/**
 * States the policy of a call beside it: whether it is repeated, and how long it takes at most. The words have to agree
 * with the default table, or the program does not compile; the numbers that hold are those of the table in force.
 * @since 0.1.0
 * @category combinators
 * @example
 * ```ts
 * referrals.sendInvite({ as, email }).pipe(underPolicy("sendInvite", "never", "45 seconds"))
 * ```
 */
export const underPolicy =
  <Name extends PolicyName>(
    name: Name,
    _repeat: PolicyRow<Name>["repeat"],
    _overallTimeout: PolicyRow<Name>["overallTimeout"]
  ) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Policies, (table) => withPolicy(name, table[name])(effect))

/**
 * The policy that a call of this name runs under here.
 * @since 0.1.0
 * @category getters
 */
export const policyInForce = (name: PolicyName): Effect.Effect<CallPolicy> =>
  Effect.zipWith(StatedPolicies, Policies, (stated, table) => stated[name] ?? table[name])
