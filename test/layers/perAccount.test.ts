import { assert, describe } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { perAccount } from "../../src/layers/internal/perAccount.js"
import { test } from "../cases.js"

class Settings extends Context.Tag("test/Settings")<Settings, { readonly home: string }>() {}
class Built extends Context.Tag("test/Built")<Built, { readonly home: string; readonly count: number }>() {}

describe("perAccount", () => {
  test("keeps no failure", Layer.empty, function* () {
    let count = 0
    const make = Effect.flatMap(Settings, ({ home }) =>
      ++count === 1 ? Effect.fail("once") : Effect.succeed({ home, count })
    )
    const given = Layer.provide(perAccount(Layer.effect(Built, make), Settings), Layer.succeed(Settings, { home: "a" }))
    assert.strictEqual(yield* Effect.flip(Layer.build(given)), "once")
    const built = yield* Layer.build(given)
    assert.deepStrictEqual(Context.get(built, Built), { home: "a", count: 2 })
    assert.strictEqual(Context.get(yield* Layer.build(given), Built), Context.get(built, Built))
  })
})
