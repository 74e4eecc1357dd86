/** What goes wrong, chosen as data: which call of which endpoint meets which fault. */
import * as Schema from "effect/Schema"
import { Fault, pass } from "./Fault.js"

/**
 * The contract's endpoints, as `group.endpoint`.
 * @since 0.1.0
 * @category schemas
 */
export const EndpointName = Schema.Literal(
  "usage.read",
  "resetCredits.list",
  "resetCredits.consume",
  "referrals.eligibility",
  "referrals.rules",
  "referrals.invite",
  "workspace.accountsCheck",
  "workspace.nudge",
  "workspace.messages",
  "workspaces.list",
  "workspaces.switch",
  "profile.me",
  "oauth.token",
  "oauth.revoke"
)

/**
 * @since 0.1.0
 * @category models
 */
export type EndpointName = typeof EndpointName.Type

const CallNumber = Schema.Int.pipe(Schema.positive()).annotations({
  arbitrary: () => (fc) => fc.integer({ min: 1, max: 6 })
})

/**
 * The fault of the `call`-th call, counted from one, to `endpoint`; with `*`, of the `call`-th call to any endpoint. With
 * `account`, only the calls that carry an access token of that account fit and are counted.
 * @since 0.1.0
 * @category schemas
 */
export const FaultRule = Schema.Struct({
  endpoint: Schema.Union(EndpointName, Schema.Literal("*")),
  call: Schema.Union(CallNumber, Schema.Literal("every")),
  fault: Fault,
  account: Schema.optionalWith(Schema.String, { exact: true })
}).annotations({ identifier: "FaultRule" })

/**
 * @since 0.1.0
 * @category models
 */
export type FaultRule = typeof FaultRule.Type

/**
 * The first rule that fits a call decides; a call that no rule fits passes.
 * @since 0.1.0
 * @category schemas
 */
export const FaultPlan = Schema.Array(FaultRule).annotations({ identifier: "FaultPlan" })

/**
 * @since 0.1.0
 * @category models
 */
export type FaultPlan = typeof FaultPlan.Type

/**
 * A plan as the text of a JSON file.
 * @since 0.1.0
 * @category schemas
 */
export const FaultPlanText = Schema.parseJson(FaultPlan, { space: 2 })

/**
 * A rule, to be put in a list.
 * @since 0.1.0
 * @category constructors
 */
export const on = (
  endpoint: EndpointName | "*",
  call: number | "every",
  fault: Fault,
  account?: string
): FaultRule => ({ endpoint, call, fault, ...(account === undefined ? {} : { account }) })

/**
 * The fault that the plan has for a call to `endpoint` by `account`. `count` says how many calls there have been with
 * this one, to an endpoint or to any, by an account or by all.
 * @since 0.1.0
 * @category accessors
 */
export const faultFor = (
  plan: FaultPlan,
  call: {
    readonly endpoint: EndpointName | null
    readonly account: string | null
    readonly count: (endpoint: EndpointName | "*", account: string | undefined) => number
  }
): Fault => {
  const rule = plan.find(
    (rule) =>
      (rule.endpoint === "*" || rule.endpoint === call.endpoint) &&
      (rule.account === undefined || rule.account === call.account) &&
      (rule.call === "every" || rule.call === call.count(rule.endpoint, rule.account))
  )
  return rule?.fault ?? pass
}
