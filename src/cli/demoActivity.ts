/** A year of token activity to look at. */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import type { FakeAccount } from "../testing/FakeAccount.js"

const days = 364
const dayMillis = 86_400_000

/** A number from 0 to 1 that is the same on every run. */
const noise = (index: number): number => {
  const wave = Math.sin(index * 12.9898) * 43_758.5453
  return wave - Math.floor(wave)
}

/** More on work days, more of late, and nothing on some days. */
const tokensOf = (index: number, weekDay: number): number => {
  const rest = weekDay === 0 || weekDay === 6 ? 0.8 : 0.15
  if (index < days - 54 && noise(index) < rest) return 0
  return Math.round(4_000_000 * (0.2 + 0.8 * noise(index + 500)) * (0.3 + (0.7 * index) / days))
}

/** Daily tokens up to today with the totals that belong to them: 54 days in a row until now. */
export const demoActivity = (now: number): FakeAccount["activity"] => {
  const buckets = Arr.makeBy(days, (index) => {
    const date = DateTime.unsafeMake(now - (days - 1 - index) * dayMillis)
    return {
      start_date: DateTime.formatIsoDateUtc(date),
      tokens: tokensOf(index, DateTime.getPartUtc(date, "weekDay"))
    }
  })
  const tokens = buckets.map((bucket) => bucket.tokens)
  const runs = tokens
    .map((count) => (count > 0 ? "1" : "0"))
    .join("")
    .split("0")
    .map((run) => run.length)
  return {
    lifetime_tokens: tokens.reduce((sum, count) => sum + count, 0),
    peak_daily_tokens: Math.max(...tokens),
    longest_running_turn_sec: 13_920,
    current_streak_days: runs.at(-1) ?? 0,
    longest_streak_days: Math.max(...runs),
    daily_usage_buckets: buckets
  }
}
