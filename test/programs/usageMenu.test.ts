/** The usage menu with a person from a script, over the real services and the fake backend. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import { usageMenu } from "../../src/programs/usageMenu.js"
import { UsageSnapshot } from "../../src/domain/UsageSnapshot.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { type Choice, Dialog } from "../../src/services/Dialog.js"
import { RateLimits } from "../../src/services/RateLimits.js"
import { Arbitraries, FakeAccount, FakeBackend, Fault, FaultPlan, ScriptedDialog } from "../../src/testing/index.js"
import {
  account,
  calls,
  count,
  done,
  ending,
  finish,
  invitee,
  run,
  type Services,
  secondSignsIn,
  offers,
  becomes,
  states,
  faulty
} from "./harness.js"
import { runs, test } from "../cases.js"

/**
 * Questions in their order, each with its answer, such as `menu redeem, redeem.credit 0, redeem.confirm yes, menu -`: a
 * number is that row, `yes` and `no` are true and false, `-` leaves. An effect is what happens to the world while the
 * person reads the question before it.
 */
type Steps = string | Effect.Effect<unknown, unknown, Services>

const answerOf = (word: string): ScriptedDialog.Answer => {
  if (word === "-") return ScriptedDialog.cancel
  if (/^\d$/.test(word)) return ScriptedDialog.nth(Number(word))
  return word === "yes" ? true : word === "no" ? false : word
}

const ids = [
  "menu redeem.credit redeem.confirm redeem.done redeem.failed redeem.quiet menu.signedOut",
  "invite.email invite.confirm invite.done invite.rejected invite.again",
  "nudge.confirm nudge.done nudge.failed nudge.again",
  "workspace.choose workspace.failed"
].flatMap((line) => line.split(" "))

const everyQuestion = (answer: ScriptedDialog.Script[string]): ScriptedDialog.Script =>
  Object.fromEntries(ids.map((id) => [id, answer]))

const rowText = ({ enabled, hint, label }: Choice<unknown>) =>
  `${enabled === false ? "(off) " : ""}${label}${hint === undefined ? "" : `, ${hint}`}`

/** A question as a few lines. */
const page = (question: ScriptedDialog.Question): string => {
  const rows =
    question._tag === "Choose"
      ? [...question.choices.map(rowText), ...(question.cancel === undefined ? [] : [question.cancel])]
      : question._tag === "Confirm"
        ? [question.yes, question.no]
        : [`> ${question.initial ?? ""}`]
  return [`[${question.id}] ${question.title}`, ...(question.details ?? []), ...rows.map((row) => `- ${row}`)].join(
    "\n"
  )
}

const choicesOf = (question: ScriptedDialog.Question | undefined) =>
  question?._tag === "Choose" ? question.choices : []

const showUsage = Effect.flatMap(Dialog, (dialog) => dialog.notice("the usage is shown"))

/** Walks through the menu; gives every question as it was shown. It has to end, with every step taken. */
const walk = (...steps: ReadonlyArray<Steps>) =>
  Effect.gen(function* () {
    const dialog = yield* ScriptedDialog.ScriptedDialog
    const context = yield* Effect.context<Services>()
    const left = steps.flatMap((part): ReadonlyArray<Steps> => (typeof part === "string" ? part.split(", ") : [part]))
    const shown: Array<ScriptedDialog.Question> = []
    yield* dialog.answer(
      everyQuestion((question) => {
        shown.push(question)
        const [step, meanwhile] = left
        const [id, word = ""] = typeof step === "string" ? step.split(" ") : []
        if (id !== question.id) return undefined
        left.splice(0, Effect.isEffect(meanwhile) ? 2 : 1)
        return Effect.isEffect(meanwhile)
          ? Effect.as(Effect.orDie(Effect.provide(meanwhile, context)), answerOf(word))
          : answerOf(word)
      })
    )
    const { exit } = yield* finish(usageMenu({ showUsage }))
    const pages = shown.map(page)
    assert.isTrue(Exit.isSuccess(exit), `${String(exit)}\n${pages.at(-1)}`)
    assert.deepStrictEqual(left, [], pages.at(-1))
    return { pages, shown, last: (id: string) => pages.filter((each) => each.startsWith(`[${id}]`)).at(-1) ?? "" }
  })

const owner = (given: Partial<FakeAccount.FakeAccount>) => account({ accounts: [given] })
const failing = (endpoint: FaultPlan.EndpointName, fault: Fault.Fault, call: number | "every" = "every") =>
  account(faulty(endpoint, fault, call))

const plan = (rules: FaultPlan.FaultPlan) =>
  Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.setPlan(rules))
const fault = (endpoint: FaultPlan.EndpointName, fault: Fault.Fault) => plan([FaultPlan.on(endpoint, "every", fault)])

const stopped = { reachedType: "workspace_member_credits_depleted" } as const
const spendCap = { reachedType: "workspace_member_usage_limit_reached" } as const

/** The acts that reached the backend. */
const posts = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
  Effect.map(backend.log, (log) =>
    log.flatMap(({ endpoint, method }) => (method === "POST" && endpoint !== "oauth.token" ? [endpoint] : []))
  )
)
const sentBodies = Effect.map(calls("resetCredits.consume"), (all) => all.map(({ body }) => JSON.stringify(body)))

const signOut = Effect.flatMap(AuthSession, (auth) => auth.signOut({ revoke: false }))

describe("the whole menu", () => {
  test("redeems, invites and writes to the owner: one POST each", owner(stopped), function* () {
    const { pages } = yield* walk(
      `menu usage, menu nudge, nudge.confirm yes, nudge.done -, menu invite, invite.email ${invitee}, invite.confirm yes, invite.done -, menu redeem, redeem.credit 0, redeem.confirm yes, redeem.done -, menu -`
    )
    expect(`\n${pages.filter((each) => !each.startsWith("[menu]")).join("\n\n")}\n`).toMatchInlineSnapshot(`
        "
        [nudge.confirm] You've reached your workspace credit limit
        Your workspace has no credits left. Notify the owner?
        Account: ada@example.test · Business
        Role: standard-user (live)
        - Yes
        - No (default)

        [nudge.done] Message to the workspace owner
        Workspace owner notified.
        Operation key-1
        - Close

        [invite.email] Invite someone to Codex
        To one e-mail address. You see everything once more before it is sent.
        - > 

        [invite.confirm] Send referral invite?
        Invite a friend; rewards may apply.
        Recipient: zoe.invitee@friends.test
        From: ada@example.test · Business
        • Your friend must be new to Codex.
        By sending you confirm that the recipient wants to hear from you.
        - Send invite
        - Cancel

        [invite.done] Invite someone to Codex
        The invite to zoe.invitee@friends.test was sent. A reward comes with it.
        Operation key-2
        - Close

        [redeem.credit] Usage limit resets
        2 usage limit resets available.
        - Full reset, expires 1970-01-31T00:00:00.000Z
        - Full reset, expires 1970-03-02T00:00:00.000Z
        - Cancel

        [redeem.confirm] Use this reset?
        Full reset, expires 1970-01-31T00:00:00.000Z
        Account: ada@example.test · Business
        Now: 5h 63% left, weekly 39% left
        Ready to use
        - Yes, use reset
        - No, go back

        [redeem.done] Usage limit resets
        Your usage was reset.
        1 reset left.
        Key: key-3
        - Close
        "
      `)
    assert.deepStrictEqual(yield* posts, ["workspace.nudge", "referrals.invite", "resetCredits.consume"])
    assert.deepStrictEqual(yield* done, { redeem: 1, invite: 1, nudge: 1 })
    assert.deepStrictEqual(yield* states, ["succeeded", "succeeded", "succeeded"])
    assert.deepStrictEqual(yield* (yield* ScriptedDialog.ScriptedDialog).notices, ["the usage is shown"])
  })

  test("goes all the way back with Escape and No: no POST", owner(stopped), function* () {
    yield* walk(
      `menu redeem, redeem.credit -, menu redeem, redeem.credit 0, redeem.confirm no, redeem.credit 0, redeem.confirm -, menu invite, invite.email -, menu invite, invite.email ${invitee}, invite.confirm no, menu nudge, nudge.confirm no, menu -`
    )
    assert.deepStrictEqual([yield* posts, yield* states], [[], []])
  })

  test("is not shown when no account is signed in", account(), function* () {
    yield* signOut
    const error = yield* run(Effect.flip(usageMenu({ showUsage })))
    assert.deepInclude(error, { _tag: "AuthError", reason: "NotSignedIn" })
    assert.deepStrictEqual(yield* (yield* ScriptedDialog.ScriptedDialog).asked, [])
  })

  test("goes back from a read that the person leaves, and ends from its own", account(), function* () {
    const dialog = yield* Dialog
    const leaving = (label: string) =>
      Effect.provideService(walk("menu redeem, menu -"), Dialog, {
        ...dialog,
        progress: (shown, work) => (shown === label ? Effect.interrupt : dialog.progress(shown, work))
      })
    yield* leaving("Checking your available resets")
    const exit = yield* Effect.exit(
      Effect.provideService(walk(), Dialog, {
        ...dialog,
        progress: (shown, work) => (shown === "Reading your account" ? Effect.interrupt : dialog.progress(shown, work))
      })
    )
    assert.isTrue(Exit.isSuccess(exit))
  })
})

describe("the rows", () => {
  const rowsOf = (given: ReadonlyArray<string>) => given.map((row) => row.replace(/^- /, ""))
  const front = Effect.map(walk("menu -"), ({ pages: [menu = ""], shown: [question] }) => ({
    rows: rowsOf(menu.split("\n").filter((line) => line.startsWith("- "))),
    details: question?._tag === "Choose" ? (question.details ?? []) : [],
    descriptions: choicesOf(question).map(({ description }) => description)
  }))

  const all = ["Show usage", "Redeem usage limit reset", "Invite someone to Codex"]
  const none = { resetCredits: [] }
  const noOffer = { offer: null }
  const cases: ReadonlyArray<readonly [string, FakeBackend.FakeBackendOptions, ReadonlyArray<string>, string?]> = [
    ["two resets", {}, all, "2 resets available."],
    [
      "one reset",
      { accounts: [{ resetCredits: [FakeAccount.makeResetCredit(0, "rc_1")] }] },
      all,
      "1 reset available."
    ],
    [
      "no resets",
      { accounts: [none] },
      [all[0] ?? "", "(off) Redeem usage limit reset", all[2] ?? ""],
      "None available."
    ],
    [
      "a count that can't be read",
      faulty("usage.read", Fault.forbidden),
      all,
      "Check what is available: the last reading failed."
    ],
    [
      "a backend that does not answer",
      { plan: (["usage.read", "referrals.rules"] as const).map((name) => FaultPlan.on(name, "every", Fault.hang)) },
      all.slice(0, 2),
      "Check what is available: the last reading failed."
    ],
    ["no offer", { accounts: [noOffer] }, all.slice(0, 2)],
    ["eligibility that is forbidden", faulty("referrals.eligibility", Fault.forbidden), all.slice(0, 2)],
    ["rules that fail", faulty("referrals.rules", Fault.status(500)), all.slice(0, 2)],
    ["a member without credits", { accounts: [stopped] }, [...all, "Ask the workspace owner for credits"]],
    ["a member at the spend cap", { accounts: [spendCap] }, [...all, "Ask the workspace owner for a higher limit"]],
    [
      "an owner without credits",
      { accounts: [{ reachedType: "workspace_owner_credits_depleted" }] },
      [...all, "What to do about the workspace's limit"]
    ],
    ["a limit of the account's own", { accounts: [{ reachedType: "rate_limit_reached" }] }, all]
  ]
  test.each([...cases], ([, backend]) => account(backend))("with %s", function* ([, , rows, description]) {
    const shown = yield* front
    assert.deepStrictEqual(shown.rows, [...rows])
    if (description !== undefined) assert.strictEqual(shown.descriptions[1], description)
    assert.strictEqual(shown.details[0], "ada@example.test · Business · Analytical Engines")
    assert.lengthOf(shown.details, description?.includes("failed") === true ? 2 : 1)
  })

  const several = {
    accounts: [{}, { userId: "user-FAKE1", accountId: "ws-2", workspaceName: "Looms", email: "ada@example.test" }]
  }

  test("with more than one workspace, which can be changed", account(several), function* () {
    const { shown } = yield* walk("menu workspace", "workspace.choose 1", "menu -")
    const menus = shown.filter(({ id }) => id === "menu")
    assert.deepStrictEqual(
      menus.map(({ details }) => details?.[0]),
      ["ada@example.test · Business · Analytical Engines", "ada@example.test · Business · Looms"]
    )
    assert.deepStrictEqual(choicesOf(menus[0]).at(-1)?.description, "You are in Analytical Engines.")
  })

  test(
    "with a change that fails, which is told",
    account({ ...several, ...faulty("workspaces.switch", Fault.forbidden) }),
    function* () {
      const { pages } = yield* walk("menu workspace", "workspace.choose 1", "workspace.failed -", "menu -")
      assert.include(pages[2], "the account may not do this")
      assert.include(pages[3], "Analytical Engines")
    }
  )

  test("where there are no invites", account({ settings: { style: "codex" } }), function* () {
    assert.deepStrictEqual((yield* front).rows, all.slice(0, 2))
  })

  test("a failed read keeps a known zero, and another one finds what has come", owner(none), function* () {
    const { shown } = yield* walk(
      "menu usage",
      fault("usage.read", Fault.forbidden),
      "menu usage",
      Effect.zipRight(plan([]), becomes({ resetCredits: [FakeAccount.makeResetCredit(0, "rc_1")] })),
      "menu -"
    )
    const enabled = shown.map((question) => choicesOf(question)[1]?.enabled)
    assert.deepStrictEqual(enabled, [false, false, true])
  })

  test(
    "the row of resets leads to one that is open, whatever number is left",
    failing("resetCredits.consume", Fault.hangAfterCommit),
    function* () {
      const { last, shown } = yield* walk(
        "menu redeem, redeem.credit 0, redeem.confirm yes, redeem.failed -",
        becomes({ ...none }),
        "menu redeem, redeem.confirm no, menu -"
      )
      assert.deepInclude(choicesOf(shown.at(-1))[1], {
        enabled: true,
        description: "One was sent, and its outcome is not known: carry it on."
      })
      assert.include(last("redeem.confirm"), "Carry on an earlier reset?")
      assert.deepStrictEqual(yield* states, ["unknown"])
    }
  )
})

describe("a redemption", () => {
  const outcomes: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, Services>, ReadonlyArray<string>]> = [
    ["that resets", Effect.void, ["Your usage was reset.", "1 reset left.", "Key: key-1", "- Close"]],
    [
      "whose rest can't be read",
      fault("usage.read", Fault.status(500)),
      ["Your usage was reset.", "How many resets are left could not be read.", "Key: key-1", "- Close"]
    ],
    [
      "that is not needed",
      becomes({ primary: null, secondary: null }),
      ["Your usage does not need a reset now. No credit was used.", "- Close"]
    ],
    [
      "under a key of somebody else",
      becomes({ redemptions: [{ key: "key-1", creditId: "rc_9", at: 0 }] }),
      ["Nothing was done: this key was used before, by somebody else.", "- Close"]
    ]
  ]
  test.each([...outcomes], account())("%s", function* ([, meanwhile, lines]) {
    const { last, shown } = yield* walk(
      "menu redeem, redeem.credit 0, redeem.confirm yes",
      meanwhile,
      "redeem.done -, menu -"
    )
    assert.deepStrictEqual(last("redeem.done").split("\n").slice(1), [...lines])
    // A number from before the reset is not shown any more.
    if (lines.join().includes("could not be read"))
      assert.match(choicesOf(shown.at(-1))[1]?.description ?? "", /last reading failed/)
  })

  test("of a credit that is gone can look again at what there is", account(), function* () {
    const gone = becomes(({ resetCredits }) => ({ resetCredits: resetCredits.slice(1) }))
    const { last, pages } = yield* walk(
      "menu redeem, redeem.credit 0, redeem.confirm yes",
      gone,
      "redeem.done yes, redeem.credit 0, redeem.confirm yes, redeem.done -, menu -"
    )
    assert.include(pages.join("\n"), "This reset is gone. Nothing was used.\n- Try again\n- Close")
    assert.include(last("redeem.done"), "Your usage was reset.\nNo resets are left.")
    // Not under the key of the one that is gone.
    assert.deepStrictEqual(yield* sentBodies, [
      '{"redeem_request_id":"key-1","credit_id":"rc_1"}',
      '{"redeem_request_id":"key-2","credit_id":"rc_2"}'
    ])
  })

  test("when there is none any more", account(), function* () {
    const spent = becomes({ resetCredits: [] })
    const { shown } = yield* walk("menu redeem", spent, "redeem.done -, menu -")
    assert.match(page(shown[1] ?? assert.fail()), /No usage limit resets are available/)
    assert.deepInclude(choicesOf(shown[2])[1], { enabled: false })
    assert.deepStrictEqual(yield* posts, [])
  })

  test(
    "without details has one row, and names no credit",
    failing("resetCredits.list", Fault.status(500)),
    function* () {
      const { last } = yield* walk("menu redeem, redeem.credit 0, redeem.confirm yes, redeem.done -, menu -")
      assert.strictEqual(
        last("redeem.credit"),
        "[redeem.credit] Usage limit resets\n2 usage limit resets available.\n- Full reset\n- Cancel"
      )
      assert.deepStrictEqual(yield* sentBodies, ['{"redeem_request_id":"key-1"}'])
    }
  )

  test(
    "offers every credit, the one that expires first at the top, and says what each does",
    owner({
      resetCredits: Array.from({ length: 9 }, (_, index) =>
        FakeAccount.makeResetCredit(0, `rc_${index}`, {
          expiresAt: index === 0 ? null : (9 - index) * 86_400_000,
          description: null
        })
      )
    }),
    function* () {
      const { shown } = yield* walk("menu redeem, redeem.credit -, menu -")
      const choices = choicesOf(shown.find(({ id }) => id === "redeem.credit"))
      assert.deepStrictEqual(
        choices.map(({ hint }) => hint),
        [...Array.from({ length: 8 }, (_, day) => `expires 1970-01-0${day + 2}T00:00:00.000Z`), "does not expire"]
      )
      assert.deepStrictEqual(
        [...new Set(choices.map(({ description }) => description))],
        ["Resets your weekly and your 5h limit."]
      )
    }
  )

  test(
    "whose answers were lost is tried again with its key and its credit, and is a success",
    failing("resetCredits.consume", Fault.resetAfterCommit),
    function* () {
      const { last } = yield* walk(
        "menu redeem, redeem.credit 0, redeem.confirm yes, redeem.failed yes, redeem.failed yes",
        plan([]),
        "redeem.done -, menu -"
      )
      assert.match(last("redeem.failed"), /is not known[\s\S]*- Try again\n- Close/)
      assert.match(last("redeem.done"), /done before, with the same key[\s\S]*1 reset left\.\nKey: key-1/)
      assert.deepStrictEqual([...new Set(yield* sentBodies)], ['{"redeem_request_id":"key-1","credit_id":"rc_1"}'])
      assert.deepStrictEqual([(yield* done).redeem, yield* states], [1, ["succeeded"]])
    }
  )

  test(
    "that was left open is carried on first, with its key and without another",
    failing("resetCredits.consume", Fault.hangAfterCommit),
    function* () {
      const { last } = yield* walk(
        "menu redeem, redeem.credit 0, redeem.confirm yes, redeem.failed -",
        plan([]),
        "menu redeem, redeem.confirm no, menu redeem, redeem.confirm yes, redeem.done -, menu -"
      )
      assert.match(
        last("redeem.confirm"),
        /Carry on an earlier reset\?[\s\S]*Key: key-1\n- Yes, carry it on\n- No, go back/
      )
      assert.deepStrictEqual([...new Set(yield* sentBodies)], ['{"redeem_request_id":"key-1","credit_id":"rc_1"}'])
      assert.strictEqual((yield* done).redeem, 1)
    }
  )

  test(
    "that was refused before it left is begun anew with another key when it was closed",
    failing("resetCredits.consume", Fault.refused),
    function* () {
      yield* walk(
        "menu redeem, redeem.credit 0, redeem.confirm yes, redeem.failed -",
        plan([]),
        "menu redeem, redeem.credit 0, redeem.confirm yes, redeem.done -, menu -"
      )
      assert.deepStrictEqual(yield* sentBodies, ['{"redeem_request_id":"key-2","credit_id":"rc_1"}'])
      assert.deepStrictEqual(yield* states, ["succeeded", "abandoned"])
    }
  )

  test("within the quiet period of another: only if that is said", account(), function* () {
    const { last } = yield* walk(
      "menu redeem, redeem.credit 0, redeem.confirm yes, redeem.done -, menu redeem, redeem.quiet -, menu redeem, redeem.quiet yes, redeem.credit 0, redeem.confirm yes, redeem.done -, menu -"
    )
    assert.match(
      last("redeem.quiet"),
      /may be older than that, until 1970-01-01T00:20:00\.000Z\.\n- Use another reset\n- Close/
    )
    assert.lengthOf(yield* sentBodies, 2)
  })

  test("whose resets can't be looked up is tried again", account(), function* () {
    const { last } = yield* walk(
      "menu redeem",
      fault("usage.read", Fault.forbidden),
      "redeem.failed yes, redeem.failed yes",
      plan([]),
      "redeem.credit -, menu -"
    )
    assert.match(last("redeem.failed"), /- Try again\n- Close/)
    assert.deepStrictEqual(yield* posts, [])
  })

  test("is not begun where the usage says nothing about resets", account(), function* () {
    const limits = yield* RateLimits
    const { last } = yield* Effect.provideService(walk("menu redeem, redeem.failed -, menu -"), RateLimits, {
      ...limits,
      read: (options) =>
        Effect.map(limits.read(options), (usage) => new UsageSnapshot({ ...usage, resetCredits: null }))
    })
    assert.match(last("menu"), /could not be understood|unexpected|usage\.read/i)
    assert.deepStrictEqual(yield* posts, [])
  })
})

describe("an invite", () => {
  test.each(
    [
      [true, "A reward comes with it."],
      [false, "No reward comes with it."]
    ] as const,
    account()
  )("says whether a reward comes with it: %s", function* ([inviteReward, says]) {
    yield* offers({ inviteReward })
    const { last } = yield* walk(`menu invite, invite.email ${invitee}, invite.confirm yes, invite.done -, menu -`)
    assert.include(last("invite.done"), `The invite to ${invitee} was sent. ${says}`)
    assert.deepStrictEqual(
      (yield* (yield* FakeBackend.FakeBackend).account()).invites.map(({ email }) => email),
      [invitee]
    )
  })

  test("to an address that was invited: only if that is said", account(), function* () {
    const { last } = yield* walk(
      `menu invite, invite.email ${invitee}, invite.confirm yes, invite.done -, menu invite, invite.email ${invitee}, invite.again -, menu invite, invite.email ${invitee}, invite.again yes, invite.confirm yes, invite.done -, menu -`
    )
    assert.match(
      last("invite.again"),
      /was sent at 1970-01-01[\s\S]*Nothing was sent now\.\n- Send another one\n- No, go back/
    )
    assert.deepStrictEqual(yield* posts, ["referrals.invite", "referrals.invite"])
  })

  test(
    "that was refused is sent to the address as it was edited",
    failing("referrals.invite", Fault.status(422), 1),
    function* () {
      const { last } = yield* walk(
        `menu invite, invite.email ${invitee}, invite.confirm yes, invite.rejected yes, invite.email yan@friends.test, invite.confirm yes, invite.done -, menu -`
      )
      assert.include(last("invite.rejected"), `Check the address: ${invitee}`)
      assert.include(last("invite.email"), `> ${invitee}`)
      assert.deepStrictEqual(yield* states, ["succeeded", "rejected"])
      assert.strictEqual((yield* done).invite, 1)
    }
  )

  test.each(
    [
      ["no answer", Fault.hang],
      ["an error", Fault.status(500)],
      ["an answer that can't be read", Fault.malformedJson]
    ] as const,
    ([, fault]) => failing("referrals.invite", fault)
  )("that meets %s may have gone out, and is never offered again", function* () {
    const { last } = yield* walk(
      `menu invite, invite.email ${invitee}, invite.confirm yes, invite.done -, menu invite, invite.email ${invitee}, invite.again -, menu -`
    )
    assert.match(last("invite.done"), /is not known[\s\S]*Ask the recipient/)
    assert.notInclude(last("invite.done"), "again")
    assert.include(last("invite.again"), "its outcome is not known. Ask the recipient first.")
    assert.strictEqual(yield* count("referrals.invite"), 1)
  })

  test.each(
    [
      ["has changed", offers({ rules: ["Another rule."] }), /the offer changed/],
      ["is gone", offers({ shouldShow: false }), /no offer/]
    ] as const,
    account()
  )("under an offer that %s since it was confirmed is not sent", function* ([, meanwhile, says]) {
    const { last } = yield* walk(
      `menu invite, invite.email ${invitee}, invite.confirm yes`,
      meanwhile,
      "invite.done -, menu -"
    )
    assert.match(last("invite.done"), says)
    assert.notInclude(last("invite.done"), "again\n")
    assert.deepStrictEqual(yield* posts, [])
  })

  test("whose offer goes before the address is typed asks for none", account(), function* () {
    const { last } = yield* walk("menu invite", offers({ shouldShow: false }), "invite.done -, menu -")
    assert.match(last("invite.done"), /no offer/)
  })
})

describe("a message to the owner", () => {
  test.each(
    [
      [
        stopped,
        "You've reached your workspace credit limit",
        "Workspace owner notified.",
        "The owner was notified not long ago."
      ],
      [spendCap, "Usage limit reached", "Limit increase requested.", "An increase was requested not long ago."]
    ] as const,
    ([given]) => owner(given)
  )("is sent once, and not again too soon: %o", function* ([, title, sent, recently]) {
    const { last, pages } = yield* walk("menu nudge, nudge.confirm yes, nudge.done -, menu nudge, nudge.done -, menu -")
    assert.include(last("nudge.confirm"), title)
    assert.include(pages.join("\n"), `${sent}\nOperation key-1\n- Close`)
    assert.include(last("nudge.done"), recently)
    assert.strictEqual((yield* done).nudge, 1)
  })

  test.each(
    [
      [
        "an owner by the limit that is reached",
        { reachedType: "workspace_owner_credits_depleted" },
        "You own this workspace: add credits in its settings."
      ],
      ["an admin", { ...stopped, role: "account-admin" }, "You own or administer this workspace"]
    ] as const,
    ([, given]) => owner(given)
  )("%s learns what to do instead", function* ([, , advice]) {
    const { last } = yield* walk("menu nudge, nudge.failed -, menu -")
    assert.include(last("nudge.failed"), advice)
    assert.notInclude(last("nudge.failed"), "Try again")
    assert.deepStrictEqual(yield* posts, [])
  })

  test(
    "that failed is tried again",
    account({ accounts: [stopped], ...faulty("workspace.nudge", Fault.forbidden, 1) }),
    function* () {
      const { last } = yield* walk(
        "menu nudge, nudge.confirm yes, nudge.failed yes, nudge.confirm yes, nudge.done -, menu -"
      )
      assert.match(last("nudge.failed"), /- Try again\n- Close/)
      assert.strictEqual((yield* done).nudge, 1)
    }
  )

  test(
    "that may have gone out is sent again only if that is said",
    account({ accounts: [stopped], ...faulty("workspace.nudge", Fault.hangAfterCommit) }),
    function* () {
      const { last } = yield* walk(
        "menu nudge, nudge.confirm yes, nudge.failed -",
        plan([]),
        "menu nudge, nudge.again -, menu nudge, nudge.again yes, nudge.confirm yes, nudge.done -, menu -"
      )
      assert.match(last("nudge.failed"), /Ask the owner/)
      assert.notInclude(last("nudge.failed"), "Try again")
      assert.match(
        last("nudge.again"),
        /A message was sent at 1970[\s\S]*Operation key-1\n- Send another one\n- No, go back/
      )
      assert.strictEqual(yield* count("workspace.nudge"), 2)
    }
  )
})

describe("when another account signs in", () => {
  const two = account({
    accounts: [stopped, { userId: "user-B", accountId: "account-B", email: "bea@example.test", resetCredits: [] }]
  })
  const other = secondSignsIn
  /** The answer never comes: the change is seen first. */
  const gone = Effect.zipRight(other, Effect.never)

  test.each(
    [
      ["the menu", "menu redeem"],
      ["the choice of a reset", "menu redeem, redeem.credit 0"],
      ["the question about a reset", "menu redeem, redeem.credit 0, redeem.confirm yes"],
      ["the address", `menu invite, invite.email ${invitee}`],
      ["the question about an invite", `menu invite, invite.email ${invitee}, invite.confirm yes`],
      ["the question to the owner", "menu nudge, nudge.confirm yes"]
    ] as const,
    two
  )("%s goes away, and the menu begins anew", function* ([, steps]) {
    const { last, shown } = yield* walk(steps, gone, "menu -")
    assert.match(last("menu"), /bea@example\.test/)
    assert.deepInclude(shown.at(-1)?._tag === "Choose" && shown.at(-1), { id: "menu" })
    assert.match(last("menu"), /\(off\) Redeem/)
    assert.deepStrictEqual([yield* posts, yield* states], [[], []])
  })

  test("an answer that was given at the same time sends nothing", two, function* () {
    yield* walk("menu redeem, redeem.credit 0, redeem.confirm yes", other, "menu -")
    assert.deepStrictEqual(yield* posts, [])
  })

  test("what is read is dropped, and what was sent comes to its end", two, function* () {
    yield* (yield* FakeBackend.FakeBackend).setPlan([FaultPlan.on("resetCredits.consume", 1, Fault.delay("5 seconds"))])
    const context = yield* Effect.context<Services>()
    const later = Effect.forkDaemon(Effect.provide(Effect.delay(other, "1 second"), context))
    const { last } = yield* walk("menu redeem, redeem.credit 0, redeem.confirm yes", later, "menu -")
    assert.strictEqual(last("redeem.done"), "")
    assert.match(last("menu"), /bea@example\.test/)
    assert.deepStrictEqual([(yield* done).redeem, yield* states], [1, ["succeeded"]])
  })

  test("or the account signs out, that is said, and the menu comes back with the next account", two, function* () {
    const { last } = yield* walk(
      "menu redeem, redeem.credit 0",
      Effect.zipRight(signOut, Effect.never),
      "menu.signedOut -",
      gone,
      "menu usage",
      Effect.zipRight(signOut, Effect.never),
      "menu.signedOut -"
    )
    assert.match(last("menu.signedOut"), /No account is signed in any more/)
    assert.match(last("menu"), /bea@example\.test/)
  })
})

it.effect.prop(
  "whatever a person chooses and whatever goes wrong, nothing is done that was not confirmed, and no credit twice",
  { decisions: FastCheck.array(FastCheck.nat(5), { minLength: 4, maxLength: 25 }), plan: Arbitraries.faultPlan() },
  ({ decisions, plan }) =>
    Effect.gen(function* () {
      const dialog = yield* ScriptedDialog.ScriptedDialog
      const left = [...decisions]
      const agreed = { redeem: 0, invite: 0, nudge: 0 }
      yield* dialog.answer(
        everyQuestion((question) => {
          const decision = left.shift()
          if (decision === undefined) return ScriptedDialog.cancel
          if (question._tag === "Ask")
            return decision === 0 ? ScriptedDialog.cancel : `${"abcde"[decision]}@friends.test`
          if (question._tag === "Choose") {
            const { choices } = question
            const enabled = choices.flatMap((choice, index) => (choice.enabled === false ? [] : [index]))
            return decision < enabled.length ? ScriptedDialog.nth(enabled[decision] ?? 0) : ScriptedDialog.cancel
          }
          const yes = decision > 1
          for (const act of ["redeem", "invite", "nudge"] as const) {
            if (yes && question.id === `${act}.confirm`) agreed[act] += 1
          }
          return yes
        })
      )
      yield* ending(Effect.exit(usageMenu({ showUsage })), "1 day")
      const did = yield* done
      const bodies = new Set(yield* sentBodies)
      assert.isAtMost(bodies.size, agreed.redeem)
      assert.isAtMost(did.redeem, bodies.size)
      assert.isAtMost(yield* count("referrals.invite"), agreed.invite)
      assert.isAtMost(did.nudge, agreed.nudge)
    }).pipe(Effect.provide(account({ accounts: [stopped], plan }))),
  runs(8)
)
