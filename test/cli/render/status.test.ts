/** The account on one page. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { statusLines } from "../../../src/cli/render/status.js"
import { BackendError } from "../../../src/domain/BackendError.js"
import { Operation } from "../../../src/domain/Operation.js"
import { Session } from "../../../src/domain/Session.js"
import { DailyTokens, TokenActivity } from "../../../src/domain/TokenActivity.js"
import { verdict } from "../../../src/domain/Verdict.js"
import { WorkspaceMessage, WorkspaceMessageList } from "../../../src/domain/WorkspaceMessage.js"
import { liveRole } from "../../../src/domain/WorkspaceRole.js"
import type { Status } from "../../../src/programs/status.js"
import { at, fetchedAt, fiveHours, identity, snapshot, week } from "../../domain/snapshots.js"
import { asText, canvas } from "./canvas.js"

const usage = snapshot({ plan: "business", windows: [fiveHours(37), week(61)] })

const status: Status = {
  session: new Session({
    mode: "chatgpt",
    identity,
    email: "ada@example.test",
    plan: "business",
    isOrgOwner: false,
    isFedramp: false,
    accessExpiresAt: null,
    lastRefreshAt: null,
    source: "file"
  }),
  role: liveRole("standard-user"),
  usage: Either.right({ snapshot: usage, verdict: verdict(usage, { now: fetchedAt }) }),
  activity: Either.right(
    new TokenActivity({
      identity,
      fetchedAt,
      lifetimeTokens: 987_654_321,
      peakDailyTokens: 4_321_000,
      longestRunningTurnSeconds: 5_400,
      currentStreakDays: 4,
      longestStreakDays: null,
      daily: Array.from(
        { length: 20 },
        (_, index) =>
          new DailyTokens({
            startDate: DateTime.formatIsoDateUtc(DateTime.subtract(fetchedAt, { weeks: index })),
            tokens: (index % 9) * 1000
          })
      )
    })
  ),
  messages: Either.right(
    new WorkspaceMessageList({
      featureEnabled: true,
      messages: [
        new WorkspaceMessage({
          id: "wm_1",
          type: "headline",
          body: "Credits renew\u001b[2J on Friday.",
          createdAt: null,
          archivedAt: null
        }),
        new WorkspaceMessage({ id: "wm_2", type: "headline", body: "Old.", createdAt: null, archivedAt: fetchedAt })
      ]
    })
  ),
  open: Either.right([
    new Operation({
      key: "6f1e6c1c-0a3f-4f0e-9d57-1c1b9f6a2f10",
      act: "redeem",
      identity: identity.key,
      target: null,
      state: { _tag: "sent" },
      createdAt: at(-30),
      updatedAt: at(-29)
    })
  ])
}

describe("status", () => {
  it("at 80 columns", () => {
    expect(asText(statusLines(status, canvas(80)))).toMatchInlineSnapshot(`
      "
      ada@example.test · Business · member
      A reset was sent 29m ago, and its outcome is unknown. To carry it on:
        codex-account redeem --key 6f1e6c1c-0a3f-4f0e-9d57-1c1b9f6a2f10

      Codex usage · Business · read just now

        5h      █████████████░░░░░░░░  63% left  resets 3:00 PM (in 1h)
      ▸ weekly  ████████░░░░░░░░░░░░░  39% left  resets Jun 23rd, 2026 2:00 PM (in 3d)

      Usable. The weekly window is the tightest.
      More: https://chatgpt.com/codex/settings/usage

      Tokens by week: ································▁·█▇▆▅▄▃▂▁·█▇▆▅▄▃▂▁·
      Lifetime 987.7M · Peak 4.3M a day · Streak 4d · Longest task 1h 30m
      Workspace: Credits renew on Friday.
      "
    `)
  })
  it("at 40 columns", () => {
    expect(asText(statusLines(status, canvas(40)))).toMatchInlineSnapshot(`
      "
      ada@example.test · Business · member
      A reset was sent 29m ago, and its
        outcome is unknown. To carry it on:
        codex-account redeem --key
        6f1e6c1c-0a3f-4f0e-9d57-1c1b9f6a2f10

      Codex usage · Business · read just now

        5h      █████████████░░░░░░░  63% left
          resets 3:00 PM (in 1h)
      ▸ weekly  ████████░░░░░░░░░░░░  39% left
          resets Jun 23rd, 2026 2:00 PM (in
          3d)

      Usable. The weekly window is the
      tightest.
      More:
      https://chatgpt.com/codex/settings/usage

      Tokens by week: ····▁·█▇▆▅▄▃▂▁·█▇▆▅▄▃▂▁·
      Lifetime 987.7M · Peak 4.3M a day ·
      Streak 4d · Longest task 1h 30m
      Workspace: Credits renew on Friday.
      "
    `)
  })

  it("a part that could not be read says so, and the others stand", () => {
    const failed = BackendError.of("profile.me", "ServerError")
    const lines = statusLines({ ...status, usage: Either.left(failed), activity: Either.left(failed) }, canvas(200))
    const text = asText(lines)
    assert.include(text, `\nUsage could not be read: ${failed.message}\n`)
    assert.include(text, `\nToken activity could not be read: ${failed.message}\n`)
    assert.include(text, "\nWorkspace: Credits renew on Friday.\n")
  })

  it("no activity takes one line", () => {
    const nothing = new TokenActivity({
      identity,
      fetchedAt,
      lifetimeTokens: null,
      peakDailyTokens: null,
      longestRunningTurnSeconds: null,
      currentStreakDays: null,
      longestStreakDays: null,
      daily: null
    })
    const text = asText(statusLines({ ...status, activity: Either.right(nothing) }, canvas(80)))
    assert.include(text, "\n\nTokens: no totals known\nWorkspace:")
  })
})
