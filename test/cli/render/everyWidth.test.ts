/**
 * Whatever the backend tells, and however wide the screen: no line is wider than it, colours only colour, and nothing
 * reaches the terminal that it would obey.
 */
import { JournalError } from "../../../src/services/OperationJournal.js"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { activityLines } from "../../../src/cli/render/activity.js"
import type { Canvas } from "../../../src/cli/render/limits.js"
import { withoutColor } from "../../../src/cli/render/paint.js"
import { statusLines } from "../../../src/cli/render/status.js"
import { columnsOf, table } from "../../../src/cli/render/text.js"
import { usageLines } from "../../../src/cli/render/usage.js"
import { AuthError } from "../../../src/domain/AuthError.js"
import { BackendError } from "../../../src/domain/BackendError.js"
import { plainLine } from "../../../src/domain/PlainText.js"
import { DailyTokens, TokenActivity } from "../../../src/domain/TokenActivity.js"
import { verdict } from "../../../src/domain/Verdict.js"
import type { Status } from "../../../src/programs/status.js"
import { Arbitraries } from "../../../src/testing/index.js"
import { canvas, unseen } from "./canvas.js"

/** From the narrowest that a screen is taken for. */
const columns = FastCheck.integer({ min: 20, max: 200 })

const minutes = FastCheck.integer({ min: -60, max: 43_200 })

const lastOf = (line: string, pattern: RegExp): number => Array.from(line.matchAll(pattern)).at(-1)?.index ?? -1

/** Checks a picture at a width. */
const check = (width: number, now: DateTime.Utc, draw: (canvas: Canvas) => ReadonlyArray<string>) => {
  const plain = draw(canvas(width, { now }))
  const colored = draw(canvas(width, { now, color: true }))
  assert.deepStrictEqual(colored.map(withoutColor), plain)
  for (const line of plain) {
    assert.isAtMost(columnsOf(line), width, JSON.stringify(line))
    assert.notMatch(line, unseen)
    assert.strictEqual(line, line.trimEnd())
  }
  for (const line of colored) {
    // Bold, dim, and of the sixteen colours those that show on dark and on light.
    for (const [, code] of line.matchAll(/\u001b\[(.*?)m/g)) assert.match(code ?? "", /^(?:1|2|22|3[1236]|39)$/)
    // Cut off or shown alone, a line colours nothing but itself.
    assert.isAtMost(lastOf(line, /\u001b\[[12]m/g), lastOf(line, /\u001b\[22m/g), JSON.stringify(line))
    assert.isAtMost(lastOf(line, /\u001b\[3[0-7]m/g), lastOf(line, /\u001b\[39m/g), JSON.stringify(line))
  }
}

/** Activity of any kind, with days near the time that it was read at. */
const activity = FastCheck.record({
  any: Arbitraries.tokenActivity,
  near: FastCheck.array(
    FastCheck.record({ days: FastCheck.integer({ min: -3, max: 370 }), tokens: FastCheck.maxSafeNat() }),
    { maxLength: 40 }
  )
}).map(({ any, near }) => {
  if (any.daily === null) return any
  const recent = near.map(({ days, tokens }) => {
    const startDate = DateTime.formatIsoDateUtc(DateTime.subtract(any.fetchedAt, { days }))
    return new DailyTokens({ startDate, tokens })
  })
  return new TokenActivity({ ...any, daily: [...any.daily, ...recent] })
})

describe("at every width", () => {
  it.prop(
    "token activity",
    [activity, FastCheck.constantFrom("daily" as const, "weekly" as const, "cumulative" as const), columns],
    ([activity, view, columns]) => {
      check(columns, activity.fetchedAt, (canvas) => activityLines(activity, view, canvas))
    }
  )

  it.prop("usage", [Arbitraries.usageSnapshot, minutes, columns], ([snapshot, minutes, columns]) => {
    const now = DateTime.add(snapshot.fetchedAt, { minutes })
    check(columns, now, (canvas) => usageLines({ snapshot, verdict: verdict(snapshot, { now }) }, canvas))
  })

  it.prop(
    "the status",
    [
      FastCheck.record({
        session: Arbitraries.session,
        role: Arbitraries.workspaceRole,
        usage: FastCheck.oneof(
          Arbitraries.usageSnapshot.map((snapshot) =>
            Either.right({ snapshot, verdict: verdict(snapshot, { now: snapshot.fetchedAt }) })
          ),
          Arbitrary.make(BackendError).map((error) => Either.left(error))
        ),
        activity: FastCheck.oneof(
          activity.map((activity) => Either.right(activity)),
          Arbitrary.make(AuthError).map((error) => Either.left(error))
        ),
        messages: Arbitraries.workspaceMessageList.map((messages) => Either.right(messages)),
        open: FastCheck.oneof(
          FastCheck.array(Arbitraries.operation, { maxLength: 2 }).map((open) => Either.right(open)),
          FastCheck.string().map((detail) =>
            Either.left(new JournalError({ reason: "Unavailable", key: null, detail }))
          )
        )
      }) satisfies FastCheck.Arbitrary<Status>,
      Arbitraries.time,
      columns
    ],
    ([status, now, columns]) => {
      check(columns, now, (canvas) => statusLines(status, canvas))
    }
  )

  const cell = FastCheck.array(Arbitraries.untrustedText, { maxLength: 20 }).map((texts) =>
    plainLine(texts.join(" "), 128)
  )

  it.prop("a table", [FastCheck.array(FastCheck.tuple(cell, cell), { maxLength: 3 }), columns], ([rows, columns]) => {
    check(columns, DateTime.unsafeMake(0), (canvas) =>
      table(["WHAT", "WHY"], rows, canvas).map((line) => line.trimEnd())
    )
  })
})
