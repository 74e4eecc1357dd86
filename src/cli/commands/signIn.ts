/** `codex-account login` and `codex-account logout`. */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import { signIn, type SignInOptions, type SignInOutcome } from "../../programs/signIn.js"
import { signOut, type SignOutOutcome } from "../../programs/signOut.js"
import { type BadUsage, badUsage, Globals } from "../Command.js"
import { ExitCode } from "../exitCodes.js"
import { loginFields, logoutFields } from "../json/outputs.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"

/** No token or key is longer. */
const maxSecretBytes = 64 * 1024

/**
 * All of standard input, without the white space around it. A terminal is refused, since it would show the secret;
 * `example` shows how to give it.
 */
const readSecret = (example: string): Effect.Effect<Redacted.Redacted, BadUsage> =>
  Effect.suspend(() => {
    const refused = (message: string) => badUsage(message, `Pass it on standard input: ${example}`)
    if (process.stdin.isTTY) return refused("A token or key can't be typed at the terminal.")
    return NodeStream.toString(() => process.stdin, {
      maxBytes: maxSecretBytes,
      onFailure: () => refused("Standard input could not be read.")
    }).pipe(
      Effect.map((text) => text.trim()),
      Effect.filterOrFail(
        (text) => text !== "",
        () => refused("Standard input is empty.")
      ),
      Effect.map((text) => Redacted.make(text))
    )
  })

interface LoginFlags {
  readonly "--device": boolean
  readonly "--no-browser": boolean
  readonly "--with-access-token": boolean
  readonly "--with-api-key": boolean
}

const optionsOf = (flags: LoginFlags): Effect.Effect<SignInOptions, BadUsage> =>
  Effect.gen(function* () {
    const { "--device": device, "--with-access-token": accessToken, "--with-api-key": apiKey } = flags
    if ([accessToken, apiKey, device].filter(Boolean).length > 1) {
      return yield* badUsage("Choose one way to sign in: --device, --with-access-token or --with-api-key.")
    }
    if (accessToken) {
      return { method: "accessToken", token: yield* readSecret("codex-account login --with-access-token < token.txt") }
    }
    if (apiKey) return { method: "apiKey", key: yield* readSecret("codex-account login --with-api-key < key.txt") }
    return device ? { method: "device" } : { method: "browser", openBrowser: !flags["--no-browser"] }
  })

const loginLines = ({ email, replaced, session }: SignInOutcome): ReadonlyArray<string> => [
  plainLine(
    session.usesBackend
      ? `Signed in${email === null ? "" : ` as ${email}`}, ${planLabel(session.plan)}.`
      : "Signed in with an API key. Usage, resets and invites need a sign-in with ChatGPT."
  ),
  ...(replaced === null
    ? []
    : ["The previous sign-in was replaced. Its session was not ended: other machines may share it."])
]

export const login = (flags: LoginFlags) =>
  Effect.gen(function* () {
    const { demo } = yield* Globals
    if (demo) return yield* badUsage("The demo is already signed in.")
    return yield* signIn(yield* optionsOf(flags))
  }).pipe(
    present({
      fields: loginFields,
      value: ({ method, replaced, session }) => ({ ...session, method, replaced: replaced !== null }),
      lines: (outcome, { columns }) => loginLines(outcome).flatMap((line) => wrap(line, columns))
    })
  )

const logoutLines = (outcome: SignOutOutcome): ReadonlyArray<string> => {
  if (outcome._tag === "Declined") return ["Nothing was done, and nothing was sent."]
  if (!outcome.removed) return ["You were not signed in."]
  const signedOut = "Signed out: the stored sign-in was removed."
  if (outcome.revoked === null) return [signedOut]
  return [
    signedOut,
    outcome.revoked
      ? "The session was ended at the server too: other machines and the browser that shared it are signed out."
      : "The server did not confirm that the session has ended elsewhere."
  ]
}

export const logout = (flags: { readonly "--local": boolean }) =>
  signOut({ local: flags["--local"] }).pipe(
    present({
      fields: logoutFields,
      value: (outcome) =>
        outcome._tag === "Declined"
          ? { outcome: "declined" as const, removed: false, revoked: null }
          : { outcome: "signedOut" as const, removed: outcome.removed, revoked: outcome.revoked },
      lines: (outcome, { columns }) => logoutLines(outcome).flatMap((line) => wrap(line, columns)),
      exitCode: (outcome) => (outcome._tag === "SignedOut" && outcome.removed ? ExitCode.done : ExitCode.nothing)
    })
  )
