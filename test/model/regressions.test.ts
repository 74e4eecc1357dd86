/** What the model has found, one test each. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { OperationState } from "../../src/domain/Operation.js"
import { RedeemKey, ResetCreditId } from "../../src/domain/ResetCredit.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { redeemConfirmed } from "../../src/programs/redeemConfirmed.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { OperationJournal } from "../../src/services/OperationJournal.js"
import { Fault, FaultPlan } from "../../src/testing/index.js"
import type { History } from "./history.js"
import { violations } from "./laws.js"
import type { Planned, ProcessPlan } from "./scenario.js"
import { play } from "./world.js"
import { account, brief, count, done, invitee, run } from "../programs/harness.js"
import { test } from "../cases.js"

/** A process that is given these commands and does not die. */
const giving = (commands: ReadonlyArray<Planned>, pace = 0): ProcessPlan => ({
  skew: 0,
  pace: [pace],
  commands,
  diesAt: [],
  restartAfter: 0
})

const saying = ({ answered }: History) => answered.map(({ said, task }) => [task.process, said])

test("law 4: an invite whose sender died after its outcome was recorded is not sent again", account(), function* () {
  // The next process can't see whether the answer was shown.
  yield* run(inviteFriend({ email: invitee }))
  const error = yield* Effect.flip(run(inviteFriend({ email: invitee.toUpperCase() })))
  assert.strictEqual(brief(error), "ActError NotNeeded")
  assert.match(error.message, /invited at /)
  assert.strictEqual(yield* count("referrals.invite"), 1)

  assert.deepInclude(yield* run(inviteFriend({ email: invitee, again: true })), { _tag: "Sent" })
  assert.deepInclude(yield* run(inviteFriend({ email: "max@friends.test" })), { _tag: "Sent" })
  assert.strictEqual((yield* done).invite, 3)
})

it("a redemption that another process ends, while this one waits to carry it on, is reported with its outcome", async () => {
  const history = await play({
    processes: [0, 1_000].map((at) => giving([{ at, command: { _tag: "redeem" } }])),
    faults: [FaultPlan.on("resetCredits.consume", 1, Fault.delay("3 seconds", { afterCommit: true }))],
    tokensDropped: false
  })
  assert.deepStrictEqual(saying(history), [
    [0, "reset"],
    [1, "alreadyRedeemed"]
  ])
})

describe("one who comes back when the session is due for renewal, and at first does not get it renewed", () => {
  const comesBack = (fault: Fault.Fault) =>
    play({
      processes: [
        { skew: 0, pace: [0], commands: [{ at: 0, command: { _tag: "use" } }], diesAt: [1], restartAfter: 100_000 }
      ],
      faults: [FaultPlan.on("oauth.token", "every", fault)],
      tokensDropped: false
    })
  const exchanges = ({ sent }: History) =>
    sent.filter(({ endpoint }) => endpoint === "oauth.token").map(({ end }) => end?.status ?? null)

  it("law 1: sends the refresh token again after no answer, and what that brings is not the first exchange's", async () => {
    const history = await comesBack(Fault.resetBeforeCommit)
    // The second exchange is answered and stored within the millisecond in which it was sent.
    assert.deepStrictEqual(exchanges(history), [null, 200])
    assert.deepStrictEqual(violations(history), [])
  })

  it("law 1: ends with nothing when the server has refused the refresh token, which is not sent again", async () => {
    const history = await comesBack(Fault.status(401))
    assert.deepStrictEqual(exchanges(history), [401])
    assert.deepStrictEqual(
      history.holding.map(({ bearer }) => bearer),
      [null]
    )
    assert.deepStrictEqual(violations(history), [])
  })

  it("control: law 1 is broken when trouble that is no refusal leaves it with nothing", async () => {
    const history = await comesBack(Fault.status(503))
    assert.deepStrictEqual(violations(history), [])
    const lockedOut = { ...history, holding: history.holding.map(({ life }) => ({ life, bearer: null })) }
    assert.deepStrictEqual(violations(lockedOut), [{ law: 1, what: "process 0 ends with nothing" }])
  })
})

it("law 13: who reads after a redemption waits for no reading that began before it, and gets none of its answer", async () => {
  const history = await play({
    processes: [
      giving([
        { at: 0, command: { _tag: "usage" } },
        { at: 1_000, command: { _tag: "redeem" } },
        { at: 2_000, command: { _tag: "usage" } },
        { at: 8_500, command: { _tag: "usage" } }
      ])
    ],
    faults: [
      FaultPlan.on("usage.read", 1, Fault.delay("8 seconds", { afterCommit: true })),
      // The second is before the redemption. The third, after it, leaves nothing that the next reader could be given.
      FaultPlan.on("usage.read", 3, Fault.status(400))
    ],
    tokensDropped: false
  })
  assert.deepStrictEqual(violations(history), [])
  const readings = history.sent.filter(
    ({ endpoint, task }) => endpoint === "usage.read" && task?.command._tag === "usage"
  )
  assert.deepStrictEqual(
    readings.map(({ at, end }) => [at, end?.at]),
    [
      [0, 8_000],
      [2_000, 2_000],
      [8_500, 8_500]
    ]
  )
})

describe("a key for which another process names a credit while this one asks for the next", () => {
  it("law 7: is reported with its outcome", async () => {
    const redeem = (at: number, pace: number) => giving([{ at, command: { _tag: "redeem", key: "mine" } }], pace)
    const history = await play({ processes: [redeem(0, 100), redeem(550, 0)], faults: [], tokensDropped: false })
    assert.deepStrictEqual(violations(history), [])
    assert.deepStrictEqual(saying(history), [
      [1, "reset"],
      [0, "alreadyRedeemed"]
    ])
  })

  const confirmed = (state: OperationState) =>
    Effect.gen(function* () {
      const { identity: as } = yield* (yield* AuthSession).current
      const journal = yield* OperationJournal
      yield* journal.intend({ key: "mine", act: "redeem", identity: as, target: "theirs" })
      yield* journal.advance("mine", { _tag: "sent" })
      yield* journal.advance("mine", state)
      const [key, creditId] = [RedeemKey.make("mine"), ResetCreditId.make("ours")]
      return yield* Effect.either(run(redeemConfirmed({ as, key, creditId, again: false })))
    })
  test.each(
    [
      ["whose end is not known", { _tag: "unknown", reason: "Timeout" }],
      ["that was refused", { _tag: "rejected", reason: "Forbidden 403" }]
    ] as const,
    account()
  )("law 6: sends nothing while it is one %s", function* ([, state]) {
    assert.deepStrictEqual(Either.mapLeft(yield* confirmed(state), brief), Either.left("ActError Busy"))
    assert.strictEqual(yield* count("resetCredits.consume"), 0)
  })
})

test("control: a key of another act stays in use, and nothing is sent", account(), function* () {
  const { identity: as } = yield* (yield* AuthSession).current
  yield* (yield* OperationJournal).intend({ key: "mine", act: "nudge", identity: as, target: "credits" })
  const key = RedeemKey.make("mine")
  const error = yield* Effect.flip(run(redeemConfirmed({ as, key, creditId: undefined, again: false })))
  assert.strictEqual(brief(error), "JournalError InUse")
  assert.strictEqual(yield* count("resetCredits.consume"), 0)
})

it("law 13: a reading of which only a part came may be made again at once", async () => {
  const history = await play({
    processes: [giving([{ at: 0, command: { _tag: "usage" } }])],
    faults: [FaultPlan.on("usage.read", 1, Fault.truncated)],
    tokensDropped: false
  })
  assert.strictEqual(history.sent.filter(({ endpoint }) => endpoint === "usage.read").length, 2)
  assert.deepStrictEqual(violations(history), [])
})
