/** The usage menu on a real terminal, over the real command and a backend on a socket. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { AuthJsonText } from "../../../src/contracts/AuthJson.js"
import { columnsOf } from "../../../src/cli/render/text.js"
import { FakeAccount, type FakeBackend, Fault, type FaultPlan } from "../../../src/testing/index.js"
import { bundle, emptyWorld, readIfThere, world, type World } from "../cli/harness.js"
import { type Ended, endTmux, hasTmux, onScreen, type Screen } from "./screen.js"

let bin = ""
beforeAll(() => {
  if (hasTmux) bin = bundle()
}, 60_000)
afterAll(endTmux)

const invitee = "zoe@friends.test"

const credits = (now: number) => [
  FakeAccount.makeResetCredit(now, "rc_1", { title: "First reset", expiresAt: null }),
  FakeAccount.makeResetCredit(now, "rc_2", { title: "Second reset", expiresAt: null })
]
const rich = (now: number) => [{ resetCredits: credits(now) }]
const stopped = (now: number) => [
  { resetCredits: credits(now), reachedType: "workspace_member_credits_depleted", allowed: false }
]

interface Size {
  readonly columns?: number
  readonly rows?: number
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

const start = ({ env }: Pick<World, "env">, { args = [], columns = 80, env: more = {}, rows = 24 }: Size = {}) =>
  onScreen([process.execPath, bin, ...args], { env: { ...env, ...more }, columns, rows })

const menu = /^Usage$/m
const open = (options: FakeBackend.FakeBackendOptions, size?: Size) =>
  Effect.gen(function* () {
    const made = yield* world(bin, options)
    const screen = yield* start(made, size)
    yield* screen.see(/resets? available|None available|reading failed/)
    return { made, screen, backend: made.backend }
  })

/** The terminal is as it was: its settings, its cursor, and what was on it. */
const checkEnd = (ended: Ended, code: number) => {
  assert.strictEqual(ended.code, code, ended.screen)
  assert.match(ended.before, /^[0-9a-f]+:/)
  assert.strictEqual(ended.after, ended.before)
  assert.isTrue(ended.cursorIsShown, "the cursor is hidden")
  assert.isFalse(ended.isOwnScreen, "the menu is still shown")
  assert.match(ended.screen, /^above/)
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const picture = (text: string) => `\n${text.replace(uuid, "<key>")}\n`

/** What is seen and what is pressed, one after the other. */
const walk = (screen: Screen, ...steps: ReadonlyArray<readonly [see: RegExp, ...press: ReadonlyArray<string>]>) =>
  Effect.forEach(steps, ([pattern, ...keys]) => Effect.zipRight(screen.see(pattern), screen.press(...keys)), {
    discard: true
  })

const hang = (endpoint: FaultPlan.EndpointName, afterCommit = false) => ({
  endpoint,
  call: "every" as const,
  fault: afterCommit ? Fault.hangAfterCommit : Fault.hang
})

const until = (what: Effect.Effect<boolean>) => Effect.repeat(Effect.delay(what, "20 millis"), { until: (is) => is })

describe.skipIf(!hasTmux).concurrent("the menu", { timeout: 60_000 }, () => {
  it.scopedLive("shows what there is, and Escape leaves it as if nothing had been", ({ expect }) =>
    Effect.gen(function* () {
      const { backend, made, screen } = yield* open({ accounts: rich })
      yield* screen.see(/Invite someone/)
      expect(picture(yield* screen.now)).toMatchInlineSnapshot(`
        "
        Usage

        ada@example.test · Business

        › 1. Show usage
             What is left, and your token activity.
          2. Redeem usage limit reset
             2 resets available.
          3. Invite someone to Codex
             Invite a friend; rewards may apply.

        Press enter to confirm or esc to go back
        "
      `)
      yield* screen.press("Escape")
      const ended = yield* screen.ended
      checkEnd(ended, 0)
      assert.strictEqual(ended.screen, "above")
      assert.isEmpty((yield* backend.log).filter(({ method }) => method !== "GET"))
      assert.isNull(readIfThere(join(made.home, "codex-account.sqlite")))
    })
  )

  it.scopedLive("redeems once, after two questions, and leaves a line with the key", ({ expect }) =>
    Effect.gen(function* () {
      const { backend, screen } = yield* open({ accounts: rich })
      yield* screen.press("2")
      expect(picture(yield* screen.see(/2 usage limit resets available/))).toMatchInlineSnapshot(`
        "
        Usage limit resets

        2 usage limit resets available.

        › 1. First reset  does not expire
             Ready to use
          2. Second reset  does not expire
             Ready to use
          3. Cancel

        Press enter to confirm or esc to go back
        "
      `)
      yield* screen.press("Down", "Enter")
      expect(picture(yield* screen.see(/Use this reset\?/))).toMatchInlineSnapshot(`
        "
        Use this reset?

        Second reset, does not expire
        Account: ada@example.test · Business
        Now: 5h 63% left, weekly 39% left
        Ready to use

          1. Yes, use reset (y)
        › 2. No, go back (n)

        Press enter to confirm or esc to go back
        "
      `)
      yield* screen.press("Enter")
      yield* walk(screen, [/2 usage limit resets available/, "Down", "Enter"], [/Use this reset\?/, "Up", "Enter"])
      expect(picture(yield* screen.see(/Your usage was reset/))).toMatchInlineSnapshot(`
        "
        Usage limit resets

        Your usage was reset.
        1 reset left.
        Key: <key>

        › 1. Close

        Press enter to confirm or esc to go back
        "
      `)
      yield* screen.press("Enter")
      yield* walk(screen, [/1 reset available/, "Escape"])
      const ended = yield* screen.ended
      checkEnd(ended, 0)
      expect(picture(ended.screen)).toMatchInlineSnapshot(`
        "
        above
        ✔ Your usage was reset. Key: <key>
        "
      `)
      const sent = yield* backend.calls("resetCredits.consume")
      const { redemptions } = yield* backend.account()
      assert.lengthOf(sent, 1)
      assert.deepStrictEqual(
        redemptions.map(({ creditId }) => creditId),
        ["rc_2"]
      )
      assert.include(ended.screen, redemptions[0]?.key ?? "no key")
    })
  )

  it.scopedLive("invites once, after showing to whom and on what terms", ({ expect }) =>
    Effect.gen(function* () {
      const { backend, screen } = yield* open({ accounts: rich })
      yield* walk(screen, [/Invite someone/, "3"])
      yield* screen.see(/name@example.com/)
      assert.isTrue((yield* screen.cursor).isShown)
      yield* screen.press("Enter")
      yield* screen.type(`${invitee}x`)
      yield* screen.press("BSpace")
      yield* screen.see(/› zoe@friends\.test$/m)
      assert.strictEqual((yield* screen.cursor).column, invitee.length + 2)
      yield* screen.press("Enter")
      expect(picture(yield* screen.see(/Send referral invite/))).toMatchInlineSnapshot(`
        "
        Send referral invite?

        Invite a friend; rewards may apply.
        Recipient: zoe@friends.test
        From: ada@example.test · Business
        • Your friend must be new to Codex.
        By sending you confirm that the recipient wants to hear from you.

          1. Send invite (y)
        › 2. Cancel (n)

        Press enter to confirm or esc to go back
        "
      `)
      assert.isFalse((yield* screen.cursor).isShown)
      assert.strictEqual(yield* backend.count("referrals.invite"), 0)
      yield* screen.press("Up", "Enter")
      yield* screen.see(/The invite to zoe@friends\.test was sent\. A reward comes with it/)
      yield* screen.press("Escape")
      yield* walk(screen, [menu, "Escape"])
      const ended = yield* screen.ended
      checkEnd(ended, 0)
      expect(picture(ended.screen)).toMatchInlineSnapshot(`
        "
        above
        ✔ The invite was sent. Key: <key>
        "
      `)
      assert.strictEqual(yield* backend.count("referrals.invite"), 1)
      assert.deepStrictEqual(
        (yield* backend.account()).invites.map(({ email }) => email),
        [invitee]
      )
    })
  )

  it.scopedLive("what is typed ahead or pasted is no answer", () =>
    Effect.gen(function* () {
      const { backend, screen } = yield* open({ accounts: rich })
      yield* walk(screen, [/Invite someone/, "3"], [/name@example/, "a", "Enter"])
      yield* screen.see(/address looks like/)
      yield* screen.press("C-u")
      yield* screen.type(`${invitee}\r\r1y\r`)
      yield* screen.see(/Send referral invite/)
      yield* screen.press("Enter")
      yield* walk(screen, [menu, "3"])
      yield* screen.see(/name@example.com/)
      // Several lines and controls are one line.
      yield* screen.paste("zoe@friends.test\r\nyes\r\u0007\u0003\u001b[2J1\ty")
      yield* screen.see(/› zoe@friends\.test yes 1 y$/m)
      yield* screen.press("C-u")
      yield* screen.paste(`${"x".repeat(3000)}\r\r`)
      yield* screen.see(/› …x+$/m)
      yield* screen.press("C-c")
      yield* screen.see(/Show usage/)
      // In a list it does nothing at all.
      yield* screen.paste("2\r1\r1\ry")
      yield* screen.press("Down", "Up")
      assert.match(yield* screen.see(/› 1\. Show usage/), menu)
      yield* screen.press("Escape")
      checkEnd(yield* screen.ended, 0)
      assert.isEmpty((yield* backend.log).filter(({ method }) => method !== "GET"))
    })
  )

  it.scopedLive("asks the owner once: Enter and n don't, y does", ({ expect }) =>
    Effect.gen(function* () {
      const { backend, screen } = yield* open({ accounts: stopped })
      yield* walk(screen, [/Ask the workspace owner for credits/, "4"])
      yield* screen.see(/Notify the owner[\s\S]*1\. Yes \(y\)\n› 2\. No \(default\) \(n\)/)
      yield* screen.press("Enter")
      yield* walk(screen, [menu, "4"], [/Notify the owner/, "n"])
      yield* screen.see(menu)
      assert.strictEqual(yield* backend.count("workspace.nudge"), 0)
      yield* walk(screen, [menu, "4"], [/Notify the owner/, "y"], [/Workspace owner notified\./, "Enter"])
      yield* walk(screen, [menu, "4"], [/Notify the owner/, "y"], [/notified not long ago/, "Enter"])
      yield* walk(screen, [menu, "Escape"])
      const ended = yield* screen.ended
      checkEnd(ended, 0)
      expect(picture(ended.screen)).toMatchInlineSnapshot(`
        "
        above
        ✔ The workspace owner was asked for more credits. Key:
          <key>
        "
      `)
      assert.strictEqual(yield* backend.count("workspace.nudge"), 2)
      assert.lengthOf((yield* backend.account()).nudges, 1)
    })
  )

  it.scopedLive("follows the size of the terminal, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const { screen } = yield* open({ accounts: rich })
      const whole = yield* screen.see(/Invite someone/)
      yield* screen.press("Down")
      yield* screen.see(/› 2/)
      // Each is drawn anew before it is looked at: the terminal alone would only cut it off.
      const sizes = [
        [40, 24, /token\n +activity/],
        [120, 30, /token activity\./],
        [40, 8, /^Usage\n/],
        [80, 24, /token activity\./]
      ] as const
      for (const [columns, rows, drawn] of sizes) {
        yield* screen.resize(columns, rows)
        const shown = yield* screen.see(drawn)
        const lines = shown.split("\n")
        assert.isAtMost(lines.length, rows)
        for (const line of lines) assert.isAtMost(columnsOf(line), columns, line)
        assert.lengthOf(shown.match(/^Usage$/gm) ?? [], 1, shown)
        assert.lengthOf(shown.match(/Redeem usage limit reset/g) ?? [], 1, shown)
        assert.match(shown, /› 2\. Redeem/)
      }
      yield* screen.press("Up")
      yield* screen.see(/› 1/)
      assert.strictEqual(yield* screen.now, whole)
      yield* screen.press("Escape")
      checkEnd(yield* screen.ended, 0)
    })
  )

  it.scopedLive("in colours, and without them", () =>
    Effect.gen(function* () {
      const colored = yield* open({ accounts: rich })
      const plain = yield* open({ accounts: rich }, { env: { NO_COLOR: "1" } })
      assert.match(yield* colored.screen.inColor, /\u001b\[1m/)
      assert.notMatch(yield* plain.screen.inColor, /\u001b\[/)
      assert.strictEqual(
        yield* plain.screen.see(/› 1\. Show[\s\S]*Invite/),
        yield* colored.screen.see(/› 1\. Show[\s\S]*Invite/)
      )
    })
  )

  it.scopedLive("carries on a reset that was cut short, with its key, when it is opened again", () =>
    Effect.gen(function* () {
      const { backend, made, screen } = yield* open({
        accounts: rich,
        plan: [hang("resetCredits.consume", true)]
      })
      yield* walk(
        screen,
        [menu, "2"],
        [/2 usage limit/, "1"],
        [/Use this reset\?/, "1"],
        [/Resetting your usage/, "C-c"]
      )
      checkEnd(yield* screen.ended, 130)
      yield* backend.setPlan([])
      const again = yield* start(made)
      yield* walk(again, [/outcome is not known: carry it on/, "2"], [/Carry on an earlier reset\?/, "1"])
      yield* again.see(/same key\. No further credit was used/)
      yield* again.press("Enter")
      yield* walk(again, [/1 reset available/, "Escape"])
      const ended = yield* again.ended
      assert.strictEqual(ended.code, 0)
      const { redemptions } = yield* backend.account()
      assert.lengthOf(redemptions, 1)
      assert.include(ended.screen, redemptions[0]?.key ?? "no key")
    })
  )

  it.scopedLive("sends nothing for another account than the one that was shown", () =>
    Effect.gen(function* () {
      const bob = { userId: "user-BOB", accountId: "acct-bob", email: "bob@example.test" }
      const { backend, made, screen } = yield* open({ accounts: (now) => [...rich(now), bob] })
      yield* walk(screen, [/Invite someone/, "3"], [/name@example/])
      yield* screen.type(invitee)
      yield* walk(screen, [/› zoe@friends\.test/, "Enter"])
      yield* screen.see(/From: ada@example\.test/)
      const { record } = yield* backend.signIn(FakeAccount.accountKey(bob))
      writeFileSync(join(made.home, "auth.json"), yield* Effect.orDie(Schema.encode(AuthJsonText)(record)))
      yield* screen.press("1")
      yield* screen.see(/bob@example\.test/)
      yield* screen.see(/Show usage/)
      yield* screen.press("Escape")
      checkEnd(yield* screen.ended, 0)
      assert.strictEqual(yield* backend.count("referrals.invite"), 0)
    })
  )

  it.scopedLive("on 40 columns", ({ expect }) =>
    Effect.gen(function* () {
      const { screen } = yield* open({ accounts: rich }, { columns: 40 })
      yield* screen.see(/Invite someone/)
      expect(picture(yield* screen.now)).toMatchInlineSnapshot(`
        "
        Usage

        ada@example.test · Business

        › 1. Show usage
             What is left, and your token
             activity.
          2. Redeem usage limit reset
             2 resets available.
          3. Invite someone to Codex
             Invite a friend; rewards may apply.

        Press enter to confirm or esc to go back
        "
      `)
      yield* walk(screen, [menu, "2"], [/2 usage limit resets/, "1"])
      expect(picture(yield* screen.see(/Use this reset\?/))).toMatchInlineSnapshot(`
        "
        Use this reset?

        First reset, does not expire
        Account: ada@example.test · Business
        Now: 5h 63% left, weekly 39% left
        Ready to use

          1. Yes, use reset (y)
        › 2. No, go back (n)

        Press enter to confirm or esc to go back
        "
      `)
      yield* walk(screen, [/Use this/, "Escape"], [/resets available/, "Escape"], [/Show usage/, "1"])
      const usage = yield* screen.see(/Codex usage[\s\S]*Close/)
      for (const line of usage.split("\n")) assert.isAtMost(columnsOf(line), 40, line)
      yield* screen.press("End", "w", "End")
      yield* screen.see(/▸ weekly/)
      yield* screen.press("c")
      yield* screen.see(/▸ cumulative/)
      yield* screen.press("Enter")
      yield* walk(screen, [menu, "Escape"])
      checkEnd(yield* screen.ended, 0)
    })
  )
})

describe.skipIf(!hasTmux).concurrent("Ctrl-C in the menu", { timeout: 60_000 }, () => {
  const acts = ["resetCredits.consume", "referrals.invite", "workspace.nudge"] as const

  it.scopedLive("goes back from everywhere, and leaves the menu with 130", () =>
    Effect.gen(function* () {
      const { backend, screen } = yield* open({ accounts: stopped, plan: [hang("profile.me")] })
      const back = [/Show usage/] as const
      yield* walk(screen, [menu, "1"], [/Codex usage[\s\S]*Reading the token activity/, "C-c"], back)
      yield* walk(screen, [menu, "2"], [/2 usage limit/, "C-c"], back)
      yield* walk(screen, [menu, "2"], [/2 usage limit/, "1"], [/Use this reset\?/, "C-c"], back)
      yield* walk(screen, [menu, "3"], [/name@example/, "a", "b"], [/› ab/, "C-c"], back)
      yield* walk(screen, [menu, "3"], [/name@example/])
      yield* screen.type(invitee)
      yield* walk(screen, [/› zoe@friends\.test/, "Enter"], [/Send referral/, "C-c"], back)
      yield* walk(screen, [menu, "4"], [/Notify the owner/, "C-c"], back)
      yield* backend.addFaults(hang("usage.read"))
      yield* walk(screen, [menu, "2"], [/Checking your available resets/, "C-c"], [/Reading your account/, "C-c"])
      const ended = yield* screen.ended
      checkEnd(ended, 130)
      assert.strictEqual(ended.screen, "above")
      for (const act of acts) assert.strictEqual(yield* backend.count(act), 0)
    })
  )

  const leaves = (
    name: string,
    options: FakeBackend.FakeBackendOptions & { readonly endpoint: (typeof acts)[number] },
    there: (screen: Screen) => Effect.Effect<void>,
    says: RegExp
  ) =>
    it.scopedLive(`${name}: leaves at once, and says what is not known`, () =>
      Effect.gen(function* () {
        const { endpoint } = options
        const { backend, made, screen } = yield* open({ ...options, plan: [hang(endpoint, true)] })
        yield* there(screen)
        yield* until(Effect.map(backend.count(endpoint), (count) => count > 0))
        yield* screen.see(/Ctrl-C leaves at once/)
        // Escape and Enter mean nothing there.
        yield* screen.press("Escape", "Enter")
        yield* screen.press("C-c")
        const ended = yield* screen.ended
        checkEnd(ended, 130)
        assert.match(ended.screen.replace(/\n/g, ""), says)
        assert.strictEqual(yield* backend.count(endpoint), 1)
        const journal = yield* made.cli(["journal", "--json"])
        assert.match(journal.stdout, /"interrupted"/)
      })
    )

  leaves(
    "while a reset is used",
    { accounts: rich, endpoint: "resetCredits.consume" },
    (screen) => walk(screen, [menu, "2"], [/2 usage limit/, "1"], [/Use this reset\?/, "1"]),
    /error:.*not known.*codex-account redeem --key [0-9a-f-]{36}/
  )
  leaves(
    "while an invite is sent",
    { accounts: rich, endpoint: "referrals.invite" },
    (screen) =>
      Effect.zipRight(
        walk(screen, [/Invite someone/, "3"], [/name@example/]),
        Effect.zipRight(
          screen.type(invitee),
          walk(screen, [/› zoe@friends\.test/, "Enter"], [/Send referral/, "1"], [/Sending an invite/])
        )
      ),
    /error:.*not known.*Ask the recipient/
  )
  leaves(
    "while the owner is asked",
    { accounts: stopped, endpoint: "workspace.nudge" },
    (screen) => walk(screen, [/Ask the workspace/, "4"], [/Notify the owner/, "y"]),
    /error:.*not known.*Ask the owner/
  )

  it.scopedLive("after the reset it says that it was made", () =>
    Effect.gen(function* () {
      const { backend, screen } = yield* open({ accounts: rich })
      yield* walk(screen, [menu, "2"], [/2 usage limit/, "1"], [/Use this reset\?/])
      yield* backend.addFaults(hang("usage.read"))
      yield* screen.press("1")
      yield* screen.see(/Checking what is left/)
      yield* screen.press("C-c")
      const ended = yield* screen.ended
      checkEnd(ended, 130)
      assert.match(ended.screen, /Your usage was reset\. Key: [0-9a-f-]{36}/)
      assert.lengthOf((yield* backend.account()).redemptions, 1)
    })
  )

  it.scopedLive("a signal from outside restores the terminal too", () =>
    Effect.gen(function* () {
      const { screen } = yield* open({ accounts: rich })
      yield* walk(screen, [/Invite someone/, "3"], [/name@example/])
      yield* screen.signal("TERM")
      checkEnd(yield* screen.ended, 130)
    })
  )
})

describe.skipIf(!hasTmux).concurrent("no menu", { timeout: 60_000 }, () => {
  it.scopedLive("without a sign-in", () =>
    Effect.gen(function* () {
      const screen = yield* start(yield* emptyWorld(bin))
      const ended = yield* screen.ended
      checkEnd(ended, 3)
      assert.match(ended.screen, /error: .*[Nn]obody is signed in|error: .*sign/)
    })
  )

  it.scopedLive("with --json or --yes, and on a terminal that can't", () =>
    Effect.gen(function* () {
      const made = yield* world(bin, { accounts: rich })
      for (const size of [{ args: ["--json"] }, { args: ["--yes"] }, { env: { TERM: "dumb" } }]) {
        const screen = yield* start(made, { columns: 200, rows: 60, ...size })
        const ended = yield* screen.ended
        checkEnd(ended, 0)
        assert.match(ended.screen, /ada@example\.test|"command":"status"/)
      }
    })
  )
})
