/**
 * Generators of faults and fault plans.
 *
 * @since 0.1.0
 */
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import { Fault } from "./Fault.js"
import { EndpointName, type FaultPlan, type FaultRule } from "./FaultPlan.js"

/**
 * A fault of one of these kinds, or of any.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const fault = (kinds?: ReadonlyArray<Fault["_tag"]>): FastCheck.Arbitrary<Fault> => {
  const any = Arbitrary.make(Fault)
  return kinds === undefined ? any : any.filter((fault) => kinds.includes(fault._tag))
}

/**
 * A plan for a set of endpoints, by default all: at most `maxRules` rules (8), each for one of the first `maxCall` calls
 * (6) or for every call.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const faultPlan = (options?: {
  readonly endpoints?: ReadonlyArray<EndpointName | "*">
  readonly kinds?: ReadonlyArray<Fault["_tag"]>
  readonly maxRules?: number
  readonly maxCall?: number
}): FastCheck.Arbitrary<FaultPlan> => {
  const rule: FastCheck.Arbitrary<FaultRule> = FastCheck.record({
    endpoint: FastCheck.constantFrom(...(options?.endpoints ?? EndpointName.literals)),
    call: FastCheck.oneof(
      { weight: 4, arbitrary: FastCheck.integer({ min: 1, max: options?.maxCall ?? 6 }) },
      { weight: 1, arbitrary: FastCheck.constant("every" as const) }
    ),
    fault: fault(options?.kinds)
  })
  return FastCheck.array(rule, { maxLength: options?.maxRules ?? 8 })
}
