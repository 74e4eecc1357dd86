/** The commands that show the account: `status`, `role` and `session`, and `codex-account` alone. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import type { AuthMode, Session } from "../../domain/Session.js"
import { showRole, showStatus, type Status } from "../../programs/status.js"
import { AuthSession } from "../../services/AuthSession.js"
import { CredentialStore } from "../../services/CredentialStore.js"
import { ExitCode } from "../exitCodes.js"
import { type Circumstances, type CommandError, failureOf } from "../Failure.js"
import { Globals } from "../Command.js"
import { roleFields, sessionFields, shownUsage, statusFields } from "../json/outputs.js"
import type { Canvas } from "../render/limits.js"
import { interruptedText, roleText, statusLines } from "../render/status.js"
import { wrap } from "../render/text.js"
import { relative, timeAndDistance } from "../render/time.js"
import { present, Report } from "../Report.js"
import { withOpenNotice } from "../unfinished.js"

const statusValue = (status: Status, at: Circumstances) => {
  const errorOf = <A>(part: Either.Either<A, CommandError>) =>
    Either.match(part, { onLeft: (error) => failureOf(error, at).body, onRight: () => null })
  const usage = Either.getOrNull(status.usage)
  const messages = Either.getOrNull(status.messages)
  return {
    session: status.session,
    role: status.role,
    usage: usage === null ? null : shownUsage(usage.snapshot),
    verdict: usage?.verdict ?? null,
    activity: Either.getOrNull(status.activity),
    messages: messages?.messages.filter((message) => message.archivedAt === null) ?? null,
    open: Either.getOrElse(status.open, () => []),
    errors: {
      usage: errorOf(status.usage),
      activity: errorOf(status.activity),
      messages: errorOf(status.messages),
      journal: errorOf(status.open)
    }
  }
}

/** The status; without its usage the exit code is that of the error. */
export const status = Effect.flatMap(Report, ({ at }) =>
  showStatus.pipe(
    withOpenNotice,
    present({
      fields: statusFields,
      value: (result) => statusValue(result, at),
      lines: statusLines,
      exitCode: ({ usage }) =>
        Either.match(usage, { onLeft: (error) => failureOf(error, at).exitCode, onRight: () => ExitCode.done })
    })
  )
)

/** The usage menu for a person at a terminal, else the status. */
export const menuOrStatus = Effect.gen(function* () {
  const { json, yes } = yield* Globals
  const { screen } = yield* Report
  const atTerminal = screen.interactive && screen.live && process.stdout.isTTY
  if (json || yes || !atTerminal) return yield* status
  const { openMenu } = yield* Effect.promise(() => import("../menu.js"))
  return yield* withOpenNotice(openMenu)
})

export const role = showRole.pipe(
  present({
    fields: roleFields,
    value: ({ role, session }) => ({ identity: session.identity, plan: session.plan, ...role }),
    lines: ({ role, session }, { columns }) => wrap(`${planLabel(session.plan)} · ${roleText(role)}`, columns)
  })
)

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

const expiry = (session: Session, canvas: Canvas): string => {
  if (session.accessExpiresAt === null) return "the token does not say when it expires"
  const renewal = session.isRefreshable ? ", renewed automatically" : ", can't be renewed"
  const passed = session.accessExpiresAt.epochMillis <= canvas.now.epochMillis
  return `${passed ? "expired" : "until"} ${timeAndDistance(session.accessExpiresAt, canvas.now)}${renewal}`
}

const sessionLines = (session: Session, location: string, canvas: Canvas): ReadonlyArray<string> => {
  const row = (name: string, text: string) => `${canvas.paint("dim", name.padEnd(10))} ${plainLine(text)}`
  const usable = session.usesBackend ? "" : " (not usable here: this needs a sign-in with ChatGPT)"
  return [
    row("Signed in", `${modes[session.mode]}${usable}`),
    ...(session.email === null ? [] : [row("Email", session.email)]),
    row("Plan", planLabel(session.plan)),
    row("Account", session.identity.accountId ?? "unknown"),
    row("User", session.identity.userId ?? "unknown"),
    row("Access", expiry(session, canvas)),
    ...(session.renewalInterrupted ? [row("Renewal", interruptedText)] : []),
    ...(session.lastRefreshAt === null ? [] : [row("Renewed", relative(session.lastRefreshAt, canvas.now))]),
    row("Stored in", location)
  ]
}

export const session = Effect.all({
  session: Effect.flatMap(AuthSession, (auth) => auth.current),
  location: Effect.map(CredentialStore, (store) => store.location)
}).pipe(
  withOpenNotice,
  present({
    fields: sessionFields,
    value: ({ location, session }) => ({
      ...session,
      isRefreshable: session.isRefreshable,
      usesBackend: session.usesBackend,
      location
    }),
    lines: ({ location, session }, canvas) => sessionLines(session, location, canvas)
  })
)
