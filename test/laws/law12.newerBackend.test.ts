/** Law 12: unknown enum values and extra fields never fail a read, from the wire to the program. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import { guard, showUsage } from "../../src/programs/usage.js"
import { showWorkspaces } from "../../src/programs/workspaces.js"
import { showRole, showStatus } from "../../src/programs/status.js"
import { Referrals } from "../../src/services/Referrals.js"
import { Arbitraries, type FakeAccount, FakeBackend, Fault } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import { account, finish, faulty } from "../programs/harness.js"
import { runs, test } from "../cases.js"

const reads = [
  "usage.read",
  "resetCredits.list",
  "referrals.eligibility",
  "referrals.rules",
  "workspace.accountsCheck",
  "workspace.messages",
  "workspaces.list",
  "profile.me",
  "oauth.token"
] as const

/** Everything that is only read, with a session that has to be renewed first. */
const readAll = Effect.gen(function* () {
  yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
  const status = yield* showStatus
  const { snapshot } = yield* status.usage
  yield* status.activity
  const { messages } = yield* status.messages
  yield* showUsage
  yield* guard
  yield* showRole
  yield* showWorkspaces
  const offer = yield* (yield* Referrals).loadOffer
  return { snapshot, messages, offer }
})

const maybe = <A>(values: FastCheck.Arbitrary<A>) => FastCheck.option(values)

const word = FastCheck.oneof(FastCheck.constantFrom("business", "pro", ""), FastCheck.string())

/** Accounts with unknown words, also without the noise. */
const owner: FastCheck.Arbitrary<Partial<FakeAccount.FakeAccount>> = FastCheck.record({
  planType: word,
  role: maybe(word),
  reachedType: maybe(word),
  upsell: FastCheck.jsonValue(),
  primary: FastCheck.constantFrom(null, {
    lengthSeconds: 18_000,
    usedPercent: 100,
    percentPerHour: 0,
    since: 0,
    resetAt: 60_000
  }),
  credits: FastCheck.constant(null)
})

const noise = Arbitraries.faultPlan({ endpoints: [...reads, "*"], kinds: ["UnknownEnum", "Pass"], maxRules: 10 })

it.effect.prop(
  "a newer backend is read all the same",
  { owner, plan: noise },
  ({ owner, plan }) =>
    Effect.gen(function* () {
      const { exit } = yield* finish(readAll)
      const { messages, offer, snapshot } = yield* exit
      assert.lengthOf(messages, 1)
      assert.lengthOf(snapshot.main.windows, owner.primary === null ? 1 : 2)
      assert.strictEqual(offer._tag, "Some")
    }).pipe(Effect.provide(account({ accounts: [owner], plan }))),
  runs(10)
)

test("unknown words become unknown, and numbers stay", account(faulty("*", Fault.unknownEnum)), function* () {
  const { exit } = yield* finish(readAll)
  const { messages, snapshot } = yield* exit
  assert.strictEqual(snapshot.plan, "unknown")
  assert.strictEqual(snapshot.reachedType, null)
  assert.deepStrictEqual(
    snapshot.resetCredits?.credits?.map((credit) => [credit.id, credit.status, credit.resetType]),
    [
      ["rc_1", "unknown", "unknown"],
      ["rc_2", "unknown", "unknown"]
    ]
  )
  assert.deepStrictEqual(
    snapshot.main.windows.map((window) => window.usedPercent),
    [37, 61]
  )
  assert.deepStrictEqual(
    messages.map(({ body, type }) => [body, type]),
    [["Credits renew on Friday.", "unknown"]]
  )
})

test.each(
  ["usage.read", "workspace.messages", "profile.me", "referrals.eligibility", "referrals.rules"] as const,
  (endpoint) => account(faulty(endpoint, Fault.malformedJson))
)("control: what can't be read does fail: %s", function* () {
  const { exit } = yield* finish(readAll)
  assert.isTrue(Exit.isFailure(exit))
})
