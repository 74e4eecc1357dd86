import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { notifyOwner } from "../../src/programs/nudge.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { type FakeAccount, FakeBackend, Fault, FaultPlan, ScriptedDialog } from "../../src/testing/index.js"
import { account, brief, calls, count, done, requests, run, states } from "./harness.js"

const nudge = "workspace.nudge"

const refusal = (options?: Parameters<typeof notifyOwner>[0]) => Effect.flip(run(notifyOwner(options)))
const refused = (options?: Parameters<typeof notifyOwner>[0]) => Effect.map(refusal(options), brief)

const spent: Partial<FakeAccount.FakeAccount> = { reachedType: "workspace_member_credits_depleted" }

const capReached: FakeAccount.FakeAccount["spendControl"] = { reached: true, individual_limit: null }

const bodies = Effect.map(calls(nudge), (all) => all.map((call) => call.body))

describe("what the owner is asked for", () => {
  it.effect.each([
    ["credits, when they are used up", spent, "credits"],
    ["a higher limit, when it is reached", { reachedType: "workspace_member_usage_limit_reached" }, "usage_limit"],
    ["a higher limit, when a spend cap stops the use of credits", { ...spent, spendControl: capReached }, "usage_limit"]
  ] as const)("%s", ([, owner, creditType]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* run(notifyOwner()), { outcome: "sent", creditType, key: "key-1" })
      assert.deepStrictEqual(yield* bodies, [{ credit_type: creditType }])
      assert.deepStrictEqual([(yield* done).nudge, yield* states], [1, ["succeeded"]])
    }).pipe(Effect.provide(account({ backend: { accounts: [owner] } })))
  )

  it.effect.each(["credits", "usage_limit"] as const)("%s, if that is said, whatever is reached", (creditType) =>
    Effect.gen(function* () {
      assert.deepInclude(yield* run(notifyOwner({ creditType })), { outcome: "sent", creditType })
      assert.strictEqual(yield* count("usage.read"), 0)
    }).pipe(Effect.provide(account()))
  )

  it.effect("is in the question, with the account and the role", () =>
    Effect.gen(function* () {
      yield* run(notifyOwner())
      const entries = yield* (yield* ScriptedDialog.ScriptedDialog).transcript
      const confirm = entries.find((entry) => entry._tag === "Confirm")
      assert.strictEqual(confirm?.title, "You've reached your workspace credit limit")
      assert.deepStrictEqual(confirm?.details, [
        "Your workspace has no credits left. Notify the owner?",
        "Account: ada@example.test · Business",
        "Role: standard-user (live)"
      ])
    }).pipe(Effect.provide(account({ backend: { accounts: [spent] } })))
  )
})

describe("nothing is sent", () => {
  it.effect.each([
    ["by the owner", { ...spent, role: "account-owner" }],
    ["by an admin", { ...spent, role: "account-admin" }],
    ["by an owner as the token claims, when the role is not told", { ...spent, role: null, isOrgOwner: true }]
  ] as const)("%s", ([, owner]) =>
    Effect.gen(function* () {
      const error = yield* refusal({ creditType: "credits" })
      assert.strictEqual(brief(error), "ActError NotNeeded")
      assert.include(error.message, "no one to ask")
      assert.deepStrictEqual(yield* requests, { "workspace.accountsCheck": [0] })
    }).pipe(Effect.provide(account({ backend: { accounts: [owner] } })))
  )

  it.effect.each([
    ["an owner without credits", "workspace_owner_credits_depleted", "add credits"],
    ["an owner at the limit", "workspace_owner_usage_limit_reached", "raise its limit"],
    ["a plain rate limit", "rate_limit_reached", "No workspace limit"],
    ["no limit", null, "No workspace limit"],
    ["a limit of a new kind", "workspace_guest_credits_depleted", "No workspace limit"]
  ] as const)("for %s", ([, reachedType, why]) =>
    Effect.gen(function* () {
      const error = yield* refusal()
      assert.strictEqual(brief(error), "ActError NotNeeded")
      assert.include(error.message, why)
      assert.deepStrictEqual([yield* count(nudge), yield* states], [0, []])
    }).pipe(Effect.provide(account({ backend: { accounts: [{ reachedType, role: null, isOrgOwner: null }] } })))
  )

  it.effect("when the answer is no", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* run(notifyOwner()), { outcome: "declined", creditType: "credits", key: null })
      assert.deepStrictEqual([yield* count(nudge), yield* states], [0, []])
    }).pipe(Effect.provide(account({ backend: { accounts: [spent] }, script: { "nudge.confirm": false } })))
  )

  it.effect("when the account changes while the person thinks", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const auth = yield* AuthSession
      const change = Effect.flatMap(backend.signIn("user-B/account-B"), ({ record }) =>
        Effect.orDie(auth.signIn(record))
      )
      yield* (yield* ScriptedDialog.ScriptedDialog).answer({ "nudge.confirm": () => Effect.as(change, true) })
      assert.strictEqual(yield* refused(), "ActError IdentityChanged")
      assert.deepStrictEqual([yield* count(nudge), yield* states], [0, ["abandoned"]])
    }).pipe(Effect.provide(account({ backend: { accounts: [spent, { userId: "user-B", accountId: "account-B" }] } })))
  )
})

it.effect("a member is not taken for an owner when nobody tells the role", () =>
  Effect.gen(function* () {
    assert.deepInclude(yield* run(notifyOwner()), { outcome: "sent", creditType: "credits" })
  }).pipe(
    Effect.provide(
      account({
        backend: {
          accounts: [{ ...spent, isOrgOwner: null }],
          plan: [FaultPlan.on("workspace.accountsCheck", "every", Fault.status(500))]
        }
      })
    )
  )
)

it.effect("the owner was told recently: a cooldown is an answer", () =>
  Effect.gen(function* () {
    yield* run(notifyOwner())
    assert.deepInclude(yield* run(notifyOwner()), { outcome: "cooldownActive", key: "key-2" })
    assert.deepStrictEqual([(yield* done).nudge, yield* states], [1, ["succeeded", "succeeded"]])
  }).pipe(Effect.provide(account({ backend: { accounts: [spent] } })))
)

describe("a message whose outcome is not known", () => {
  const lost = Effect.gen(function* () {
    assert.strictEqual(yield* refused(), "ActError OutcomeUnknown")
    assert.deepStrictEqual(yield* states, ["unknown"])
    yield* (yield* FakeBackend.FakeBackend).setPlan([])
  })
  const layer = account({
    backend: { accounts: [{ ...spent, nudgeCooldownMillis: 0 }], plan: [FaultPlan.on(nudge, "every", Fault.hang)] }
  })

  it.effect("is not repeated", () =>
    Effect.gen(function* () {
      yield* lost
      assert.strictEqual(yield* refused(), "ActError Unresolved")
      assert.strictEqual(yield* count(nudge), 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("is repeated when the person says so", () =>
    Effect.gen(function* () {
      yield* lost
      assert.deepInclude(yield* run(notifyOwner({ again: true })), { outcome: "sent", key: "key-2" })
      assert.deepStrictEqual(yield* states, ["succeeded", "unknown"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("does not stand in the way of another wish", () =>
    Effect.gen(function* () {
      yield* lost
      assert.deepInclude(yield* run(notifyOwner({ creditType: "usage_limit" })), { outcome: "sent" })
    }).pipe(Effect.provide(layer))
  )
})
