/** The account of the demo, and a home that is signed in to a fake backend. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AuthJsonText } from "../contracts/AuthJson.js"
import { type FakeAccount, makeAccount, makeResetCredit, makeWindow } from "../testing/FakeAccount.js"
import type { FakeBackendService } from "../testing/FakeBackend.js"

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

/** The workspace of the same person beside that one. */
export const personalAccount = (now: number): Partial<FakeAccount> => ({
  accountId: "00000000-5555-4666-8777-888888888888",
  userId: makeAccount(now).userId,
  workspaceName: null,
  structure: "personal",
  planType: "plus",
  role: null
})

/** Signs in at the backend and leaves the home as a sign-in would, with the backend's URL in `config.toml`. */
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
