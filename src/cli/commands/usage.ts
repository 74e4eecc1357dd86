/** `codex-account usage`, and `codex-account usage daily|weekly|cumulative`. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { activityCalendar, type ActivityView, activityViewOf } from "../../domain/ActivityCalendar.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import { showActivity } from "../../programs/status.js"
import { showUsage } from "../../programs/usage.js"
import { BadUsage } from "../BadUsage.js"
import { activityFields, usageFields } from "../json/fields.js"
import { usageViewValue } from "../json/values.js"
import { activityLines } from "../render/activity.js"
import { usageLines } from "../render/usage.js"
import { present } from "../Report.js"
import { watchedUsage, watchOptions } from "./watch.js"

const noSuchView = HelpDoc.p("There is no such view. Say: usage daily, usage weekly, usage cumulative, or usage alone.")

const view = Args.text({ name: "VIEW" }).pipe(
  Args.mapEffect((word) => Effect.mapError(Effect.fromNullable(activityViewOf(word)), () => noSuchView)),
  Args.optional
)

const activityValue = (activity: TokenActivity, view: ActivityView) => {
  const { daily, fetchedAt, identity, ...totals } = activity
  const calendar = daily === null ? null : activityCalendar(daily, fetchedAt)
  return { view, identity, fetchedAt, totals, days: calendar?.days ?? null, weeks: calendar?.weeks ?? null }
}

const ofLimits = showUsage.pipe(
  present({ command: "usage", fields: usageFields, value: usageViewValue, lines: usageLines })
)

const ofTokens = (view: ActivityView) =>
  showActivity.pipe(
    present({
      command: "usage",
      fields: activityFields,
      value: (activity) => activityValue(activity, view),
      lines: (activity, canvas) => activityLines(activity, view, canvas)
    })
  )

export const usage = Command.make("usage", { view, ...watchOptions }, ({ view, ...given }) =>
  Effect.gen(function* () {
    if (given.watch && Option.isSome(view)) {
      return yield* new BadUsage({ message: "usage --watch shows the limits: leave VIEW out.", advice: null })
    }
    if (yield* watchedUsage(given)) return
    yield* Option.isNone(view) ? ofLimits : ofTokens(view.value)
  })
)
