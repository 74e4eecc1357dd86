/** Ctrl-C at every moment: what was sent is told, and the exit code says whether its outcome is known. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Fault, type FaultPlan } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { reached, type Running, world } from "./harness.js"

/** A backend with a fault at an endpoint, and the signal that comes once so many calls have reached it. */
const interrupted = Effect.fn(function* (
  endpoint: FaultPlan.EndpointName,
  fault: Fault.Fault,
  { call, signal = "SIGINT" }: { readonly call?: number; readonly signal?: "SIGINT" | "SIGTERM" } = {}
) {
  const made = yield* world({ plan: [{ endpoint, call: call ?? "every", fault }] })
  const meanwhile = (running: Running) => Effect.zipRight(reached(made.backend, endpoint, call), running.signal(signal))
  return { ...made, options: { meanwhile } }
})

describe.concurrent("Ctrl-C", () => {
  live("130 while it only reads", function* () {
    const { ask, options } = yield* interrupted("usage.read", Fault.hang)
    const { code, error, stderr } = yield* ask("usage", ["usage"], options)
    assert.deepStrictEqual([code, error?.code, error?.changed], [130, "Interrupted", "no"])
    assert.strictEqual(stderr, "error: Interrupted.\n")
  })

  live("130 before the act was sent, and it says that nothing was", function* () {
    const { backend, cli, options } = yield* interrupted("usage.read", Fault.hang, { signal: "SIGTERM" })
    const ran = yield* cli(["redeem", "--yes"], options)
    assert.strictEqual(ran.code, 130)
    assert.match(ran.stderr, /Nothing was sent: no reset was used\./)
    assert.strictEqual(yield* backend.count("resetCredits.consume"), 0)
  })

  live.each([
    ["redeem", "resetCredits.consume", ["redeem", "-y", "--key", "k1"]],
    ["invite", "referrals.invite", ["invite", "zoe@friends.test", "-y"]],
    ["notify-owner", "workspace.nudge", ["notify-owner", "--type", "credits", "-y"]]
  ] as const)("5 once the act was sent: the outcome is unknown: %s", function* ([name, endpoint, args]) {
    const { ask, options } = yield* interrupted(endpoint, Fault.hangAfterCommit)
    const { code, error, stderr } = yield* ask(name, args, options)
    assert.deepStrictEqual([code, error?.code, error?.changed], [5, "ActError.OutcomeUnknown", "unknown"], stderr)
    assert.match(stderr, /not known/)
    if (name === "redeem") assert.strictEqual(error?.key, "k1")
  })

  live("after the act was answered it says that it was done", function* () {
    const { backend, cli, options } = yield* interrupted("usage.read", Fault.hang, { call: 2 })
    const ran = yield* cli(["redeem", "-y", "--key", "k1"], options)
    assert.strictEqual(ran.code, 130)
    assert.match(ran.stderr, /Interrupted after the reset was made\. Operation k1\./)
    assert.lengthOf((yield* backend.account()).redemptions, 1)
  })
})
