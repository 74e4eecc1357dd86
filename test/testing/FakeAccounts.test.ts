/** Accounts of the fake that a file describes. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { makeResetCredit, makeWindow, usualOffer } from "../../src/testing/FakeAccount.js"
import { accountsAt, FakeAccountsText } from "../../src/testing/FakeAccounts.js"
import * as FakeBackend from "../../src/testing/FakeBackend.js"
import { virtual } from "../cases.js"

const now = 1_900_000_000_000

const read = (value: unknown) =>
  Effect.map(Effect.orDie(Schema.decode(FakeAccountsText)(JSON.stringify(value))), (accounts) =>
    accountsAt(accounts)(now)
  )

describe("accounts as data", () => {
  virtual("count their times from now, and leave out what is not given", function* () {
    const window = { lengthSeconds: 60, usedPercent: 5, resetsInSeconds: 10 }
    const found = yield* read([
      {
        planType: "plus",
        primary: window,
        secondary: null,
        additional: [{ name: "n", meteredFeature: "f", primary: window }],
        resetCredits: [
          { id: "a", grantedSecondsAgo: 5, expiresInSeconds: 10 },
          { id: "b", expiresInSeconds: null }
        ],
        offer: { hasRewards: false },
        messages: [{ id: "m", type: "headline", body: "b", createdSecondsAgo: 3 }]
      },
      { offer: null, messages: null }
    ])
    const [first, second] = found
    const made = makeWindow(now, window)
    assert.deepStrictEqual(first, {
      planType: "plus",
      primary: made,
      secondary: null,
      additional: [{ name: "n", meteredFeature: "f", primary: made, secondary: null }],
      resetCredits: [
        { ...makeResetCredit(now, "a"), grantedAt: now - 5000, expiresAt: now + 10_000 },
        makeResetCredit(now, "b", { expiresAt: null })
      ],
      offer: { ...usualOffer, hasRewards: false },
      messages: [{ id: "m", type: "headline", body: "b", createdAt: now - 3000, archivedAt: null }]
    })
    assert.deepStrictEqual(second, { offer: null, messages: null })
  })

  virtual("get ids of their own after the first", function* () {
    const accounts = yield* read([{}, {}])
    const { accountKeys } = yield* FakeBackend.make({ accounts })
    assert.lengthOf(new Set(accountKeys), 2)
  })

  virtual.each([
    ["a member that is not known", [{ plan: "plus" }], "0.plan"],
    ["a wrong value", [{}, { credits: { balance: 4 } }], "1.credits.balance"],
    ["a window without a length", [{ primary: { lengthSeconds: 0, usedPercent: 1 } }], "0.primary.lengthSeconds"],
    ["nobody", [], "0"]
  ] as const)("are refused for %s, with the place", function* ([, value, place]) {
    const error = yield* Effect.flip(Schema.decode(FakeAccountsText)(JSON.stringify(value)))
    assert.strictEqual(ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.path.join("."), place)
  })
})
