/** The account of the built-in backend, and the home that is signed in to it. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { AuthJsonText } from "../contracts/AuthJson.js"
import { type FakeAccount, makeResetCredit, makeWindow } from "../testing/FakeAccount.js"
import type { FakeBackendService } from "../testing/FakeBackend.js"
import { layerServer } from "../testing/FakeIssuer.js"

const hour = 3600
const day = 24 * hour

const activityDays = 364

/** A number from 0 to 1 that is the same on every run. */
const noise = (index: number): number => {
  const wave = Math.sin(index * 12.9898) * 43_758.5453
  return wave - Math.floor(wave)
}

/** More on work days, more of late, and nothing on some days. */
const tokensOf = (index: number, weekDay: number): number => {
  const rest = weekDay === 0 || weekDay === 6 ? 0.8 : 0.15
  if (index < activityDays - 54 && noise(index) < rest) return 0
  return Math.round(4_000_000 * (0.2 + 0.8 * noise(index + 500)) * (0.3 + (0.7 * index) / activityDays))
}

/** Daily tokens up to today with the totals that belong to them: 54 days in a row until now. */
const demoActivity = (now: number): FakeAccount["activity"] => {
  const buckets = Arr.makeBy(activityDays, (index) => {
    const date = DateTime.unsafeMake(now - (activityDays - 1 - index) * day * 1000)
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

/** A member of a business workspace whose week is nearly used up, with two resets to use. */
export const demoAccount = (now: number): Partial<FakeAccount> => ({
  primary: makeWindow(now, { lengthSeconds: 5 * hour, usedPercent: 42, resetsInSeconds: 2 * hour + 600 }),
  secondary: makeWindow(now, { lengthSeconds: 7 * day, usedPercent: 91, resetsInSeconds: 3 * day + 4 * hour }),
  activity: demoActivity(now),
  resetCredits: [
    makeResetCredit(now, "rc_1", { title: "Full reset", expiresAt: now + 9 * day * 1000 }),
    makeResetCredit(now, "rc_2", { title: "Full reset", expiresAt: now + 30 * day * 1000 })
  ]
})

export const layerDemoServer = Layer.orDie(layerServer({ backend: { accounts: (now) => [demoAccount(now)] } }))

/**
 * Signs in at the backend and leaves the home as a sign-in would: `auth.json` that only its owner can read, and
 * `config.toml` with the backend's URL.
 */
export const writeHome = (home: string, backend: FakeBackendService) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { record } = yield* backend.signIn()
    const text = yield* Effect.orDie(Schema.encode(AuthJsonText)(record))
    yield* fs.writeFileString(path.join(home, "auth.json"), `${text}\n`, { mode: 0o600, flag: "wx" })
    yield* fs.writeFileString(path.join(home, "config.toml"), `chatgpt_base_url = "${backend.urls.chatgpt}"\n`, {
      flag: "wx"
    })
  })
