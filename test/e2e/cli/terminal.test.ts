/** What a person is asked on a terminal of 40 columns: the safe answer is the default, and only a clear yes sends. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { columnsOf } from "../../../src/cli/render/text.js"
import { FakeAccount, type FaultPlan } from "../../../src/testing/index.js"
import { bundle, loginWorld, readIfThere, world, type World } from "./harness.js"
import { hasTerminal, keys, linesOf, onTerminal, type Session, type Terminal } from "./terminal.js"

let bin = ""
beforeAll(() => {
  if (hasTerminal) bin = bundle()
}, 60_000)

const columns = 40
const invitee = "zoe@friends.test"

const account = (now: number) => [
  {
    resetCredits: [
      FakeAccount.makeResetCredit(now, "rc_1", { title: "First reset" }),
      FakeAccount.makeResetCredit(now, "rc_2", { title: "Second reset" })
    ]
  }
]

/**
 * Nothing that is drawn anew is wider than the terminal, which is left as it was found, with its cursor. An answer is
 * repeated once, and may take two lines.
 */
const checkTerminal = (session: Session) => {
  const lines = linesOf(session).filter((line) => !line.startsWith("✔"))
  assert.isNotEmpty(lines)
  for (const line of lines) assert.isAtMost(columnsOf(line), columns, line)
  assert.match(session.before, /^[0-9a-f]+:/)
  assert.strictEqual(session.after, session.before)
  const cursor = (is: "h" | "l") => session.shown.lastIndexOf(`\u001b[?25${is}`)
  assert.isAtLeast(cursor("h"), cursor("l"), "the cursor is still hidden")
}

const command = ({ env }: Pick<World, "env">, args: ReadonlyArray<string>, person: Parameters<typeof onTerminal>[2]) =>
  onTerminal([process.execPath, bin, ...args], { env, columns }, person)

interface Case {
  readonly name: string
  readonly args: ReadonlyArray<string>
  readonly person: (terminal: Terminal) => Effect.Effect<unknown>
  readonly code: number
  readonly says: RegExp
  /** How many requests of the act are sent. */
  readonly sent?: number
}

/** What is seen and what is pressed, one after the other. */
const steps =
  (...all: ReadonlyArray<readonly [see: RegExp, press: string]>) =>
  ({ press, see }: Terminal) =>
    Effect.forEach(all, ([pattern, keys]) => Effect.zipRight(see(pattern), press(keys)), { discard: true })

const check = (endpoint: FaultPlan.EndpointName, cases: ReadonlyArray<Case>) =>
  Effect.forEach(
    cases,
    ({ args, code, name, person, says, sent = 0 }) =>
      Effect.gen(function* () {
        const made = yield* world(bin, { accounts: account })
        const session = yield* command(made, args, person)
        assert.strictEqual(session.code, code, `${name}: ${session.shown}`)
        assert.match(session.shown, says, name)
        assert.strictEqual(yield* made.backend.count(endpoint), sent, name)
        checkTerminal(session)
        // Nothing was sent, so nothing is remembered.
        if (sent === 0) assert.isNull(readIfThere(join(made.home, "codex-account.sqlite")), name)
      }),
    { concurrency: 4, discard: true }
  )

const bell = new RegExp("\u0007")
const nothing = /Nothing was done, and nothing was sent\./
const choose = /2 usage limit resets[\s\S]*Second/
const use = /Use this reset\?/
const invite = /Send referral invite\?/

describe.skipIf(!hasTerminal)("on a terminal", { timeout: 60_000 }, () => {
  it.scopedLive("redeem: Enter, no and Ctrl-C send nothing, yes sends once", () =>
    check("resetCredits.consume", [
      {
        name: "Enter",
        args: ["redeem"],
        person: steps([choose, keys.enter], [use, keys.enter]),
        code: 7,
        says: nothing
      },
      { name: "n", args: ["redeem", "--credit", "rc_1"], person: steps([use, "n"]), code: 7, says: nothing },
      {
        name: "Escape",
        args: ["redeem", "--credit", "rc_1"],
        person: steps([use, keys.escape]),
        code: 7,
        says: nothing
      },
      {
        name: "Ctrl-C at the choice",
        args: ["redeem"],
        person: steps([choose, keys.ctrlC]),
        code: 130,
        says: /error:.*Nothing was sent/
      },
      {
        name: "Ctrl-C at the question",
        args: ["redeem"],
        person: steps([choose, keys.enter], [use, keys.ctrlC]),
        code: 130,
        says: /error:.*Nothing was sent/
      },
      {
        name: "a word that is no answer",
        args: ["redeem", "--credit", "rc_1"],
        person: steps([use, "exit"], [bell, keys.enter]),
        code: 7,
        says: nothing
      },
      {
        name: "y, for the second credit",
        args: ["redeem"],
        person: steps([choose, keys.down], [/Second/, keys.enter], [use, "y"]),
        code: 0,
        says: /Second reset[\s\S]*Your usage was reset\./,
        sent: 1
      }
    ])
  )

  it.scopedLive("invite: Enter and Ctrl-C send nothing, yes sends once", () =>
    check("referrals.invite", [
      { name: "Enter", args: ["invite", invitee], person: steps([invite, keys.enter]), code: 7, says: nothing },
      {
        name: "Ctrl-C at the address",
        args: ["invite"],
        person: steps([/Invite someone/, keys.ctrlC]),
        code: 130,
        says: /error:.*Nothing was sent/
      },
      {
        name: "Ctrl-C at the question",
        args: ["invite", invitee],
        person: steps([invite, keys.ctrlC]),
        code: 130,
        says: /error:.*Nothing was sent/
      },
      {
        name: "no address, and one that is none",
        args: ["invite"],
        person: steps([/name@example/, keys.enter], [/esc to go back/, `a${keys.enter}`], [/looks like/, keys.escape]),
        code: 130,
        says: /Nothing was sent/
      },
      {
        name: "an address that is typed, and y",
        args: ["invite"],
        person: steps([/Invite someone/, `${invitee}${keys.enter}`], [invite, "y"]),
        code: 0,
        says: /The invite was sent\./,
        sent: 1
      }
    ])
  )

  it.scopedLive("Ctrl-C while it reads, before anything is asked", () =>
    Effect.gen(function* () {
      const made = yield* world(bin, {
        plan: [{ endpoint: "usage.read", call: "every", fault: { _tag: "Hang", afterCommit: false } }]
      })
      const session = yield* command(made, ["redeem"], steps([/Checking your available/, keys.ctrlC]))
      assert.strictEqual(session.code, 130, session.shown)
      assert.match(session.shown, /Nothing was sent/)
      assert.strictEqual(yield* made.backend.count("resetCredits.consume"), 0)
      checkTerminal(session)
    })
  )

  it.scopedLive("a token or key is not typed, and signing out asks first", () =>
    Effect.gen(function* () {
      const made = yield* loginWorld(bin)
      const before = readIfThere(made.authJson)
      const [token, key, out] = yield* Effect.all(
        [
          command(made, ["login", "--with-access-token"], () => Effect.void),
          command(made, ["login", "--with-api-key"], () => Effect.void),
          command(made, ["logout"], steps([/Sign out everywhere\?[\s\S]*other\s+machines/, keys.enter]))
        ],
        { concurrency: 3 }
      )
      assert.deepStrictEqual([token.code, key.code, out.code], [2, 2, 7], out.shown)
      for (const each of [token, key]) assert.match(each.shown, /not typed at the terminal/)
      assert.match(out.shown, nothing)
      assert.strictEqual(readIfThere(made.authJson), before)
      assert.deepStrictEqual([...(yield* made.issuer.log), ...(yield* made.backend.log)], [])
      for (const each of [token, key, out]) assert.strictEqual(each.after, each.before)
    })
  )
})
