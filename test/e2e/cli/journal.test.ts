/** An act whose answer was lost, and what later commands make of it. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { FakeAccount, Fault, type FaultPlan } from "../../../src/testing/index.js"
import { textOf } from "../../layers/signIn/harness.js"
import { live } from "../../cases.js"
import { type Place, reached, readIfThere, world } from "./harness.js"

const lost = (
  endpoint: FaultPlan.EndpointName,
  calls: ReadonlyArray<number>,
  fault: Fault.Fault = Fault.resetAfterCommit
): ReadonlyArray<FaultPlan.FaultRule> => calls.map((call) => ({ endpoint, call, fault }))

const [zoe, yan] = ["zoe@friends.test", "yan@friends.test"]

describe.concurrent("the same command again", () => {
  live("a redemption is carried on with its key, and a second one has to wait", function* () {
    const { ask, backend, cli } = yield* world({
      // Windows that stand still, so that after the reset there is nothing to reset.
      accounts: (now) => [
        {
          primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 37, percentPerHour: 0 }),
          secondary: null
        }
      ],
      plan: lost("resetCredits.consume", [1, 2, 3])
    })
    const first = yield* ask("redeem", ["redeem", "-y"])
    assert.strictEqual(first.code, 5)
    const key = first.error?.key ?? "none"

    const status = yield* ask("status", ["status"])
    assert.isTrue(status.answer.ok && status.answer.open.length === 1 && status.answer.open[0]?.key === key)

    const carriedOn = yield* ask("redeem", ["redeem", "-y"])
    assert.deepInclude(carriedOn.answer, { ok: true, outcome: "alreadyRedeemed", exitCode: 0, key })
    assert.lengthOf((yield* backend.account()).redemptions, 1)

    const calls = yield* backend.count("resetCredits.consume")
    const soon = yield* cli(["redeem", "-y"])
    assert.strictEqual(soon.code, 7, soon.stderr)
    assert.match(soon.stderr, /--again/)
    assert.strictEqual(yield* backend.count("resetCredits.consume"), calls)
    const again = yield* ask("redeem", ["redeem", "-y", "--again"])
    assert.deepInclude(again.answer, { ok: true, outcome: "nothingToReset", exitCode: 7 })
    assert.strictEqual(yield* backend.count("resetCredits.consume"), calls + 1)
  })

  live("an invite that may have gone out is not sent again, unless it is asked for in so many words", function* () {
    const { ask, backend, cli } = yield* world({ plan: lost("referrals.invite", [1]) })
    const sent = yield* cli(["invite", zoe, "-y"])
    const refused = yield* ask("invite", ["invite", zoe, "-y"])
    assert.deepStrictEqual([sent.code, refused.code, refused.error?.code], [5, 5, "ActError.Unresolved"])
    assert.strictEqual(yield* backend.count("referrals.invite"), 1)
    const other = yield* cli(["invite", yan, "-y"])
    const again = yield* cli(["invite", zoe, "-y", "--again"])
    assert.deepStrictEqual([other.code, again.code], [0, 0], again.stderr)
    assert.strictEqual(yield* backend.count("referrals.invite"), 3)
  })
})

/** The keys of the acts whose outcome is open. */
const openKeys = ({ ask }: Pick<Place, "ask">) =>
  Effect.map(ask("journal", ["journal"]), ({ answer }) =>
    (answer.ok ? answer.operations : [])
      .filter(({ state }) => state._tag === "unknown" || state._tag === "sent")
      .map(({ act, key }) => `${act} ${key}`)
  )

describe.concurrent("journal", () => {
  live("is empty, knows no key, and wants to be asked properly; nothing is made for that", function* () {
    const { ask, backend, cli, home } = yield* world()
    const empty = yield* ask("journal", ["journal"])
    assert.deepInclude(empty.answer, { ok: true, operations: [], resolution: null })
    const words = yield* cli(["journal"])
    assert.deepStrictEqual([words.stdout, words.stderr], ["The journal is empty.\n", ""])
    const unknown = yield* ask("journal", ["journal", "show", "k9"])
    assert.match(`${unknown.code} ${unknown.error?.message}`, /^2 .*has no operation k9/)
    const nonsense = yield* ask("journal", ["journal", "resolve"])
    assert.match(`${nonsense.code} ${nonsense.error?.message}`, /^2 .*journal resolve KEY/)
    assert.deepStrictEqual(yield* backend.log, [])
    assert.isNull(readIfThere(join(home, "codex-account.sqlite")))
  })

  live("resolve carries a redemption of an earlier process on with its own key", function* () {
    const made = yield* world({ plan: lost("resetCredits.consume", [1, 2, 3]) })
    const { ask, backend, cli } = made
    const redeemed = yield* cli(["redeem", "-y", "--key", "k1", "--credit", "rc_2"])
    assert.strictEqual(redeemed.code, 5, redeemed.stderr)
    assert.deepStrictEqual(yield* openKeys(made), ["redeem k1"])
    const { stdout } = yield* cli(["journal", "show", "k1"])
    assert.match(stdout, /redeem +unknown: .* k1\nIts outcome is unknown\. To settle it: .* resolve k1\n$/)
    const resolve = ["journal", "resolve", "k1"]
    // There is no terminal to confirm it on.
    assert.strictEqual((yield* cli(resolve)).code, 2)
    const calls = yield* backend.count("resetCredits.consume")

    const { answer, code, stderr } = yield* ask("journal", [...resolve, "-y"])
    assert.strictEqual(code, 0, stderr)
    assert.deepInclude(answer, { ok: true, resolution: "Redeemed", redeemed: "alreadyRedeemed" })
    assert.isTrue(answer.ok && answer.operations[0]?.state._tag === "succeeded")
    assert.strictEqual(yield* backend.count("resetCredits.consume"), calls + 1)
    const { redemptions } = yield* backend.account()
    assert.deepStrictEqual(
      redemptions.map(({ creditId, key }) => `${key} ${creditId}`),
      ["k1 rc_2"]
    )
    const again = yield* ask("journal", [...resolve, "-y"])
    assert.deepStrictEqual([again.code, again.error?.code], [7, "ActError.NotNeeded"])
  })

  live("resolve closes an invite as the person found it, and leaves it open without a finding", function* () {
    const made = yield* world({ plan: lost("referrals.invite", [1, 2]) })
    const { ask, backend, cli } = made
    const zoeKey = (yield* ask("invite", ["invite", zoe, "-y"])).error?.key ?? ""
    const yanKey = (yield* ask("invite", ["invite", yan, "-y"])).error?.key ?? ""
    assert.sameMembers(yield* openKeys(made), [`invite ${zoeKey}`, `invite ${yanKey}`])

    const left = yield* ask("journal", ["journal", "resolve", zoeKey, "-y"])
    assert.deepInclude(left.answer, { ok: true, resolution: "Left", exitCode: 7 })
    const unasked = yield* cli(["journal", "resolve", zoeKey])
    assert.strictEqual(unasked.code, 2)
    assert.match(unasked.stderr, /--found/)
    assert.lengthOf(yield* openKeys(made), 2)

    const arrived = yield* ask("journal", ["journal", "resolve", zoeKey, "--found", "arrived"])
    assert.deepInclude(arrived.answer, { ok: true, resolution: "Closed", exitCode: 0 })
    const missing = yield* cli(["journal", "resolve", yanKey, "--found", "missing"])
    assert.strictEqual(missing.code, 0, missing.stderr)
    assert.match(missing.stdout, /^What you found was recorded as the outcome\./)
    assert.deepStrictEqual(yield* openKeys(made), [])
    // Nothing was sent for any of this, and nothing stands in the way of the next one.
    assert.strictEqual(yield* backend.count("referrals.invite"), 2)
    const next = yield* cli(["invite", yan, "-y"])
    assert.deepStrictEqual([next.code, next.stderr], [0, ""])
    for (const each of [arrived, missing, left]) assert.notMatch(each.stdout + each.stderr, /@friends/)
  })

  live("resolve that is interrupted answers as journal, and leaves it open", function* () {
    const consume = "resetCredits.consume"
    const made = yield* world({ plan: [...lost(consume, [1, 2, 3]), ...lost(consume, [4], Fault.hangAfterCommit)] })
    const { ask, backend, cli } = made
    yield* cli(["redeem", "-y", "--key", "k1"])
    const { code, error } = yield* ask("journal", ["journal", "resolve", "k1", "-y"], {
      meanwhile: ({ signal }) => Effect.zipRight(reached(backend, consume, 4), signal("SIGINT"))
    })
    assert.deepStrictEqual(
      [code, error?.code, error?.key, error?.changed],
      [5, "ActError.OutcomeUnknown", "k1", "unknown"]
    )
    assert.deepStrictEqual(yield* openKeys(made), ["redeem k1"])
    assert.lengthOf((yield* backend.account()).redemptions, 1)
  })
})

describe.concurrent("acts whose outcome is open", () => {
  const other = { userId: "user-other", accountId: "99999999-1111-4222-8333-444444444444" }
  const notice = /^(1 operation has|\d+ operations have) an unknown outcome; see codex-account journal$/m

  live("are said first by the commands for people, in one line on stderr, for this account alone", function* () {
    const { backend, cli, home } = yield* world({
      accounts: [{}, other],
      plan: [...lost("referrals.invite", [1]), ...lost("workspace.nudge", [1])]
    })
    assert.strictEqual((yield* cli(["session"])).stderr, "")
    yield* cli(["invite", zoe, "-y"])
    const nudge = yield* cli(["notify-owner", "--type", "credits", "-y"])
    assert.strictEqual(nudge.code, 5)
    assert.match(nudge.stderr, /^1 operation has an unknown outcome; see codex-account journal\nerror: The message/)

    const people = [["session"], ["status"], [], ["redeem"], ["invite", yan], ["notify-owner"]]
    const silent = [["session", "--json"], ["usage"], ["session", "--demo"]]
    const ran = yield* Effect.forEach([...people, ...silent], (args) => cli(args), { concurrency: 3 })
    for (const [index, { stderr, stdout }] of ran.entries()) {
      if (index < people.length) assert.match(stderr.split("\n")[0] ?? "", notice, stderr)
      if (index < people.length) assert.match(stderr, /^2 operations have/)
      else assert.notMatch(stderr, notice)
      assert.notMatch(stdout, notice)
    }
    assert.match(ran[1]?.stdout ?? "", /An invite was sent .*its outcome is unknown/)

    const { record } = yield* backend.signIn(FakeAccount.accountKey(other))
    writeFileSync(join(home, "auth.json"), textOf(record))
    const another = yield* cli(["session"])
    assert.deepStrictEqual([another.code, another.stderr], [0, ""])
  })

  live("are not looked for where the journal is damaged: session goes on, an act does not", function* () {
    const { ask, backend, cli, home } = yield* world()
    writeFileSync(join(home, "codex-account.sqlite"), "this is no database, and long enough to be read as one\n")
    const session = yield* cli(["session"])
    assert.deepStrictEqual([session.code, session.stderr], [0, ""])
    const { code, error } = yield* ask("redeem", ["redeem", "-y"])
    assert.deepStrictEqual([code, error?.code, error?.changed], [6, "JournalError.Unavailable", "no"])
    assert.strictEqual(yield* backend.count("resetCredits.consume"), 0)
  })
})
