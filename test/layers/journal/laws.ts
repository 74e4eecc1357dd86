/** What every journal keeps, whatever it is made of. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as TestClock from "effect/TestClock"
import { AccountId, Identity, UserId } from "../../../src/domain/Identity.js"
import { type OperationState, transitions } from "../../../src/domain/Operation.js"
import { type Steps } from "../../cases.js"
import type { JournalError, OperationJournal } from "../../../src/services/OperationJournal.js"

export const ada = new Identity({ userId: UserId.make("user-ada"), accountId: AccountId.make("account-1") })
export const bob = new Identity({ userId: UserId.make("user-bob"), accountId: AccountId.make("account-1") })
const nobody = new Identity({ userId: null, accountId: null })
export const invite = (key: string) => ({ key, act: "invite", identity: ada, target: "digest-1" }) as const

export const redeem = (key: string) => ({ key, act: "redeem", identity: ada, target: "credit-1" }) as const
type Journal = OperationJournal["Type"]
export const states: Readonly<Record<OperationState["_tag"], OperationState>> = {
  intended: { _tag: "intended" },
  sent: { _tag: "sent" },
  succeeded: { _tag: "succeeded", outcome: "redeemed 'one' credit; --" },
  rejected: { _tag: "rejected", reason: "HttpStatus 409" },
  unknown: { _tag: "unknown", reason: "Timeout" },
  abandoned: { _tag: "abandoned" }
}

/** The shortest way to each state. */
const wayTo: Readonly<Record<OperationState["_tag"], ReadonlyArray<OperationState["_tag"]>>> = {
  intended: [],
  sent: ["sent"],
  succeeded: ["sent", "succeeded"],
  rejected: ["sent", "rejected"],
  unknown: ["sent", "unknown"],
  abandoned: ["abandoned"]
}
const tags = Object.keys(transitions) as ReadonlyArray<OperationState["_tag"]>

export const arrive = (journal: Journal, key: string, tag: OperationState["_tag"]) =>
  Effect.zipRight(
    journal.intend(redeem(key)),
    Effect.forEach(wayTo[tag], (step) => journal.advance(key, states[step]))
  )

const refused = (reason: JournalError["reason"], key: string, attempt: Effect.Effect<unknown, JournalError>) =>
  Effect.map(Effect.either(attempt), (result) => {
    assert(Either.isLeft(result), `should have been refused as ${reason}`)
    assert.deepStrictEqual([result.left.reason, result.left.key], [reason, key])
  })

const keysOf = (operations: ReadonlyArray<{ readonly key: string }>) => operations.map(({ key }) => key)
const laws: Readonly<Record<string, (journal: Journal) => Steps<never>>> = {
  *"an intent is found as it was recorded"(journal) {
    yield* TestClock.setTime(1_763_640_000_123)
    const target = "Ωλ 'quoted' \"; DROP TABLE codex_account_operations --"
    const intended = yield* journal.intend({ key: "k", act: "invite", identity: nobody, target })
    assert.deepStrictEqual(intended.state, { _tag: "intended" })
    assert.deepStrictEqual([intended.identity, intended.target], [nobody.key, target])
    assert.strictEqual(intended.createdAt.epochMillis, 1_763_640_000_123)
    assert.deepStrictEqual(yield* journal.find("k"), Option.some(intended))
    assert.deepStrictEqual(yield* journal.find("other"), Option.none())
  },

  *"the same intent again gives the operation as it stands"(journal) {
    yield* arrive(journal, "k", "unknown")
    yield* TestClock.adjust("1 hour")
    const again = yield* journal.intend(redeem("k"))
    assert.deepStrictEqual(again.state, states.unknown)
    assert.strictEqual(again.createdAt.epochMillis, 0)
    assert.lengthOf(yield* journal.list(), 1)
  },

  *"a key belongs to one act, identity and target"(journal) {
    const first = yield* journal.intend(redeem("k"))
    yield* refused("InUse", "k", journal.intend({ ...redeem("k"), act: "nudge" }))
    yield* refused("InUse", "k", journal.intend({ ...redeem("k"), identity: bob }))
    yield* refused("InUse", "k", journal.intend({ ...redeem("k"), target: "credit-2" }))
    yield* refused("InUse", "k", journal.intend({ ...redeem("k"), target: null }))
    assert.deepStrictEqual(yield* journal.list(), [first])
  },

  *"exactly the allowed transitions are taken"(journal) {
    for (const [from, to] of tags.flatMap((from) => tags.map((to) => [from, to] as const))) {
      const key = `${from}-${to}`
      const isAllowed = transitions[from].includes(to)
      yield* arrive(journal, key, from)
      if (isAllowed) assert.deepStrictEqual((yield* journal.advance(key, states[to])).state, states[to])
      else yield* refused("Transition", key, journal.advance(key, states[to]))
      assert.deepStrictEqual(Option.getOrThrow(yield* journal.find(key)).state, states[isAllowed ? to : from])
    }
  },

  *"what was never intended can't be advanced"(journal) {
    yield* refused("Transition", "k", journal.advance("k", states.sent))
    assert.deepStrictEqual(yield* journal.list(), [])
  },

  *"a step that can be taken once is taken by one of many"(journal) {
    yield* arrive(journal, "k", "sent")
    const outcomes = yield* Effect.forEach(
      Array.from({ length: 8 }, (_, index) => `outcome ${index}`),
      (outcome) => Effect.either(journal.advance("k", { _tag: "succeeded", outcome })),
      { concurrency: "unbounded" }
    )
    const winners = outcomes.filter(Either.isRight)
    assert.lengthOf(winners, 1)
    assert.deepStrictEqual(Option.getOrThrow(yield* journal.find("k")), winners[0]?.right)
  },

  *"one of many intents with one key is recorded"(journal) {
    const results = yield* Effect.forEach(
      ["a", "b", "a", "b"],
      (target) => Effect.either(journal.intend({ ...redeem("k"), target })),
      { concurrency: "unbounded" }
    )
    const targets = new Set(results.filter(Either.isRight).map(({ right }) => right.target))
    assert.strictEqual(targets.size, 1)
    assert.lengthOf(results.filter(Either.isRight), 2)
  },

  *"time of the last step"(journal) {
    yield* journal.intend(redeem("k"))
    yield* TestClock.adjust("3 seconds")
    const sent = yield* journal.advance("k", states.sent)
    assert.deepStrictEqual([sent.createdAt.epochMillis, sent.updatedAt.epochMillis], [0, 3000])
  },

  *"the list is newest first, by filter"(journal) {
    yield* TestClock.setTime(5000)
    yield* arrive(journal, "1", "succeeded")
    // Also when the clock jumps back.
    yield* TestClock.setTime(1000)
    yield* arrive(journal, "2", "sent")
    yield* journal.intend({ key: "3", act: "invite", identity: ada, target: null })
    yield* journal.intend({ key: "4", act: "redeem", identity: bob, target: "credit-1" })
    yield* journal.advance("4", states.sent)
    yield* journal.advance("4", states.unknown)
    assert.deepStrictEqual(keysOf(yield* journal.list()), ["4", "3", "2", "1"])
    assert.deepStrictEqual(keysOf(yield* journal.list({ act: "redeem" })), ["4", "2", "1"])
    assert.deepStrictEqual(keysOf(yield* journal.list({ identity: ada })), ["3", "2", "1"])
    assert.deepStrictEqual(keysOf(yield* journal.list({ state: "open" })), ["4", "2"])
    assert.deepStrictEqual(keysOf(yield* journal.list({ state: "succeeded" })), ["1"])
    assert.deepStrictEqual(keysOf(yield* journal.list({ target: "credit-1" })), ["4", "2", "1"])
    assert.deepStrictEqual(keysOf(yield* journal.list({ target: "credit-1", limit: 2 })), ["4", "2"])
    assert.deepStrictEqual(keysOf(yield* journal.list({ act: "redeem", identity: ada, state: "open" })), ["2"])
  },

  *"who is being interrupted can still record the outcome"(journal) {
    yield* arrive(journal, "k", "sent")
    const acting = yield* Effect.fork(
      Effect.onInterrupt(Effect.never, () => Effect.ignore(journal.advance("k", states.unknown)))
    )
    yield* Effect.yieldNow()
    yield* Fiber.interrupt(acting)
    assert.deepStrictEqual(Option.getOrThrow(yield* journal.find("k")).state, states.unknown)
  },

  *"an open operation is closed by hand"(journal) {
    yield* arrive(journal, "k", "unknown")
    yield* journal.advance("k", { _tag: "succeeded", outcome: "closed by hand" })
    assert.deepStrictEqual(yield* journal.list({ state: "open" }), [])
    yield* refused("Transition", "k", journal.advance("k", states.sent))
  }
}

export const journalLaws = Record.map(laws, (law) => (journal: Journal) => Effect.gen(() => law(journal)))
