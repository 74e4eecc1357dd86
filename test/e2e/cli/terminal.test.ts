/** What a person is asked on a terminal of 40 columns: the safe answer is the default, and only a clear yes sends. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { FakeAccount, Fault, type FaultPlan } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { bundle, loginWorld, type Place, readIfThere, world } from "./harness.js"
import { checkTerminal, hasTerminal, keys, onTerminal, steps, type Terminal } from "./terminal.js"

const columns = 40
const invitee = "zoe@friends.test"

const accounts = (now: number) => [
  {
    resetCredits: [
      FakeAccount.makeResetCredit(now, "rc_1", { title: "First reset" }),
      FakeAccount.makeResetCredit(now, "rc_2", { title: "Second reset" })
    ]
  }
]

const command = (
  { env }: Pick<Place, "env">,
  args: ReadonlyArray<string>,
  person?: (terminal: Terminal) => Effect.Effect<unknown>
) => onTerminal([process.execPath, bundle(), ...args], { env, columns }, person)

const bell = new RegExp("\u0007")
const nothing = /Nothing was done, and nothing was sent\./
const left = /error:.*Nothing was sent/
const choose = /2 usage limit resets[\s\S]*Second/
const use = /Use this reset\?/
const invite = /Send referral invite\?/

type Row = readonly [
  name: string,
  endpoint: FaultPlan.EndpointName,
  args: ReadonlyArray<string>,
  person: ReturnType<typeof steps>,
  code: number,
  says: RegExp
]
const consume = "resetCredits.consume"
const send = "referrals.invite"

describe.skipIf(!hasTerminal).concurrent("on a terminal", () => {
  // What each key answers is said beside the view; here is what becomes of the answer.
  live.each<Row>([
    ["redeem, Enter", consume, ["redeem"], steps([choose, keys.enter], [use, keys.enter]), 7, nothing],
    ["redeem, Ctrl-C at the choice", consume, ["redeem"], steps([choose, keys.ctrlC]), 130, left],
    [
      "redeem, a word that is no answer",
      consume,
      ["redeem", "--credit", "rc_1"],
      steps([use, "exit"], [bell, keys.ctrlC]),
      130,
      left
    ],
    [
      "redeem, y for the second credit",
      consume,
      ["redeem"],
      steps([choose, keys.down], [/Second/, keys.enter], [use, "y"]),
      0,
      /Second reset[\s\S]*Your usage was reset\./
    ],
    ["invite, Enter", send, ["invite", invitee], steps([invite, keys.enter]), 7, nothing],
    ["invite, Ctrl-C at the question", send, ["invite", invitee], steps([invite, keys.ctrlC]), 130, left],
    [
      "invite, no address, and one that is none",
      send,
      ["invite"],
      steps([/name@example/, keys.enter], [/esc to go back/, `a${keys.enter}`], [/looks like/, keys.escape]),
      130,
      /Nothing was sent/
    ],
    [
      "invite, an address that is typed, and y",
      send,
      ["invite"],
      steps([/Invite someone/, `${invitee}${keys.enter}`], [invite, "y"]),
      0,
      /The invite was sent\./
    ]
  ])("%s", function* ([, endpoint, args, person, code, says]) {
    const made = yield* world({ accounts })
    const session = yield* command(made, args, person)
    assert.strictEqual(session.code, code, session.shown)
    assert.match(session.shown, says)
    assert.strictEqual(yield* made.backend.count(endpoint), code === 0 ? 1 : 0)
    checkTerminal(session, columns)
    // Nothing was sent, so nothing is remembered.
    if (code !== 0) assert.isNull(readIfThere(join(made.home, "codex-account.sqlite")))
  })

  live("Ctrl-C while it reads, before anything is asked", function* () {
    const made = yield* world({ plan: [{ endpoint: "usage.read", call: "every", fault: Fault.hang }] })
    const session = yield* command(made, ["redeem"], steps([/Checking your available/, keys.ctrlC]))
    assert.strictEqual(session.code, 130, session.shown)
    assert.match(session.shown, /Nothing was sent/)
    assert.strictEqual(yield* made.backend.count("resetCredits.consume"), 0)
    checkTerminal(session, columns)
  })

  live("a token or key is not typed, and signing out asks first", function* () {
    const made = yield* loginWorld()
    const before = readIfThere(made.authJson)
    const [token, key, out] = yield* Effect.all(
      [
        command(made, ["login", "--with-access-token"]),
        command(made, ["login", "--with-api-key"]),
        command(made, ["logout"], steps([/Sign out everywhere\?[\s\S]*other\s+machines/, keys.enter]))
      ],
      { concurrency: 3 }
    )
    assert.deepStrictEqual([token.code, key.code, out.code], [2, 2, 7], out.shown)
    for (const each of [token, key]) assert.match(each.shown, /can't be typed at the terminal/)
    assert.match(out.shown, nothing)
    assert.strictEqual(readIfThere(made.authJson), before)
    assert.deepStrictEqual([...(yield* made.issuer.log), ...(yield* made.backend.log)], [])
    for (const each of [token, key, out]) assert.strictEqual(each.after, each.before)
  })
})
