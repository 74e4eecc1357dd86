/** An act whose answer was lost, and what later commands make of it. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { FakeAccount, Fault, type FaultPlan } from "../../../src/testing/index.js"
import { textOf } from "../../layers/signIn/harness.js"
import { answerOf, bundle, readIfThere, type Ran, world, type World } from "./harness.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

describe.concurrent("the same command again", { timeout: 60_000 }, () => {
  it.scopedLive("a redemption is carried on with its key, and a second one has to wait", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin, {
        // Windows that stand still, so that after the reset there is nothing to reset.
        accounts: (now) => [
          {
            primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 37, percentPerHour: 0 }),
            secondary: null
          }
        ],
        plan: [1, 2, 3].map((call) => ({ endpoint: "resetCredits.consume", call, fault: Fault.resetAfterCommit }))
      })
      const lost = yield* cli(["redeem", "-y", "--json"])
      const first = answerOf("redeem", lost)
      assert.strictEqual(lost.code, 5)
      assert.isFalse(first.ok)
      const key = first.ok ? null : first.error.key

      const status = answerOf("status", yield* cli(["status", "--json"]))
      assert.isTrue(status.ok && status.open.length === 1 && status.open[0]?.key === key)

      const carriedOn = answerOf("redeem", yield* cli(["redeem", "-y", "--json"]))
      assert.isTrue(carriedOn.ok && carriedOn.outcome === "alreadyRedeemed" && carriedOn.exitCode === 0)
      assert.isTrue(carriedOn.ok && carriedOn.key === key)
      assert.lengthOf((yield* backend.account()).redemptions, 1)

      const calls = yield* backend.count("resetCredits.consume")
      const soon = yield* cli(["redeem", "-y"])
      assert.strictEqual(soon.code, 7, soon.stderr)
      assert.match(soon.stderr, /--again/)
      assert.strictEqual(yield* backend.count("resetCredits.consume"), calls)
      const again = answerOf("redeem", yield* cli(["redeem", "-y", "--again", "--json"]))
      assert.isTrue(again.ok && again.outcome === "nothingToReset" && again.exitCode === 7)
      assert.strictEqual(yield* backend.count("resetCredits.consume"), calls + 1)
    })
  )

  it.scopedLive("an invite that may have gone out is not sent again, unless it is asked for in so many words", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin, {
        plan: [{ endpoint: "referrals.invite", call: 1, fault: Fault.resetAfterCommit }]
      })
      const sent = yield* cli(["invite", "zoe@friends.test", "-y"])
      const refused = yield* cli(["invite", "zoe@friends.test", "-y", "--json"])
      const answer = answerOf("invite", refused)
      assert.deepStrictEqual([sent.code, refused.code], [5, 5])
      assert.isTrue(!answer.ok && answer.error.code === "ActError.Unresolved")
      assert.strictEqual(yield* backend.count("referrals.invite"), 1)
      const other = yield* cli(["invite", "yan@friends.test", "-y"])
      const again = yield* cli(["invite", "zoe@friends.test", "-y", "--again"])
      assert.deepStrictEqual([other.code, again.code], [0, 0], again.stderr)
      assert.strictEqual(yield* backend.count("referrals.invite"), 3)
    })
  )
})

const lost = (
  endpoint: FaultPlan.EndpointName,
  calls: ReadonlyArray<number>,
  fault: Fault.Fault = Fault.resetAfterCommit
): ReadonlyArray<FaultPlan.FaultRule> => calls.map((call) => ({ endpoint, call, fault }))

/** The keys of the acts whose outcome is open, newest first. */
const openKeys = ({ cli }: World) =>
  Effect.map(cli(["journal", "--json"]), (ran) => {
    const answer = answerOf("journal", ran)
    assert.strictEqual(ran.code, 0, ran.stderr)
    return answer.ok
      ? answer.operations
          .filter(({ state }) => state._tag === "unknown" || state._tag === "sent")
          .map(({ act, key }) => `${act} ${key}`)
      : []
  })

const errorOf = (name: "journal" | "invite", ran: Ran) => {
  const answer = answerOf(name, ran)
  return answer.ok ? null : answer.error
}

const notice = /^(1 operation has|\d+ operations have) an unknown outcome; see codex-account journal$/m

describe.concurrent("journal", { timeout: 60_000 }, () => {
  it.scopedLive("is empty, knows no key, and wants to be asked properly; nothing is made for that", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin)
      const [empty, none, unknown, nonsense] = yield* Effect.all(
        [
          cli(["journal", "--json"]),
          cli(["journal"]),
          cli(["journal", "show", "k9", "--json"]),
          cli(["journal", "resolve", "--json"])
        ],
        { concurrency: 3 }
      )
      const answer = answerOf("journal", empty)
      assert.isTrue(answer.ok && answer.operations.length === 0 && answer.resolution === null)
      assert.deepStrictEqual([none.stdout, none.stderr], ["The journal is empty.\n", ""])
      assert.deepStrictEqual([unknown.code, nonsense.code], [2, 2])
      assert.match(errorOf("journal", unknown)?.message ?? "", /has no operation k9/)
      assert.match(errorOf("journal", nonsense)?.message ?? "", /journal resolve KEY/)
      assert.deepStrictEqual(yield* backend.log, [])
      assert.isNull(readIfThere(join(home, "codex-account.sqlite")))
    })
  )

  it.scopedLive("resolve carries a redemption of an earlier process on with its own key", () =>
    Effect.gen(function* () {
      const made = yield* world(bin, { plan: lost("resetCredits.consume", [1, 2, 3]) })
      const { backend, cli } = made
      const redeemed = yield* cli(["redeem", "-y", "--key", "k1", "--credit", "rc_2"])
      assert.strictEqual(redeemed.code, 5, redeemed.stderr)
      assert.deepStrictEqual(yield* openKeys(made), ["redeem k1"])
      const [shown, asked] = yield* Effect.all(
        [cli(["journal", "show", "k1"]), cli(["journal", "resolve", "k1", "--json"])],
        { concurrency: 2 }
      )
      assert.match(shown.stdout, /redeem +unknown: .* k1\nIts outcome is unknown\. To settle it: .* resolve k1\n$/)
      // Nobody is there to confirm it.
      assert.strictEqual(asked.code, 2)
      const calls = yield* backend.count("resetCredits.consume")

      const resolved = yield* cli(["journal", "resolve", "k1", "-y", "--json"])
      const answer = answerOf("journal", resolved)
      assert.strictEqual(resolved.code, 0, resolved.stderr)
      assert.isTrue(answer.ok && answer.resolution === "Redeemed" && answer.redeemed === "alreadyRedeemed")
      assert.isTrue(answer.ok && answer.operations[0]?.state._tag === "succeeded")
      assert.strictEqual(yield* backend.count("resetCredits.consume"), calls + 1)
      const { redemptions } = yield* backend.account()
      assert.deepStrictEqual(
        redemptions.map(({ creditId, key }) => `${key} ${creditId}`),
        ["k1 rc_2"]
      )
      const again = yield* cli(["journal", "resolve", "k1", "-y", "--json"])
      assert.strictEqual(again.code, 7)
      assert.strictEqual(errorOf("journal", again)?.code, "ActError.NotNeeded")
    })
  )

  it.scopedLive("resolve closes an invite as the person found it, and leaves it open without a finding", () =>
    Effect.gen(function* () {
      const made = yield* world(bin, { plan: lost("referrals.invite", [1, 2]) })
      const { backend, cli } = made
      const [zoe, yan] = ["zoe@friends.test", "yan@friends.test"]
      const zoeKey = errorOf("invite", yield* cli(["invite", zoe, "-y", "--json"]))?.key ?? ""
      const yanKey = errorOf("invite", yield* cli(["invite", yan, "-y", "--json"]))?.key ?? ""
      assert.sameMembers([...(yield* openKeys(made))], [`invite ${zoeKey}`, `invite ${yanKey}`])

      const [left, nobody] = yield* Effect.all(
        [cli(["journal", "resolve", zoeKey, "-y", "--json"]), cli(["journal", "resolve", zoeKey])],
        { concurrency: 2 }
      )
      const leftAnswer = answerOf("journal", left)
      assert.isTrue(leftAnswer.ok && leftAnswer.resolution === "Left" && leftAnswer.exitCode === 7)
      assert.strictEqual(nobody.code, 2)
      assert.match(nobody.stderr, /--found/)
      assert.lengthOf(yield* openKeys(made), 2)

      const [arrived, missing] = yield* Effect.all(
        [
          cli(["journal", "resolve", zoeKey, "--found", "arrived", "--json"]),
          cli(["journal", "resolve", yanKey, "--found", "missing"])
        ],
        { concurrency: 2 }
      )
      const arrivedAnswer = answerOf("journal", arrived)
      assert.isTrue(arrivedAnswer.ok && arrivedAnswer.resolution === "Closed" && arrivedAnswer.exitCode === 0)
      assert.strictEqual(missing.code, 0, missing.stderr)
      assert.match(missing.stdout, /^What you found was recorded as the outcome\./)
      assert.deepStrictEqual(yield* openKeys(made), [])
      // Nothing was sent for any of this, and nothing stands in the way of the next one.
      assert.strictEqual(yield* backend.count("referrals.invite"), 2)
      const next = yield* cli(["invite", yan, "-y"])
      assert.strictEqual(next.code, 0, next.stderr)
      assert.strictEqual(next.stderr, "")
      for (const each of [arrived, missing, left]) assert.notMatch(each.stdout + each.stderr, /@friends/)
    })
  )

  it.scopedLive("resolve that is interrupted answers as journal, and leaves it open", () =>
    Effect.gen(function* () {
      const made = yield* world(bin, {
        plan: [...lost("resetCredits.consume", [1, 2, 3]), ...lost("resetCredits.consume", [4], Fault.hangAfterCommit)]
      })
      const { backend, cli } = made
      yield* cli(["redeem", "-y", "--key", "k1"])
      const sent = Effect.repeat(Effect.sleep("20 millis"), {
        until: () => Effect.map(backend.count("resetCredits.consume"), (count) => count >= 4)
      })
      const ran = yield* cli(["journal", "resolve", "k1", "-y", "--json"], {
        interrupt: { after: sent, signal: "SIGINT" }
      })
      assert.strictEqual(ran.code, 5, ran.stderr)
      const error = errorOf("journal", ran)
      assert.deepStrictEqual([error?.code, error?.key, error?.changed], ["ActError.OutcomeUnknown", "k1", "unknown"])
      assert.deepStrictEqual(yield* openKeys(made), ["redeem k1"])
      assert.lengthOf((yield* backend.account()).redemptions, 1)
    })
  )
})

describe.concurrent("acts whose outcome is open", { timeout: 60_000 }, () => {
  const other = { userId: "user-other", accountId: "99999999-1111-4222-8333-444444444444" }

  it.scopedLive("are told first by the commands for people, in one line on stderr, for this account alone", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin, {
        accounts: [{}, other],
        plan: [...lost("referrals.invite", [1]), ...lost("workspace.nudge", [1])]
      })
      const quiet = yield* cli(["session"])
      assert.strictEqual(quiet.stderr, "")
      yield* cli(["invite", "zoe@friends.test", "-y"])
      const nudge = yield* cli(["notify-owner", "--type", "credits", "-y"])
      assert.strictEqual(nudge.code, 5)
      assert.match(nudge.stderr, /^1 operation has an unknown outcome; see codex-account journal\nerror: The message/)

      const people = [["session"], ["status"], [], ["redeem"], ["invite", "yan@friends.test"], ["notify-owner"]]
      const silent = [["session", "--json"], ["usage"], ["session", "--demo"]]
      const told = yield* Effect.forEach([...people, ...silent], (args) => cli(args), { concurrency: 3 })
      for (const [index, { stderr, stdout }] of told.entries()) {
        if (index < people.length) assert.strictEqual(stderr.split("\n")[0], notice.exec(stderr)?.[0], stderr)
        if (index < people.length) assert.match(stderr, /^2 operations have/)
        else assert.notMatch(stderr, notice)
        assert.notMatch(stdout, notice)
      }
      assert.match(told[1]?.stdout ?? "", /An invite was sent .*its outcome is unknown/)

      const { record } = yield* backend.signIn(FakeAccount.accountKey(other))
      writeFileSync(join(home, "auth.json"), textOf(record))
      const another = yield* cli(["session"])
      assert.strictEqual(another.code, 0, another.stderr)
      assert.strictEqual(another.stderr, "")
    })
  )

  it.scopedLive("are not looked for where the journal is damaged: session goes on, an act does not", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin)
      writeFileSync(join(home, "codex-account.sqlite"), "this is no database, and long enough to be read as one\n")
      const [session, redeem] = yield* Effect.all([cli(["session"]), cli(["redeem", "-y", "--json"])], {
        concurrency: 2
      })
      assert.deepStrictEqual([session.code, session.stderr], [0, ""])
      assert.strictEqual(redeem.code, 1)
      const answer = answerOf("redeem", redeem)
      assert.isTrue(!answer.ok && answer.error.code === "JournalError.Unavailable" && answer.error.changed === "no")
      assert.strictEqual(yield* backend.count("resetCredits.consume"), 0)
    })
  )
})
