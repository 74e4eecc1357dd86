import { assert, describe } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { defaultPolicies } from "../../src/domain/CallPolicy.js"
import * as PoliciesConfig from "../../src/layers/PoliciesConfig.js"
import { Policies } from "../../src/services/Policies.js"
import { virtual } from "../cases.js"

const table = (environment: Readonly<Record<string, string>>, limit?: Duration.DurationInput) =>
  PoliciesConfig.make(Option.map(Option.fromNullable(limit), Duration.decode)).pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))
  )

const names = [
  ["readUsage", "READ_USAGE"],
  ["readResetCredits", "READ_RESET_CREDITS"],
  ["consumeResetCredit", "CONSUME_RESET_CREDIT"],
  ["readOffer", "READ_OFFER"],
  ["sendInvite", "SEND_INVITE"],
  ["readRole", "READ_ROLE"],
  ["nudgeOwner", "NUDGE_OWNER"],
  ["readTokenActivity", "READ_TOKEN_ACTIVITY"],
  ["readWorkspaceMessages", "READ_WORKSPACE_MESSAGES"],
  ["readWorkspaces", "READ_WORKSPACES"],
  ["switchWorkspace", "SWITCH_WORKSPACE"],
  ["refreshSession", "REFRESH_SESSION"],
  ["revokeSession", "REVOKE_SESSION"]
] as const

const prefix = "CODEX_ACCOUNT_POLICY"

describe("the environment", () => {
  virtual("that says nothing leaves the table as it is", function* () {
    assert.deepStrictEqual(yield* table({}), defaultPolicies)
    assert.sameMembers(
      names.map(([name]) => name),
      Object.keys(defaultPolicies)
    )
  })

  virtual.each(names)("changes the numbers of %s, and of nothing else", function* ([name, word]) {
    const found = yield* table({
      [`${prefix}_${word}_ATTEMPT_TIMEOUT`]: "300 millis",
      [`${prefix}_${word}_OVERALL_TIMEOUT`]: "2 minutes"
    })
    const before = defaultPolicies[name]
    assert.deepStrictEqual(
      { ...found[name] },
      { ...before, attemptTimeout: Duration.millis(300), overallTimeout: Duration.minutes(2) }
    )
    assert.deepStrictEqual({ ...found, [name]: before }, defaultPolicies)
  })

  virtual("changes the attempts of what may be repeated", function* () {
    const found = yield* table({ [`${prefix}_READ_USAGE_ATTEMPTS`]: "5" })
    assert.strictEqual(found.readUsage.attempts, 5)
    assert.strictEqual(found.readUsage.repeat, "safe")
  })

  virtual.each([
    ["a second attempt of what is never repeated", { [`${prefix}_SEND_INVITE_ATTEMPTS`]: "2" }],
    ["a second attempt of the nudge", { [`${prefix}_NUDGE_OWNER_ATTEMPTS`]: "3" }],
    ["a second exchange of a refresh token", { [`${prefix}_REFRESH_SESSION_ATTEMPTS`]: "2" }],
    ["no attempt", { [`${prefix}_READ_USAGE_ATTEMPTS`]: "0" }],
    ["a thousand attempts", { [`${prefix}_READ_USAGE_ATTEMPTS`]: "1000" }],
    ["less time for all than for one", { [`${prefix}_READ_USAGE_OVERALL_TIMEOUT`]: "9 seconds" }],
    ["more time for one than for all", { [`${prefix}_READ_USAGE_ATTEMPT_TIMEOUT`]: "26 seconds" }],
    ["no time", { [`${prefix}_READ_USAGE_ATTEMPT_TIMEOUT`]: "0 seconds" }],
    ["time without end", { [`${prefix}_READ_USAGE_OVERALL_TIMEOUT`]: "Infinity" }]
  ] as const)("is refused with %s", function* ([, environment]) {
    const error = yield* Effect.flip(table(environment))
    const name = Object.keys(environment)[0] ?? ""
    assert.include(error.toString(), name.replace(/_(ATTEMPTS|ATTEMPT_TIMEOUT|OVERALL_TIMEOUT)$/, ""))
  })

  virtual.each(["many", "1.5", ""])("is refused with attempts that are no number: %j", function* (word) {
    assert.include((yield* Effect.flip(table({ [`${prefix}_READ_USAGE_ATTEMPTS`]: word }))).toString(), "READ_USAGE")
  })

  virtual("has no say in whether a call may be repeated, in its key, or in redirects", function* () {
    const found = yield* table({
      [`${prefix}_SEND_INVITE_REPEAT`]: "safe",
      [`${prefix}_SEND_INVITE_RETRY_ON`]: "Transport",
      [`${prefix}_SEND_INVITE_REDIRECTS`]: "follow",
      [`${prefix}_CONSUME_RESET_CREDIT_KEY_FIELD`]: "",
      [`${prefix}_CONSUME_RESET_CREDIT_REPEAT`]: "safe"
    })
    assert.deepStrictEqual(found, defaultPolicies)
  })
})

describe("a limit", () => {
  virtual("caps every timeout but those of the exchange", function* () {
    const found = yield* table({}, "2 seconds")
    for (const [name] of names) {
      const { attemptTimeout, overallTimeout } = found[name]
      if (name === "refreshSession") {
        assert.deepStrictEqual({ ...found[name] }, { ...defaultPolicies.refreshSession })
        continue
      }
      assert.isAtMost(Duration.toMillis(attemptTimeout), 2000)
      assert.isAtMost(Duration.toMillis(overallTimeout), 2000)
    }
    assert.strictEqual(Duration.toMillis(found.readWorkspaceMessages.attemptTimeout), 1000)
    assert.strictEqual(found.sendInvite.repeat, "never")
  })

  virtual("goes before what the environment says", function* () {
    const found = yield* table({ [`${prefix}_READ_USAGE_OVERALL_TIMEOUT`]: "1 minute" }, "3 seconds")
    assert.strictEqual(Duration.toMillis(found.readUsage.overallTimeout), 3000)
  })
})

virtual("without the layer the default table is in force; with it, the changed one", function* () {
  assert.strictEqual(yield* Policies, defaultPolicies)
  const changed = yield* Effect.provide(Policies, PoliciesConfig.layerConfig(Option.some(Duration.seconds(1))))
  assert.strictEqual(Duration.toMillis(changed.sendInvite.overallTimeout), 1000)
})
