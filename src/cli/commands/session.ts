/** `codex-account session`. */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import type { AuthMode, Session } from "../../domain/Session.js"
import { AuthSession } from "../../services/AuthSession.js"
import { CredentialStore } from "../../services/CredentialStore.js"
import { sessionFields } from "../json/fields.js"
import type { Canvas } from "../render/limits.js"
import { relative, timeAndDistance } from "../render/time.js"
import { present } from "../Report.js"
import { tellOpen } from "../tellOpen.js"
import { accountValue } from "./status.js"

const modes: Readonly<Record<AuthMode, string>> = {
  chatgpt: "with ChatGPT",
  chatgptAuthTokens: "with tokens from another application",
  personalAccessToken: "with a personal access token",
  headers: "with request headers",
  agentIdentity: "as an agent",
  apikey: "with an API key",
  bedrockApiKey: "with a Bedrock API key",
  bedrockAccessKeys: "with Bedrock access keys"
}

interface Found {
  readonly session: Session
  readonly location: string
}

const expiry = (session: Session, canvas: Canvas): string => {
  if (session.accessExpiresAt === null) return "the token does not tell when it expires"
  const renewal = session.isRefreshable ? ", renewed when it is due" : ", can't be renewed"
  const passed = session.accessExpiresAt.epochMillis <= canvas.now.epochMillis
  return `${passed ? "expired" : "until"} ${timeAndDistance(session.accessExpiresAt, canvas.now)}${renewal}`
}

const lines = ({ location, session }: Found, canvas: Canvas): ReadonlyArray<string> => {
  const row = (name: string, text: string) => `${canvas.paint("dim", name.padEnd(10))} ${plainLine(text)}`
  const usable = session.usesBackend ? "" : " (not usable here: this needs a sign-in with ChatGPT)"
  return [
    row("Signed in", `${modes[session.mode]}${usable}`),
    ...(session.email === null ? [] : [row("E-mail", session.email)]),
    row("Plan", planLabel(session.plan)),
    row("Account", session.identity.accountId ?? "not told"),
    row("User", session.identity.userId ?? "not told"),
    row("Access", expiry(session, canvas)),
    ...(session.lastRefreshAt === null ? [] : [row("Renewed", relative(session.lastRefreshAt, canvas.now))]),
    row("From", location)
  ]
}

export const session = Command.make("session", {}, () =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const store = yield* CredentialStore
    return { session: yield* auth.current, location: store.location }
  }).pipe(
    tellOpen,
    present({
      command: "session",
      fields: sessionFields,
      value: ({ location, session }) => ({
        ...accountValue(session),
        email: session.email,
        isOrgOwner: session.isOrgOwner,
        isRefreshable: session.isRefreshable,
        usesBackend: session.usesBackend,
        location
      }),
      lines
    })
  )
)
