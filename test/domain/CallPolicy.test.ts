import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { BackendErrorReason } from "../../src/domain/BackendError.js"
import { CallPolicy, defaultPolicies } from "../../src/domain/CallPolicy.js"

const base = { ...defaultPolicies.readUsage }
const keyed = { ...defaultPolicies.consumeResetCredit }
const never = { ...defaultPolicies.sendInvite }

describe("a policy without contradiction", () => {
  it.each([
    ["one that is safe", base],
    ["one with a key", keyed],
    ["one that is never repeated", never],
    ["an overall timeout equal to one attempt's", { ...base, overallTimeout: base.attemptTimeout }],
    ["no wait between attempts", { ...base, backoff: { ...base.backoff, base: Duration.zero, cap: Duration.zero } }],
    ["no Retry-After obeyed", { ...base, retryAfterCap: Duration.zero }],
    ["a hundred attempts", { ...base, attempts: 100 }]
  ])("%s", (_, fields) => ok(new CallPolicy(fields)))
})

describe("a contradictory policy can't be made", () => {
  it.each([
    ["never repeated, with two attempts", { ...never, attempts: 2 }, /never repeated has one attempt/],
    [
      "overall shorter than one attempt",
      { ...base, overallTimeout: Duration.millis(9999) },
      /overall timeout is at least/
    ],
    [
      "an endless attempt",
      { ...base, attemptTimeout: Duration.infinity, overallTimeout: Duration.infinity },
      /attempt timeout is finite/
    ],
    ["an endless call", { ...base, overallTimeout: Duration.infinity }, /overall timeout is finite/],
    ["an endless Retry-After", { ...base, retryAfterCap: Duration.infinity }, /Retry-After cap is finite/],
    ["an endless wait", { ...base, backoff: { ...base.backoff, cap: Duration.infinity } }, /backoff cap is finite/],
    [
      "an endless first wait",
      { ...base, backoff: { ...base.backoff, base: Duration.infinity } },
      /backoff base is finite/
    ],
    ["no time for an attempt", { ...base, attemptTimeout: Duration.zero }, /longer than nothing/],
    ["no attempt", { ...base, attempts: 0 }, /attempts/],
    ["half an attempt", { ...base, attempts: 1.5 }, /attempts/],
    ["too many attempts", { ...base, attempts: 101 }, /attempts/],
    ["a shrinking wait", { ...base, backoff: { ...base.backoff, factor: 0.5 } }, /factor/],
    ["more jitter than there is wait", { ...base, backoff: { ...base.backoff, jitter: 1.1 } }, /jitter/],
    ["no name", { ...base, name: "" }, /name/]
  ])("%s", (_, fields, why) => throws(() => new CallPolicy(fields), why))

  it("from JSON neither", () => {
    const json = Schema.encodeSync(CallPolicy)(new CallPolicy(never))
    throws(() => Schema.decodeSync(CallPolicy)({ ...json, attempts: 2 }), /never repeated/)
    throws(() => Schema.decodeUnknownSync(CallPolicy)({ ...json, retryOn: ["Sunspots"] }), /retryOn/)
  })

  it("all contradictions are told at once", () =>
    throws(
      () => new CallPolicy({ ...never, attempts: 2, overallTimeout: Duration.seconds(1) }),
      /policy sendInvite: a call that is never repeated.*; the overall timeout/
    ))
})

const isConsistent = (policy: CallPolicy): boolean =>
  (policy.repeat !== "never" || policy.attempts === 1) &&
  Duration.lessThanOrEqualTo(policy.attemptTimeout, policy.overallTimeout) &&
  Duration.isFinite(policy.overallTimeout)

describe("any policy", () => {
  it.prop(
    "that can be made is consistent, and its JSON form makes it again",
    [Arbitrary.make(CallPolicy)],
    ([policy]) => {
      ok(isConsistent(policy))
      deepStrictEqual(
        Schema.encodeSync(CallPolicy)(Schema.decodeSync(CallPolicy)(Schema.encodeSync(CallPolicy)(policy))),
        Schema.encodeSync(CallPolicy)(policy)
      )
    }
  )
})

describe("the table of the design", () => {
  it.each([
    ["readUsage", "safe", 3, 10, 25],
    ["readResetCredits", "safe", 2, 5, 8],
    ["consumeResetCredit", "keyed", 3, 10, 35],
    ["readOffer", "safe", 2, 15, 32],
    ["sendInvite", "never", 1, 45, 45],
    ["readRole", "safe", 2, 10, 15],
    ["nudgeOwner", "never", 1, 10, 10],
    ["readTokenActivity", "safe", 3, 10, 25],
    ["readWorkspaceMessages", "safe", 1, 1, 1],
    ["readWorkspaces", "safe", 2, 5, 15],
    ["switchWorkspace", "never", 1, 30, 30],
    ["refreshSession", "never", 1, 45, 45],
    ["revokeSession", "never", 1, 10, 10]
  ] as const)("%s", (name, repeat, attempts, attempt, overall) => {
    const policy = defaultPolicies[name]
    deepStrictEqual(
      [
        policy.name,
        policy.repeat,
        policy.attempts,
        Duration.toSeconds(policy.attemptTimeout),
        Duration.toSeconds(policy.overallTimeout)
      ],
      [name, repeat, attempts, attempt, overall]
    )
  })

  it("has no other rows", () => strictEqual(Object.keys(defaultPolicies).length, 13))

  it("repeats nothing that may be done once, and nothing that was answered definitely", () => {
    const passing: ReadonlyArray<string> = [
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
    const final = BackendErrorReason.literals.filter((reason) => !passing.includes(reason))
    for (const policy of Object.values(defaultPolicies)) {
      if (policy.repeat === "never") deepStrictEqual(policy.retryOn, [])
      ok(!policy.retryOn.some((reason) => final.includes(reason)))
    }
  })
})
