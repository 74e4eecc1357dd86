/** `codex-account login`. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import { signIn, type SignInOptions, type SignInOutcome } from "../../programs/signIn.js"
import { BadUsage } from "../BadUsage.js"
import { Globals } from "../Globals.js"
import { loginFields } from "../json/fields.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"
import { readSecret } from "../readSecret.js"
import { accountValue } from "./status.js"

const lines = ({ email, replaced, session }: SignInOutcome): ReadonlyArray<string> => [
  plainLine(
    session.usesBackend
      ? `Signed in${email === null ? "" : ` as ${email}`}, ${planLabel(session.plan)}.`
      : "Signed in with an API key. Usage, resets and invites need a sign-in with ChatGPT."
  ),
  ...(replaced === null
    ? []
    : ["The sign-in of before was replaced. Its session was not ended: other machines may share it."])
]

interface Flags {
  readonly accessToken: boolean
  readonly apiKey: boolean
  readonly device: boolean
  readonly noBrowser: boolean
}

const optionsOf = ({ accessToken, apiKey, device, noBrowser }: Flags): Effect.Effect<SignInOptions, BadUsage> => {
  if ([accessToken, apiKey, device].filter(Boolean).length > 1) {
    return Effect.fail(new BadUsage({ message: "Choose one way to sign in.", advice: null }))
  }
  if (accessToken) {
    return Effect.map(readSecret("codex-account login --with-access-token < token.txt"), (token) => ({
      method: "accessToken",
      token
    }))
  }
  if (apiKey) {
    return Effect.map(readSecret("codex-account login --with-api-key < key.txt"), (key) => ({ method: "apiKey", key }))
  }
  return Effect.succeed(device ? { method: "device" } : { method: "browser", openBrowser: !noBrowser })
}

const noDemo = Effect.flatMap(Globals, ({ demo }) =>
  demo
    ? Effect.fail(new BadUsage({ message: "The demo is signed in already: there is nobody to sign in.", advice: null }))
    : Effect.void
)

export const login = Command.make(
  "login",
  {
    device: Options.boolean("device"),
    noBrowser: Options.boolean("no-browser"),
    accessToken: Options.boolean("with-access-token"),
    apiKey: Options.boolean("with-api-key")
  },
  (flags) =>
    noDemo.pipe(
      Effect.zipRight(optionsOf(flags)),
      Effect.flatMap(signIn),
      present({
        command: "login",
        fields: loginFields,
        value: ({ method, replaced, session }) => ({
          ...accountValue(session),
          method,
          replaced: replaced !== null
        }),
        lines: (outcome, { columns }) => lines(outcome).flatMap((line) => wrap(line, columns))
      })
    )
)
