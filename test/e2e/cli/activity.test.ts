/** Token activity as a script and as a person asks for it. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { FakeAccount } from "../../../src/testing/index.js"
import { answerOf, bundle, emptyWorld, world } from "./harness.js"
import { hasTerminal, onTerminal } from "./terminal.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

/** The last eighty days, each with more than the one before it. */
const busy = (now: number) => ({
  activity: {
    ...FakeAccount.makeAccount(now).activity,
    daily_usage_buckets: Array.from({ length: 80 }, (_, days) => ({
      start_date: DateTime.formatIsoDateUtc(DateTime.subtract(DateTime.unsafeMake(now), { days })),
      tokens: (80 - days) * 1_000_000
    }))
  }
})

const accounts = (now: number) => [busy(now)]

describe.concurrent("usage with a view", { timeout: 60_000 }, () => {
  it.scopedLive("answers in JSON, by the published schema, in every view the same", () =>
    Effect.gen(function* () {
      const { cli } = yield* world(bin, { accounts })
      const ran = yield* Effect.forEach(["daily", "week", "CUMULATIVE"], (view) => cli(["usage", view, "--json"]), {
        concurrency: 3
      })
      const answers = ran.map((one) => answerOf("activity", one))
      assert.deepStrictEqual(
        answers.map((answer) => answer.ok && answer.view),
        ["daily", "weekly", "cumulative"]
      )
      for (const answer of answers) {
        if (!answer.ok) return assert.fail("It failed.")
        assert.strictEqual(answer.totals.lifetimeTokens, 987_654_321)
        assert.strictEqual(answer.days?.at(-1)?.tokens, 80_000_000)
        assert.strictEqual(answer.days?.at(-1)?.level, 4)
        assert.lengthOf(answer.weeks ?? [], 52)
        assert.strictEqual(answer.weeks?.at(-1)?.total, 3_240_000_000)
      }
      for (const { stderr } of ran) assert.strictEqual(stderr, "")
    })
  )

  it.scopedLive("draws without colours in a pipe, as wide as COLUMNS says", () =>
    Effect.gen(function* () {
      const { cli } = yield* world(bin, { accounts })
      const env = { COLUMNS: "46" }
      const [days, weeks, total] = yield* Effect.forEach(
        ["day", "weekly", "cumulative"],
        (view) => cli(["usage", view], { env }),
        { concurrency: 3 }
      )
      for (const ran of [days, weeks, total]) {
        assert.strictEqual(ran?.code, 0, ran?.stderr)
        const lines = ran?.stdout.split("\n") ?? []
        for (const line of lines) assert.isAtMost(Array.from(line).length, 46)
        assert.notMatch(lines.join(""), /\p{Cc}/u)
      }
      assert.match(days?.stdout ?? "", /\nSun [·░▒▓█]+\n/)
      assert.match(days?.stdout ?? "", /Less · ░ ▒ ▓ █ More\n/)
      assert.match(weeks?.stdout ?? "", /Tallest: [\d.]+M, in the week from\s+\d{4}-/)
      assert.match(total?.stdout ?? "", /Top: 3\.2B, since \d{4}-/)
    })
  )

  it.scopedLive("knows three views, whoever asks", () =>
    Effect.gen(function* () {
      const { cli } = yield* emptyWorld(bin)
      const [words, json, two] = yield* Effect.all(
        [cli(["usage", "yearly"]), cli(["usage", "yearly", "--json"]), cli(["usage", "daily", "weekly"])],
        { concurrency: 3 }
      )
      assert.deepStrictEqual([words.code, json.code, two.code], [2, 2, 2])
      assert.match(words.stderr, /daily.*weekly.*cumulative/)
      const answer = answerOf("activity", json)
      assert.isTrue(
        !answer.ok && answer.error.code === "BadUsage" && /daily.*weekly.*cumulative/.test(answer.error.message)
      )
      assert.strictEqual(words.stdout, "")
    })
  )

  it.scopedLive("needs a sign-in", () =>
    Effect.gen(function* () {
      const { cli } = yield* emptyWorld(bin)
      const ran = yield* cli(["usage", "daily", "--json"])
      const answer = answerOf("activity", ran)
      assert.strictEqual(ran.code, 3)
      assert.isTrue(!answer.ok && answer.error.code === "AuthError.NotSignedIn")
    })
  )

  it.scopedLive.skipIf(!hasTerminal)("colours the cells on a terminal, and not with NO_COLOR", () =>
    Effect.gen(function* () {
      const { env } = yield* world(bin, { accounts })
      const command = [process.execPath, bin, "usage", "daily"]
      const colored = yield* onTerminal(command, { env, columns: 100 }, () => Effect.void)
      const plain = yield* onTerminal(command, { env: { ...env, NO_COLOR: "1" }, columns: 100 }, () => Effect.void)
      assert.match(colored.shown, /\u001b\[32m[░▒▓█]+\u001b\[39m/)
      assert.match(plain.shown, /\nSun [·░▒▓█]+\r?\n/)
      assert.deepStrictEqual([colored.code, plain.code], [0, 0])
    })
  )
})
