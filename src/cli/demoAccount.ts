/** The account of the demo. */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import { type FakeAccount, makeAccount, makeResetCredit, makeWindow } from "../testing/FakeAccount.js"

const hour = 3600
const day = 24 * hour
const activityDays = 364

/** A number from 0 to 1 that is the same on every run. */
const noise = (index: number): number => Math.abs(Math.sin(index * 12.9898) * 43_758.5453) % 1

/** Daily tokens up to today: more on work days, more of late, and on some days nothing, but not on the last four. */
const demoDays = (now: number) =>
  Arr.makeBy(activityDays, (index) => {
    const date = DateTime.unsafeMake(now - (activityDays - 1 - index) * day * 1000)
    const rest = DateTime.getPartUtc(date, "weekDay") % 6 === 0 ? 0.8 : 0.15
    const isActive = index >= activityDays - 4 || noise(index) >= rest
    const tokens = 4_000_000 * (0.2 + 0.8 * noise(index + 500)) * (0.3 + (0.7 * index) / activityDays)
    return { start_date: DateTime.formatIsoDateUtc(date), tokens: isActive ? Math.round(tokens) : 0 }
  })

/** A member of a business workspace whose week is nearly used up, with two resets to use. */
export const demoAccount = (now: number): Partial<FakeAccount> => ({
  primary: makeWindow(now, { lengthSeconds: 5 * hour, usedPercent: 42, resetsInSeconds: 2 * hour + 600 }),
  secondary: makeWindow(now, { lengthSeconds: 7 * day, usedPercent: 91, resetsInSeconds: 3 * day + 4 * hour }),
  activity: { ...makeAccount(now).activity, daily_usage_buckets: demoDays(now) },
  resetCredits: [makeResetCredit(now, "rc_1", { expiresAt: now + 9 * day * 1000 }), makeResetCredit(now, "rc_2")]
})
