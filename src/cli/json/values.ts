/** What several answers share. */
import * as Schema from "effect/Schema"
import { Identity } from "../../domain/Identity.js"
import { Plan } from "../../domain/Plan.js"
import { ResetCredits } from "../../domain/ResetCredit.js"
import { Credits, type RateLimit, ReachedType, SpendControl, type UsageSnapshot } from "../../domain/UsageSnapshot.js"
import { Verdict } from "../../domain/Verdict.js"
import type { UsageView } from "../../programs/usage.js"

/** A window: `name` by its length, percents as the backend tells them and as they are to be shown. */
export const Window = Schema.Struct({
  name: Schema.String,
  durationMinutes: Schema.NullOr(Schema.Int),
  usedPercent: Schema.Number,
  remainingPercent: Schema.Number,
  resetsAt: Schema.DateTimeUtc
})

/** A limit; the first one is that of Codex itself. */
export const Limit = Schema.Struct({
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  allowed: Schema.NullOr(Schema.Boolean),
  windows: Schema.Array(Window)
})

/** One reading of usage. */
export const Usage = Schema.Struct({
  identity: Identity,
  plan: Plan,
  fetchedAt: Schema.DateTimeUtc,
  limits: Schema.Array(Limit),
  credits: Schema.NullOr(Credits),
  spendControl: Schema.NullOr(SpendControl),
  reachedType: Schema.NullOr(ReachedType),
  resetCredits: Schema.NullOr(ResetCredits)
})

export const UsageWithVerdict = Schema.Struct({ usage: Usage, verdict: Verdict })

const limit = (of: RateLimit): typeof Limit.Type => ({
  id: of.id,
  name: of.name,
  allowed: of.allowed,
  windows: of.windows.map(({ durationMinutes, name, remainingPercent, resetsAt, usedPercent }) => ({
    name,
    durationMinutes,
    usedPercent,
    remainingPercent,
    resetsAt
  }))
})

export const usageValue = (snapshot: UsageSnapshot): typeof Usage.Type => ({
  identity: snapshot.identity,
  plan: snapshot.plan,
  fetchedAt: snapshot.fetchedAt,
  limits: snapshot.limits.map(limit),
  credits: snapshot.credits,
  spendControl: snapshot.spendControl,
  reachedType: snapshot.reachedType,
  resetCredits: snapshot.resetCredits
})

export const usageViewValue = ({ snapshot, verdict }: UsageView): typeof UsageWithVerdict.Type => ({
  usage: usageValue(snapshot),
  verdict
})
