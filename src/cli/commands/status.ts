/** `codex-account status`, and `codex-account` alone. */
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Session } from "../../domain/Session.js"
import { showStatus, type Status } from "../../programs/status.js"
import { ExitCode, ofAuthError, ofBackendError } from "../exitCodes.js"
import { failureOf } from "../Failure.js"
import { Globals } from "../Globals.js"
import { statusFields } from "../json/fields.js"
import { usageValue } from "../json/values.js"
import { statusLines } from "../render/status.js"
import { present, Report } from "../Report.js"
import { tellOpen } from "../tellOpen.js"

const errorOf = <A>(part: Either.Either<A, Parameters<typeof failureOf>[0]>) =>
  Either.match(part, {
    onLeft: (error) => failureOf(error, { command: "status", networkVariables: [], homeGiven: false }).body,
    onRight: () => null
  })

/** A session without its e-mail address. */
export const accountValue = ({ accessExpiresAt, identity, lastRefreshAt, mode, plan, source }: Session) => ({
  accessExpiresAt,
  identity,
  lastRefreshAt,
  mode,
  plan,
  source
})

const value = (status: Status) => {
  const usage = Either.getOrNull(status.usage)
  const messages = Either.getOrNull(status.messages)
  return {
    session: accountValue(status.session),
    role: status.role,
    usage: usage === null ? null : usageValue(usage.snapshot),
    verdict: usage?.verdict ?? null,
    activity: Either.getOrNull(status.activity),
    messages: messages?.messages.filter((message) => message.archivedAt === null) ?? null,
    open: status.open,
    errors: { usage: errorOf(status.usage), activity: errorOf(status.activity), messages: errorOf(status.messages) }
  }
}

/** The status; without its usage the exit code is that of the error. */
export const statusAnswer = Effect.suspend(() =>
  showStatus.pipe(
    tellOpen,
    present({
      command: "status",
      fields: statusFields,
      value,
      lines: statusLines,
      exitCode: ({ usage }) =>
        Either.match(usage, {
          onLeft: (error) => (error._tag === "AuthError" ? ofAuthError(error.reason) : ofBackendError(error.reason)),
          onRight: () => ExitCode.done
        })
    })
  )
)

/** What `codex-account` alone does: the usage menu for a person at a terminal, else the status. */
export const menuOrStatus = Effect.gen(function* () {
  const { json, yes } = yield* Globals
  const { screen } = yield* Report
  const atTerminal = screen.interactive && screen.live && process.stdout.isTTY
  if (json || yes || !atTerminal) return yield* statusAnswer
  const { openMenu } = yield* Effect.promise(() => import("../menu/openMenu.js"))
  return yield* tellOpen(openMenu)
})

export const status = Command.make("status", {}, () => statusAnswer)
