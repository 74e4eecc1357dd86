import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { account, finish, program, programNames, requests, briefExit } from "./harness.js"
import { Fault, FaultPlan } from "../../src/testing/index.js"

it.effect.each([...programNames])("%s", (name) =>
  Effect.gen(function* () {
    const t = performance.now()
    const { exit, took } = yield* finish(program(name))
    console.log(name, took, briefExit(exit, () => "ok"), JSON.stringify(yield* requests), performance.now() - t)
    assert.ok(true)
  }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on("*", "every", Fault.hang)] } })))
)
