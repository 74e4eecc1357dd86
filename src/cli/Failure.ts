/** How an error is shown: at most three lines for a person, the same facts for a program. */
import type { ConfigError } from "effect/ConfigError"
import type { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError, BackendErrorReason } from "../domain/BackendError.js"
import type { ConfigurationError } from "../services/AccountConfig.js"
import type { JournalError } from "../services/OperationJournal.js"
import type { LoginError } from "../domain/LoginError.js"
import type { Operation } from "../domain/Operation.js"
import { plainLine } from "../domain/PlainText.js"
import type { WorkspaceError } from "../domain/WorkspaceError.js"
import type { DialogError } from "../services/Dialog.js"
import type { BadUsage } from "./Command.js"
import { ExitCode, ofActError, ofAuthError, ofBackendError, ofLoginError, ofWorkspaceError } from "./exitCodes.js"
import type { ErrorBody } from "./json/envelope.js"
import { lengthOf } from "./render/time.js"

export type CommandError =
  | ActError
  | AuthError
  | BackendError
  | BadUsage
  | ConfigError
  | ConfigurationError
  | DialogError
  | JournalError
  | LoginError
  | WorkspaceError

export interface Failure {
  readonly exitCode: ExitCode
  readonly lines: ReadonlyArray<string>
  readonly body: ErrorBody
}

/** Where it happened. `networkVariables` are the names of those that change how the network is reached. */
export interface Circumstances {
  readonly command: string | null
  readonly networkVariables: ReadonlyArray<string>
  /** Whether `--codex-home` named the home. */
  readonly homeGiven: boolean
}

const noFacts = { operation: null, status: null, retryAfterMillis: null, requestId: null, key: null }

const make = (
  code: string,
  exitCode: ExitCode,
  lines: ReadonlyArray<string | null>,
  facts: Partial<Omit<ErrorBody, "code" | "message">> = {}
): Failure => {
  const shown = lines.flatMap((line) => (line === null || line === "" ? [] : [plainLine(line, 400)]))
  return { exitCode, lines: shown, body: { code, message: shown.join(" "), changed: "no", ...noFacts, ...facts } }
}

const nothingDone: Readonly<Partial<Record<string, string>>> = {
  redeem: "Nothing was sent: no reset was used.",
  invite: "Nothing was sent: no invite went out.",
  "notify-owner": "Nothing was sent: the owner was not asked."
}

const notDone = ({ command }: Circumstances): string | null => nothingDone[command ?? ""] ?? null

const actions: Readonly<Record<string, string>> = {
  "session.refresh": "The session could not be renewed",
  "signIn.exchange": "The sign-in could not be completed",
  "signIn.device": "The sign-in could not begin",
  "signIn.poll": "The sign-in could not be completed",
  "signIn.whoami": "The token could not be checked",
  "usage.read": "The usage could not be read",
  "referrals.eligibility": "The referral offer could not be read",
  "referrals.rules": "The referral offer could not be read",
  "workspaces.list": "The workspaces could not be read",
  "workspaces.switch": "The workspace was not changed"
}

/** Their first line names the command that signs in. */
const needsSignIn: ReadonlySet<AuthError["reason"]> = new Set(["NotSignedIn", "WrongAuth"] as const)

const signInAgain = "To sign in again: codex-account login"

const fromAuth = (error: AuthError, at: Circumstances): Failure => {
  if (error.failure !== null) return fromBackend(error.failure, at)
  const { detail, isPermanent, message, reason, summary } = error
  const first = needsSignIn.has(reason)
    ? `${summary} Run \`codex-account login\`.${detail === null ? "" : ` (${detail})`}`
    : message
  const next =
    reason === "NotSignedIn"
      ? `To look around without an account: codex-account ${at.command ?? "usage"} --demo`
      : isPermanent && reason !== "Forbidden" && reason !== "UnknownMode" && !needsSignIn.has(reason)
        ? signInAgain
        : null
  return make(`AuthError.${reason}`, ofAuthError(error), [first, notDone(at), next])
}

/** Nothing was sent, and the network has no part in it. */
const noNetwork: ReadonlySet<BackendErrorReason> = new Set(["Unsupported", "Misconfigured", "IdentityChanged"] as const)

const backendAdvice = (error: BackendError, at: Circumstances): string | null => {
  if (error.retryAfterMillis !== null) return `The backend asks to wait ${lengthOf(error.retryAfterMillis)}.`
  if (error.reason === "Unauthorized") return signInAgain
  if (error.reason !== "Challenged" && error.delivery === "answered") return null
  if (noNetwork.has(error.reason)) return null
  const set = at.networkVariables.length === 0 ? "" : ` Set in the environment: ${at.networkVariables.join(", ")}.`
  return `To find out why: codex-account doctor.${set}`
}

const fromBackend = (error: BackendError, at: Circumstances): Failure => {
  const { description, operation, reason, requestId, retryAfterMillis, status } = error
  const id = requestId === null ? "" : `, request ${requestId}`
  const what = `${actions[operation] ?? `The call ${operation} failed`}: ${description}${id}.`
  const lines = [what, notDone(at), backendAdvice(error, at)]
  return make(`BackendError.${reason}`, ofBackendError(reason), lines, {
    operation,
    status,
    retryAfterMillis,
    requestId
  })
}

/** The command that goes on from here, if there is one. */
const nextAct = ({ act, key, reason }: ActError): string | null => {
  switch (reason) {
    case "OutcomeUnknown":
    case "Unresolved":
      if (act === "redeem") return key === null ? null : `To carry it on: codex-account redeem --key ${key}`
      return `To send one anyway: codex-account ${act === "invite" ? "invite EMAIL" : "notify-owner"} --again`
    case "TooSoon":
      return "To use another reset anyway: codex-account redeem --again"
    case "NotNeeded":
      return act === "invite" ? "To send one anyway: codex-account invite EMAIL --again" : null
    case "InvalidInput":
      return act === "redeem" ? "For the ids of credits and the keys of operations: codex-account status" : null
    default:
      return null
  }
}

const fromAct = (error: ActError): Failure => {
  const { act, key, reason, status } = error
  const changed = reason === "OutcomeUnknown" || reason === "Unresolved" ? "unknown" : "no"
  const lines = [error.summary, error.rest, nextAct(error)]
  return make(`ActError.${reason}`, ofActError(error), lines, { operation: act, status, key, changed })
}

const configurationAdvice: Readonly<Record<ConfigurationError["reason"], string>> = {
  HomeMissing: "Nothing was sent. Create it, or name another with --codex-home.",
  HomeNotADirectory: "Nothing was sent. Name a folder with --codex-home.",
  ConfigUnreadable: "Nothing was sent. Check that it is a file and that you may read it.",
  ConfigMalformed: "Nothing was sent. Correct the file; it was left as it is.",
  CertificateUnreadable: "Nothing was sent. Correct the variable, or unset it.",
  InvalidUrl: "Nothing was sent. A URL looks like https://chatgpt.com/backend-api",
  InvalidValue: "Nothing was sent."
}

export const failureOf = (error: CommandError, at: Circumstances): Failure => {
  switch (error._tag) {
    case "AuthError":
      return fromAuth(error, at)
    case "BackendError":
      return fromBackend(error, at)
    case "ActError":
      return fromAct(error)
    case "DialogError": {
      const exitCode = error.reason === "Cancelled" ? ExitCode.interrupted : ExitCode.badUsage
      return make(`DialogError.${error.reason}`, exitCode, [error.message])
    }
    case "JournalError": {
      const isTransition = error.reason === "Transition"
      const lines = [error.message, isTransition ? notDone(at) : null]
      const facts = { key: error.key, changed: isTransition ? "unknown" : "no" } as const
      return make(
        `JournalError.${error.reason}`,
        error.reason === "Unavailable" ? ExitCode.unavailable : ExitCode.unexpected,
        lines,
        facts
      )
    }
    case "LoginError": {
      if (error.failure !== null) return fromBackend(error.failure, at)
      const next = error.reason === "PortInUse" ? "To sign in with a device code: codex-account login --device" : null
      const { message, reason, status } = error
      return make(`LoginError.${reason}`, ofLoginError(reason), [message, next], { status })
    }
    case "WorkspaceError": {
      const next =
        error.reason === "NotListed" || error.reason === "Ambiguous" ? "To see them: codex-account workspaces" : null
      return make(`WorkspaceError.${error.reason}`, ofWorkspaceError(error.reason), [error.message, next])
    }
    case "ConfigurationError":
      return make(`ConfigurationError.${error.reason}`, ExitCode.badUsage, [
        at.homeGiven && error.subject === "CODEX_HOME" ? `--codex-home ${error.problem}` : error.message,
        configurationAdvice[error.reason]
      ])
    case "BadUsage": {
      const help = `For help: codex-account ${at.command === null ? "" : `${at.command} `}--help`
      return make("BadUsage", ExitCode.badUsage, [error.message, error.advice ?? help])
    }
    case "ConfigError":
      return make("ConfigurationError.InvalidValue", ExitCode.badUsage, [
        `A setting in the environment can't be used: ${String(error)}`,
        configurationAdvice.InvalidValue
      ])
  }
}

/** The failure of one part of a command that goes on. */
export const failureIn = (command: string | null, error: CommandError): Failure =>
  failureOf(error, { command, networkVariables: [], homeGiven: false })

const succeeded = {
  redeem: "the reset was made",
  invite: "the invite was sent",
  nudge: "the owner was asked"
} as const

/** Ctrl-C: before anything was sent that can't be undone, or after `done` was. */
export const interruption = (at: Circumstances, done?: Operation): Failure =>
  done === undefined
    ? make("Interrupted", ExitCode.interrupted, ["Interrupted.", notDone(at)])
    : make("Interrupted", ExitCode.interrupted, [`Interrupted after ${succeeded[done.act]}. Operation ${done.key}.`], {
        changed: "unknown",
        operation: done.act,
        key: done.key
      })

/** A bug: one line, without the stack. */
export const unexpected = (): Failure =>
  make("Unexpected", ExitCode.unexpected, [
    "This is a bug in codex-account. To see more: run the command again with --log-level debug."
  ])
