/** Token activity as a script and as a person asks for it. */
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { FakeAccount } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { bundle, world } from "./harness.js"
import { hasTerminal, onTerminal } from "./terminal.js"

/** The last eighty days, each with more than the one before it. */
const accounts = (now: number) => [
  {
    activity: {
      ...FakeAccount.makeAccount(now).activity,
      daily_usage_buckets: Array.from({ length: 80 }, (_, days) => ({
        start_date: DateTime.formatIsoDateUtc(DateTime.subtract(DateTime.unsafeMake(now), { days })),
        tokens: (80 - days) * 1_000_000
      }))
    }
  }
]

describe.concurrent("usage with a view", () => {
  live("answers in JSON, by the published schema", function* () {
    const { ask } = yield* world({ accounts })
    const { answer, stderr } = yield* ask("activity", ["usage", "CUMULATIVE"])
    if (!answer.ok) return assert.fail("It failed.")
    assert.strictEqual(answer.view, "cumulative")
    assert.strictEqual(answer.totals.lifetimeTokens, 987_654_321)
    assert.deepInclude(answer.days?.at(-1), { tokens: 80_000_000, level: 4 })
    assert.lengthOf(answer.weeks ?? [], 52)
    assert.strictEqual(answer.weeks?.at(-1)?.total, 3_240_000_000)
    assert.strictEqual(stderr, "")
  })

  live("draws without colours in a pipe, as wide as COLUMNS says", function* () {
    const { cli } = yield* world({ accounts })
    const views = [
      ["day", /\nSun [·░▒▓█]+\n[^]*Less · ░ ▒ ▓ █ More\n/],
      ["weekly", /Tallest: [\d.]+M, in the week from\s+\d{4}-/],
      ["cumulative", /Top: 3\.2B, since \d{4}-/]
    ] as const
    const draw = ([view]: (typeof views)[number]) => cli(["usage", view], { env: { COLUMNS: "46" } })
    for (const [index, ran] of (yield* Effect.forEach(views, draw, { concurrency: 3 })).entries()) {
      assert.strictEqual(ran.code, 0, ran.stderr)
      for (const line of ran.stdout.split("\n")) {
        assert.isAtMost(Array.from(line).length, 46)
        assert.notMatch(line, /\p{Cc}/u)
      }
      assert.match(ran.stdout, views[index]?.[1] ?? /never/)
    }
  })

  it.scopedLive.skipIf(!hasTerminal)("colours the cells on a terminal, and not with NO_COLOR", () =>
    Effect.gen(function* () {
      const { env } = yield* world({ accounts })
      const command = [process.execPath, bundle(), "usage", "daily"]
      const colored = yield* onTerminal(command, { env, columns: 100 })
      const plain = yield* onTerminal(command, { env: { ...env, NO_COLOR: "1" }, columns: 100 })
      assert.match(colored.shown, /\u001b\[32m[░▒▓█]+\u001b\[39m/)
      assert.match(plain.shown, /\nSun [·░▒▓█]+\r?\n/)
      assert.deepStrictEqual([colored.code, plain.code], [0, 0])
    })
  )
})
