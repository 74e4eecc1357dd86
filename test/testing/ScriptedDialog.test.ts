import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Dialog } from "../../src/services/Dialog.js"
import { ScriptedDialog } from "../../src/testing/index.js"
import { test } from "../cases.js"

const confirm = Effect.flatMap(Dialog, (dialog) =>
  dialog.confirm({ id: "redeem.confirm", title: "Redeem?", details: ["one"], yes: "Yes", no: "No" })
)

const choose = Effect.flatMap(Dialog, (dialog) =>
  dialog.choose({
    id: "redeem.credit",
    title: "Which?",
    choices: [
      { value: "rc_1", label: "First" },
      { value: "rc_2", label: "Second" }
    ]
  })
)

const ask = Effect.flatMap(Dialog, (dialog) =>
  dialog.ask({ id: "invite.email", title: "Who?", placeholder: "name@example.com" })
)

test(
  "answers by id, once for each of a list",
  ScriptedDialog.layer({ "redeem.confirm": [true, false], "invite.email": "bob@example.test" }),
  function* () {
    assert.isTrue(yield* confirm)
    assert.isFalse(yield* confirm)
    assert.strictEqual((yield* Effect.flip(confirm)).reason, "NotInteractive")
    assert.strictEqual(yield* ask, "bob@example.test")
    assert.strictEqual(yield* ask, "bob@example.test")
  }
)

test("chooses by value, label, place, or of its own mind", ScriptedDialog.layer({}), function* () {
  const dialog = yield* ScriptedDialog.ScriptedDialog
  for (const answer of ["rc_2", "Second", ScriptedDialog.nth(1), ScriptedDialog.value("rc_2")]) {
    yield* dialog.answer({ "redeem.credit": answer })
    assert.strictEqual(yield* choose, "rc_2")
  }
  yield* dialog.answer({
    "redeem.credit": (question) =>
      question._tag === "Choose" ? Effect.succeed(ScriptedDialog.nth(question.choices.length - 1)) : undefined
  })
  assert.strictEqual(yield* choose, "rc_2")
})

test(
  "fails where the script is silent, wrong, or leaves",
  ScriptedDialog.layer({ "redeem.confirm": "yes", "invite.email": ScriptedDialog.cancel }),
  function* () {
    const errors = yield* Effect.all([Effect.flip(confirm), Effect.flip(choose), Effect.flip(ask)])
    const reasons = errors.map(({ question, reason }) => [question, reason])
    assert.deepStrictEqual(reasons, [
      ["redeem.confirm", "NotInteractive"],
      ["redeem.credit", "NotInteractive"],
      ["invite.email", "Cancelled"]
    ])
  }
)

test("remembers what was asked and shown", ScriptedDialog.layer({ "redeem.confirm": true }), function* () {
  const dialog = yield* Dialog
  const scripted = yield* ScriptedDialog.ScriptedDialog
  assert.strictEqual(yield* dialog.progress("Working", Effect.succeed(1)), 1)
  yield* confirm
  yield* dialog.notice("Done.")
  assert.deepStrictEqual(
    (yield* scripted.transcript).map((entry) => entry._tag),
    ["Progress", "Confirm", "Notice"]
  )
  assert.deepStrictEqual(yield* scripted.asked, ["redeem.confirm"])
  assert.deepStrictEqual(yield* scripted.notices, ["Done."])
})
