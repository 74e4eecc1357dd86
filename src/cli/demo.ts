/** The embedded backend: whom it knows, and the home that signs them in. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AuthJsonText } from "../contracts/AuthJson.js"
import { type FakeAccount, makeResetCredit, makeWindow } from "../testing/FakeAccount.js"
import { type FakeBackendService, layerServer } from "../testing/FakeBackend.js"
import { demoActivity } from "./demoActivity.js"

const hour = 3600
const day = 24 * hour

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

export const layerDemoBackend = layerServer({ accounts: (now) => [demoAccount(now)] })

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
