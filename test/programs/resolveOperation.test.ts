/** What a person found out about an act closes it, and only then. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { inviteFriend } from "../../src/programs/invite.js"
import { type Finding, resolveOperation } from "../../src/programs/resolveOperation.js"
import { Fault } from "../../src/testing/index.js"
import { account, briefExit, count, during, finish, invitee, run, states, faulty } from "./harness.js"
import { test } from "../cases.js"

const invite = inviteFriend({ email: invitee })

const told = (finding: Finding) =>
  Effect.map(finish(resolveOperation("key-1", { finding })), ({ exit, took }) => ({
    took,
    said: briefExit(exit, ({ _tag }) => _tag)
  }))

const world = (fault: Fault.Fault) => account(faulty("referrals.invite", fault, 1))

describe("law 4: while an invite is being sent", () => {
  test(
    "nobody's finding counts, and the answer does",
    world(Fault.delay("4 seconds", { afterCommit: true })),
    function* () {
      const sending = yield* during(invite, "1 second")
      assert.deepStrictEqual(yield* states, ["sent"])
      const { said } = yield* told("missing")
      assert.strictEqual(said, "ActError NotNeeded")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(sending)))
      assert.deepStrictEqual(yield* states, ["succeeded"])
    }
  )

  test("a finding does not wait for long", world(Fault.hangAfterCommit), function* () {
    const sending = yield* during(invite, "1 second")
    assert.deepStrictEqual(yield* told("missing"), { said: "ActError Busy", took: 5_000 })
    assert.deepStrictEqual(yield* states, ["sent"])
    yield* Fiber.interrupt(sending)
  })
})

describe("an invite whose answer never came", () => {
  test(
    "is closed once by what was found out, and sent again if it did not arrive",
    world(Fault.resetBeforeCommit),
    function* () {
      yield* Effect.flip(run(invite))
      assert.deepStrictEqual(yield* states, ["unknown"])
      assert.deepStrictEqual(yield* told("missing"), { said: "Closed", took: 0 })
      assert.deepStrictEqual(yield* states, ["rejected"])
      assert.strictEqual((yield* told("arrived")).said, "ActError NotNeeded")
      yield* run(invite)
      assert.strictEqual(yield* count("referrals.invite"), 2)
    }
  )
})
