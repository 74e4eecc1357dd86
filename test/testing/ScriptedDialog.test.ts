import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Dialog } from "../../src/services/Dialog.js"
import { ScriptedDialog } from "../../src/testing/index.js"

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

const script = (answers: ScriptedDialog.Script) => Effect.provide(ScriptedDialog.layer(answers))

it.effect("answers by id, once for each of a list", () =>
  Effect.gen(function* () {
    assert.isTrue(yield* confirm)
    assert.isFalse(yield* confirm)
    assert.strictEqual((yield* Effect.flip(confirm)).reason, "NotInteractive")
    assert.strictEqual(yield* ask, "bob@example.test")
    assert.strictEqual(yield* ask, "bob@example.test")
  }).pipe(script({ "redeem.confirm": [true, false], "invite.email": "bob@example.test" }))
)

it.effect("chooses by value, label, place, or of its own mind", () =>
  Effect.gen(function* () {
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
  }).pipe(script({}))
)

it.effect("fails where the script is silent, wrong, or leaves", () =>
  Effect.gen(function* () {
    const errors = yield* Effect.all([Effect.flip(confirm), Effect.flip(choose), Effect.flip(ask)])
    const reasons = errors.map(({ question, reason }) => [question, reason])
    assert.deepStrictEqual(reasons, [
      ["redeem.confirm", "NotInteractive"],
      ["redeem.credit", "NotInteractive"],
      ["invite.email", "Cancelled"]
    ])
  }).pipe(script({ "redeem.confirm": "yes", "invite.email": ScriptedDialog.cancel }))
)

it.effect("remembers what was asked and shown", () =>
  Effect.gen(function* () {
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
  }).pipe(script({ "redeem.confirm": true }))
)
