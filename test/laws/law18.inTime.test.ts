/** Law 18: every program obeys its policies' time limits under virtual time, for every fault plan. */
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import { CallPolicy, defaultPolicies, type PolicyName } from "../../src/domain/CallPolicy.js"
import { withPolicy } from "../../src/services/Policies.js"
import { RateLimits } from "../../src/services/RateLimits.js"
import { Referrals } from "../../src/services/Referrals.js"
import { Arbitraries, FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import {
  account,
  calls,
  ending,
  finish,
  program,
  type ProgramName,
  programNames,
  type Services,
  faulty
} from "../programs/harness.js"
import { runs, test } from "../cases.js"

const limit = (name: PolicyName): number => Duration.toMillis(defaultPolicies[name].overallTimeout)

const sum = (...names: ReadonlyArray<PolicyName>): number => names.reduce((total, name) => total + limit(name), 0)

// A renewal that is refused looks a few times whether a neighbour was faster; the rest of a second is for that.
const renewal = sum("refreshSession") + 1_000
const usage = Math.max(limit("readUsage"), limit("readResetCredits"))

/** What the policies of its calls add up to, one after the other; those at the same time count once. */
const bounds: Readonly<Record<ProgramName, number>> = {
  showUsage: usage,
  guard: usage,
  showRole: limit("readRole"),
  showWorkspaces: renewal + limit("readWorkspaces"),
  showStatus:
    renewal +
    Math.max(
      usage,
      ...(["readRole", "readTokenActivity", "readWorkspaceMessages", "readWorkspaces"] as const).map(limit)
    ),
  redeemReset: renewal + usage + limit("consumeResetCredit") + usage,
  inviteFriend: renewal + sum("readOffer", "readOffer", "sendInvite"),
  notifyOwner: renewal + sum("readRole", "nudgeOwner"),
  signOut: sum("revokeSession")
}

/** Endpoints that a program asks under one application of a policy. */
const single: ReadonlyArray<readonly [FaultPlan.EndpointName, PolicyName]> = [
  ["resetCredits.consume", "consumeResetCredit"],
  ["referrals.invite", "sendInvite"],
  ["workspace.nudge", "nudgeOwner"],
  ["workspace.accountsCheck", "readRole"],
  ["workspace.messages", "readWorkspaceMessages"],
  ["workspaces.list", "readWorkspaces"],
  ["profile.me", "readTokenActivity"],
  ["oauth.revoke", "revokeSession"]
]

it.effect.prop(
  "every program ends in time, and so does every call",
  {
    name: FastCheck.constantFrom(...programNames),
    plan: Arbitraries.faultPlan({ endpoints: ["*", ...FaultPlan.EndpointName.literals], maxRules: 10 }),
    accessTokenSeconds: FastCheck.constantFrom(864_000, 60),
    dropped: FastCheck.boolean()
  },
  ({ accessTokenSeconds, dropped, name, plan }) =>
    Effect.gen(function* () {
      if (dropped) yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
      const { took } = yield* finish(Effect.exit(program(name)))
      assert.isAtMost(took, bounds[name])
      for (const [endpoint, policy] of single) {
        const times = (yield* calls(endpoint)).map((call) => call.atMillis)
        const first = times[0] ?? 0
        const { attempts, overallTimeout, repeat } = defaultPolicies[policy]
        assert.isAtMost(times.length, repeat === "never" ? 1 : attempts + 1)
        assert.isAtMost((times.at(-1) ?? 0) - first, Duration.toMillis(overallTimeout))
      }
    }).pipe(Effect.provide(account({ plan, tokens: { accessTokenSeconds } }))),
  runs(25)
)

test.each([...programNames], account(faulty("*", Fault.hang)))(
  "%s ends in time when nothing answers, and no sooner than it has to",
  function* (name) {
    const { took } = yield* finish(Effect.exit(program(name)))
    assert.isAtMost(took, bounds[name])
    assert.isAtLeast(took, Math.min(bounds[name], 10_000))
  }
)

const bare: ReadonlyArray<readonly [string, Effect.Effect<void, unknown, Services>, number]> = [
  ["a read", Effect.asVoid(Effect.flatMap(RateLimits, (limits) => limits.read())), usage],
  ["an offer", Effect.asVoid(Effect.flatMap(Referrals, (referrals) => referrals.loadOffer)), limit("readOffer")]
]

test.each(bare, account(faulty("*", Fault.hang)))(
  "%s outside of any program ends in the time of its policy",
  function* ([, work, most]) {
    assert.isAtMost((yield* finish(Effect.exit(work))).took, most)
  }
)

const twoDays = new CallPolicy({
  ...defaultPolicies.sendInvite,
  attemptTimeout: Duration.days(2),
  overallTimeout: Duration.days(2)
})

test.each(bare, account(faulty("*", Fault.hang)))("control: %s without its limits does not end", function* ([, work]) {
  const unlimited = work.pipe(
    withPolicy("readUsage", twoDays),
    withPolicy("readResetCredits", twoDays),
    withPolicy("readOffer", twoDays)
  )
  assert.isTrue(Option.isNone(yield* ending(Effect.exit(unlimited), "1 day")))
})

test(
  "control: without its limits a program takes longer",
  account({
    ...faulty("*", Fault.hang),
    policies: { readUsage: defaultPolicies.sendInvite }
  }),
  function* () {
    const { took } = yield* finish(Effect.exit(program("showUsage")))
    assert.isAbove(took, bounds.showUsage)
  }
)
