/**
 * The table of call policies in force.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import { defaultPolicies, type PolicyTable } from "../domain/CallPolicy.js"

/**
 * Without a layer it is `defaultPolicies`.
 *
 * @since 0.1.0
 * @category tags
 */
export class Policies extends Context.Reference<Policies>()("effect-codex-account/services/Policies", {
  defaultValue: (): PolicyTable => defaultPolicies
}) {}
