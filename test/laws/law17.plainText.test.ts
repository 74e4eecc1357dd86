/**
 * Law 17: text that the backend supplies reaches a terminal with control characters removed. Programs pass texts to the
 * dialog; the texts of choices are plain already, and everything else is made plain by who shows it.
 */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { plainLine } from "../../src/domain/PlainText.js"
import { workspaceLabel } from "../../src/domain/Workspace.js"
import { workspacesFromWire } from "../../src/layers/WorkspacesHttp.js"
import { ActError } from "../../src/domain/ActError.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { showStatus } from "../../src/programs/status.js"
import { Arbitraries, FakeAccount, ScriptedDialog } from "../../src/testing/index.js"
import { account, ending, finish, invitee } from "../programs/harness.js"
import { runs, test } from "../cases.js"

const marks =
  "\\p{Cc}\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\u3164\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}"
const unfit = new RegExp(`[${marks}]`, "u")

const text = Arbitraries.untrustedText
const maybe = FastCheck.option(text)

const hostile: FastCheck.Arbitrary<Partial<FakeAccount.FakeAccount>> = FastCheck.record({
  description: maybe,
  rules: FastCheck.array(text, { maxLength: 3 }),
  titles: FastCheck.tuple(maybe, maybe),
  body: text
}).map(({ body, description, rules, titles }) => ({
  resetCredits: titles.map((title, index) =>
    FakeAccount.makeResetCredit(0, `rc_${index}`, { title, description: title })
  ),
  offer: {
    shouldShow: true,
    hasRewards: true,
    title: description,
    description,
    grantAction: null,
    grantAmount: null,
    rules,
    requiresExplicitConfirmation: true,
    inviteReward: null
  },
  messages: [{ id: "wm", type: "headline", body, createdAt: null, archivedAt: null }]
}))

/** Everything that the programs ask to be shown, and what they hand back to be shown. */
const shown = Effect.gen(function* () {
  const dialog = yield* ScriptedDialog.ScriptedDialog
  yield* ending(Effect.exit(inviteFriend({ email: invitee })))
  yield* ending(Effect.exit(redeemReset()))
  const status = yield* finish(showStatus)
  const messages = Either.getOrThrow((yield* status.exit).messages).messages.map(({ body }) => body)
  const entries = yield* dialog.transcript
  return {
    labels: entries.flatMap((entry) =>
      entry._tag === "Choose"
        ? entry.choices.flatMap(({ description, hint, label }) => [label, hint ?? "", description ?? ""])
        : []
    ),
    lines: [
      ...entries.flatMap((entry) => {
        switch (entry._tag) {
          case "Confirm":
            return [entry.title, ...entry.details, entry.yes, entry.no]
          case "Choose":
          case "Ask":
            return [entry.title, ...(entry.details ?? [])]
          case "Progress":
            return [entry.label]
          case "Notice":
            return [entry.text]
        }
      }),
      ...messages
    ]
  }
})

it.effect.prop(
  "what is shown is plain",
  [hostile],
  ([owner]) =>
    Effect.gen(function* () {
      const { labels, lines } = yield* shown
      // All of them were come by: two confirmations, one picker, a message.
      assert.isAbove(lines.length, 8)
      assert.lengthOf(labels, 6)
      for (const label of labels) {
        assert.isFalse(unfit.test(label), JSON.stringify(label))
        assert.notStrictEqual(label, "")
      }
      for (const line of lines) assert.isFalse(unfit.test(plainLine(line)), JSON.stringify(line))
    }).pipe(Effect.provide(account({ accounts: [owner] }))),
  runs(10)
)

test(
  "control: without that it would not be",
  account({
    accounts: [
      {
        messages: [{ id: "wm", type: "headline", body: "\u001b[2Jgone", createdAt: null, archivedAt: null }],
        offer: {
          shouldShow: true,
          hasRewards: true,
          title: null,
          description: "free\u202e stuff",
          grantAction: null,
          grantAmount: null,
          rules: ["\u001b]52;c;cm0gLXJm\u0007"],
          requiresExplicitConfirmation: false,
          inviteReward: null
        }
      }
    ]
  }),
  function* () {
    const { lines } = yield* shown
    assert.isAtLeast(lines.filter((line) => unfit.test(line)).length, 3)
  }
)

it.prop("the name of a workspace is plain wherever it is shown, and never nothing", [maybe, text], ([name, kind]) => {
  const accounts = { a: { account: { account_id: "ws", name, structure: kind } } }
  for (const workspace of workspacesFromWire({ accounts, account_ordering: ["a"] }, "")) {
    const label = workspaceLabel(workspace)
    assert.isFalse(unfit.test(label), JSON.stringify(label))
    assert.notStrictEqual(label, "")
  }
})

it.prop("an address is never in the error about it", [text], ([detail]) => {
  const error = ActError.of("invite", "InvalidInput", plainLine(detail))
  assert.isFalse(unfit.test(error.message))
})
