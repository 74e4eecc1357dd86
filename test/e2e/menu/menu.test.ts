/** The usage menu on a real terminal, over the real command and a backend on a socket. */
import { afterAll, assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { columnsOf } from "../../../src/cli/render/text.js"
import { defaultPolicies, policyOfCall } from "../../../src/domain/CallPolicy.js"
import { FakeAccount, type FakeBackend, Fault, type FaultPlan } from "../../../src/testing/index.js"
import { bundle, emptyWorld, type Place, reached, readIfThere, world } from "../cli/harness.js"
import { type Ended, endTmux, hasTmux, onScreen, type Screen } from "./screen.js"
import { live } from "../../cases.js"

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

const start = ({ env }: Pick<Place, "env">, { args = [], columns = 80, env: more = {}, rows = 24 }: Size = {}) =>
  onScreen([process.execPath, bundle(), ...args], { env: { ...env, ...more }, columns, rows })

const menu = /^Usage$/m
const open = Effect.fn(function* (options: FakeBackend.FakeBackendOptions, size?: Size) {
  const made = yield* world(options)
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

/** What is seen and what is pressed, one after the other. */
const walk = (screen: Screen, ...steps: ReadonlyArray<readonly [see: RegExp, ...press: ReadonlyArray<string>]>) =>
  Effect.forEach(steps, ([pattern, ...keys]) => Effect.zipRight(screen.see(pattern), screen.press(...keys)), {
    discard: true
  })

/** As far as the question whether the invite is sent. */
const inviting = Effect.fn(function* (screen: Screen) {
  yield* walk(screen, [/Invite someone/, "3"], [/name@example/])
  yield* screen.type(invitee)
  yield* walk(screen, [/› zoe@friends\.test/, "Enter"])
  yield* screen.see(/Send referral invite/)
})

const hang = (endpoint: FaultPlan.EndpointName, afterCommit = false) => ({
  endpoint,
  call: "every" as const,
  fault: afterCommit ? Fault.hangAfterCommit : Fault.hang
})

// The words of every page stand beside the menu's program, and how a page is drawn beside the views.
describe.skipIf(!hasTmux).concurrent("the menu", () => {
  live("shows what there is, and Escape leaves it as if nothing had been", function* () {
    const { backend, made, screen } = yield* open({ accounts: rich })
    yield* screen.see(/Invite someone/)
    assert.deepStrictEqual((yield* screen.now).split("\n"), [
      "Usage",
      "",
      "ada@example.test · Business · Analytical Engines",
      "",
      "› 1. Show usage",
      "     What is left, and your token activity.",
      "  2. Redeem usage limit reset",
      "     2 resets available.",
      "  3. Invite someone to Codex",
      "     Invite a friend; rewards may apply.",
      "",
      "Press enter to confirm or esc to go back"
    ])
    yield* screen.press("Escape")
    const ended = yield* screen.ended
    checkEnd(ended, 0)
    assert.strictEqual(ended.screen, "above")
    assert.isEmpty((yield* backend.log).filter(({ method }) => method !== "GET"))
    assert.isNull(readIfThere(join(made.home, "codex-account.sqlite")))
  })

  live("redeems once, after two questions, and leaves a line with the key", function* () {
    const { backend, screen } = yield* open({ accounts: rich })
    yield* screen.press("2")
    yield* screen.see(/2 usage limit resets available\.\n\n› 1\. First reset  does not expire\n {5}Ready to use/)
    yield* screen.press("Down", "Enter")
    yield* screen.see(/Second reset, does not expire[\s\S]*1\. Yes, use reset \(y\)\n› 2\. No, go back \(n\)/)
    yield* screen.press("Enter")
    yield* walk(screen, [/2 usage limit resets available/, "Down", "Enter"], [/Use this reset\?/, "Up", "Enter"])
    yield* walk(screen, [/Your usage was reset\.\n1 reset left\.\nKey: /, "Enter"], [/1 reset available/, "Escape"])
    const ended = yield* screen.ended
    checkEnd(ended, 0)
    const { redemptions } = yield* backend.account()
    assert.strictEqual(ended.screen, `above\n✔ Your usage was reset. Key: ${redemptions[0]?.key}`)
    assert.lengthOf(yield* backend.calls("resetCredits.consume"), 1)
    assert.deepStrictEqual(
      redemptions.map(({ creditId }) => creditId),
      ["rc_2"]
    )
  })

  live("invites once, after showing to whom and on what terms", function* () {
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
    yield* screen.see(/Recipient: zoe@friends\.test\nFrom: ada@example\.test · Business[\s\S]*\n› 2\. Cancel \(n\)/)
    assert.isFalse((yield* screen.cursor).isShown)
    assert.strictEqual(yield* backend.count("referrals.invite"), 0)
    yield* screen.press("Up", "Enter")
    yield* screen.see(/The invite to zoe@friends\.test was sent\. A reward comes with it/)
    yield* screen.press("Escape")
    yield* walk(screen, [menu, "Escape"])
    const ended = yield* screen.ended
    checkEnd(ended, 0)
    assert.strictEqual(ended.screen.replace(uuid, "<key>"), "above\n✔ The invite was sent. Key: <key>")
    assert.strictEqual(yield* backend.count("referrals.invite"), 1)
    assert.deepStrictEqual(
      (yield* backend.account()).invites.map(({ email }) => email),
      [invitee]
    )
  })

  live("what is typed ahead or pasted is no answer", function* () {
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

  live("asks the owner once: Enter and n don't, y does", function* () {
    const { backend, screen } = yield* open({ accounts: stopped })
    yield* walk(screen, [/Ask the workspace owner for credits/, "4"])
    yield* walk(screen, [/Notify the owner[\s\S]*1\. Yes \(y\)\n› 2\. No \(default\) \(n\)/, "Enter"])
    yield* walk(screen, [menu, "4"], [/Notify the owner/, "n"])
    yield* screen.see(menu)
    assert.strictEqual(yield* backend.count("workspace.nudge"), 0)
    yield* walk(screen, [menu, "4"], [/Notify the owner/, "y"], [/Workspace owner notified\./, "Enter"])
    yield* walk(screen, [menu, "4"], [/notified not long ago/, "Enter"])
    yield* walk(screen, [menu, "Escape"])
    const ended = yield* screen.ended
    checkEnd(ended, 0)
    const last = "above\n✔ The workspace owner was asked for more credits. Key:\n  <key>"
    assert.strictEqual(ended.screen.replace(uuid, "<key>"), last)
    assert.strictEqual(yield* backend.count("workspace.nudge"), 1)
    assert.lengthOf((yield* backend.account()).nudges, 1)
  })

  live("follows the size of the terminal, and leaves nothing behind", function* () {
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
      for (const once of [/^Usage$/gm, /Redeem usage limit reset/g]) assert.lengthOf(shown.match(once) ?? [], 1, shown)
      assert.match(shown, /› 2\. Redeem/)
    }
    yield* screen.press("Up")
    yield* screen.see(/› 1/)
    assert.strictEqual(yield* screen.now, whole)
    yield* screen.press("1")
    yield* screen.see(/Codex usage[\s\S]*Close/)
    yield* screen.press("End", "w", "End")
    yield* screen.see(/▸ weekly/)
    yield* screen.press("c")
    yield* walk(screen, [/▸ cumulative/, "Enter"], [menu, "Escape"])
    checkEnd(yield* screen.ended, 0)
  })

  live("in colours, and without them", function* () {
    const colored = yield* open({ accounts: rich })
    const plain = yield* open({ accounts: rich }, { env: { NO_COLOR: "1" } })
    const whole = /› 1\. Show[\s\S]*Invite/
    assert.strictEqual(yield* plain.screen.see(whole), yield* colored.screen.see(whole))
    assert.match(yield* colored.screen.inColor, /\u001b\[1m/)
    assert.notMatch(yield* plain.screen.inColor, /\u001b\[/)
  })
})

describe.skipIf(!hasTmux).concurrent("Ctrl-C in the menu", () => {
  const acts = ["resetCredits.consume", "referrals.invite", "workspace.nudge"] as const

  live("goes back from everywhere, and leaves the menu with 130", function* () {
    const { backend, screen } = yield* open({ accounts: stopped, plan: [hang("profile.me")] })
    const back = [/Show usage/] as const
    yield* walk(screen, [menu, "1"], [/Codex usage[\s\S]*Reading the token activity/, "C-c"], back)
    yield* walk(screen, [menu, "2"], [/2 usage limit/, "C-c"], back)
    yield* walk(screen, [menu, "2"], [/2 usage limit/, "1"], [/Use this reset\?/, "C-c"], back)
    yield* walk(screen, [menu, "3"], [/name@example/, "a", "b"], [/› ab/, "C-c"], back)
    yield* inviting(screen)
    yield* walk(screen, [/Send referral/, "C-c"], back)
    yield* walk(screen, [menu, "4"], [/Notify the owner/, "C-c"], back)
    yield* backend.addFaults(hang("usage.read"))
    yield* walk(screen, [menu, "2"], [/Checking your available resets/, "C-c"], [/Reading your account/, "C-c"])
    const ended = yield* screen.ended
    checkEnd(ended, 130)
    assert.strictEqual(ended.screen, "above")
    for (const act of acts) assert.strictEqual(yield* backend.count(act), 0)
  })

  const using = (screen: Screen) => walk(screen, [menu, "2"], [/2 usage limit/, "1"], [/Use this reset\?/, "1"])
  live.each([
    ["a reset is used", rich, acts[0], using, /error:.*not known.*codex-account redeem --key [0-9a-f-]{36}/],
    [
      "an invite is sent",
      rich,
      acts[1],
      (screen: Screen) =>
        Effect.zipRight(inviting(screen), walk(screen, [/Send referral/, "1"], [/Sending an invite/])),
      /error:.*not known.*Ask the recipient/
    ],
    [
      "the owner is asked",
      stopped,
      acts[2],
      (screen: Screen) => walk(screen, [/Ask the workspace/, "4"], [/Notify the owner/, "y"]),
      /error:.*not known.*Ask the owner/
    ]
  ] as const)("while %s: leaves at once, and says what is not known", function* ([, accounts, endpoint, there, says]) {
    const { backend, made, screen } = yield* open({ accounts, plan: [hang(endpoint, true)] })
    yield* there(screen)
    yield* reached(backend, endpoint)
    yield* screen.see(/Ctrl-C leaves at once/)
    // Escape and Enter mean nothing there.
    yield* screen.press("Escape", "Enter", "C-c")
    const ended = yield* screen.ended
    checkEnd(ended, 130)
    assert.match(ended.screen.replace(/\n/g, ""), says)
    const sent = yield* backend.count(endpoint)
    // A redemption that is not answered within its attempt's time is sent again with its key; the others never are.
    const most = defaultPolicies[policyOfCall[endpoint]].attempts
    assert.isTrue(sent >= 1 && sent <= most, `${endpoint}: ${sent}`)
    assert.match((yield* made.cli(["journal", "--json"])).stdout, /"interrupted"/)
  })

  live("after the reset it says that it was made", function* () {
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

  live("a signal from outside restores the terminal too", function* () {
    const { screen } = yield* open({ accounts: rich })
    yield* walk(screen, [/Invite someone/, "3"], [/name@example/])
    yield* screen.signal("TERM")
    checkEnd(yield* screen.ended, 130)
  })
})

describe.skipIf(!hasTmux).concurrent("no menu", () => {
  live("without a sign-in", function* () {
    const screen = yield* start(yield* emptyWorld)
    const ended = yield* screen.ended
    checkEnd(ended, 3)
    assert.match(ended.screen, /error: .*[Nn]obody is signed in|error: .*sign/)
  })

  live.each<Size>([{ args: ["--json"] }, { args: ["--yes"] }, { env: { TERM: "dumb" } }])("with %j", function* (size) {
    const screen = yield* start(yield* world({ accounts: rich }), { columns: 200, rows: 60, ...size })
    const ended = yield* screen.ended
    checkEnd(ended, 0)
    assert.match(ended.screen, /ada@example\.test|"command":"status"/)
  })
})
