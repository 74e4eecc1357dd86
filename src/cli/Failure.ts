/** How an error is shown: at most three lines for a person, the same facts for a program. */
import type { ConfigError } from "effect/ConfigError"
import type { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { ConfigurationError } from "../services/AccountConfig.js"
import type { JournalError } from "../services/OperationJournal.js"
import type { LoginError } from "../domain/LoginError.js"
import { plainLine } from "../domain/PlainText.js"
import type { DialogError } from "../services/Dialog.js"
import type { BadUsage } from "./Command.js"
import { ExitCode, ofActError, ofAuthError, ofBackendError, ofLoginError } from "./exitCodes.js"
import type { ErrorBody } from "./json/envelope.js"
import { lengthOf } from "./render/time.js"

/** Every error that a command may end with. */
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

type Facts = Omit<ErrorBody, "code" | "message" | "changed">

const noFacts: Facts = { operation: null, status: null, retryAfterMillis: null, requestId: null, key: null }

const make = (
  code: string,
  exitCode: ExitCode,
  lines: ReadonlyArray<string | null>,
  facts: Partial<Facts> & Partial<Pick<ErrorBody, "changed">> = {}
): Failure => {
  const shown = lines.flatMap((line) => (line === null || line === "" ? [] : [plainLine(line, 400)]))
  return {
    exitCode,
    lines: shown,
    body: { code, message: shown.join(" "), changed: "no", ...noFacts, ...facts }
  }
}

const nothingDone: Readonly<Partial<Record<string, string>>> = {
  redeem: "Nothing was sent: no reset was used.",
  invite: "Nothing was sent: no invite went out.",
  "notify-owner": "Nothing was sent: the owner was not written to."
}

/** What an act did not do. */
const notDone = ({ command }: Circumstances): string | null =>
  command === null ? null : (nothingDone[command] ?? null)

const actions: Readonly<Record<string, string>> = {
  "usage.read": "The usage could not be read",
  "referrals.eligibility": "The referral offer could not be read",
  "referrals.rules": "The referral offer could not be read"
}

/** What the first line says to do itself. */
const needsSignIn: ReadonlySet<AuthError["reason"]> = new Set<AuthError["reason"]>([
  "NotSignedIn",
  "WrongAuth",
  "Malformed"
])

const fromAuth = (error: AuthError, at: Circumstances): Failure => {
  const detail = error.detail === null ? "" : ` (${error.detail})`
  const said = needsSignIn.has(error.reason) ? `${error.summary} Run \`codex-account login\`.${detail}` : error.message
  const next =
    error.reason === "NotSignedIn"
      ? `To look around without an account: codex-account ${at.command ?? "usage"} --demo`
      : error.isPermanent && error.reason !== "Forbidden" && !needsSignIn.has(error.reason)
        ? "To sign in again: codex-account login"
        : null
  return make(`AuthError.${error.reason}`, ofAuthError(error.reason), [said, notDone(at), next])
}

const backendAdvice = (error: BackendError, at: Circumstances): string | null => {
  if (error.retryAfterMillis !== null) return `The backend asks to wait ${lengthOf(error.retryAfterMillis)}.`
  if (error.reason === "Unauthorized") return "To sign in again: codex-account login"
  if (error.reason !== "Unreachable" && error.reason !== "Transport" && error.reason !== "Timeout") return null
  const set = at.networkVariables.length === 0 ? "" : ` Set in the environment: ${at.networkVariables.join(", ")}.`
  return `To find out why: codex-account doctor.${set}`
}

const fromBackend = (error: BackendError, at: Circumstances): Failure => {
  const id = error.requestId === null ? "" : `, request ${error.requestId}`
  const what = `${actions[error.operation] ?? `The call ${error.operation} failed`}: ${error.description}${id}.`
  return make(
    `BackendError.${error.reason}`,
    ofBackendError(error.reason),
    [what, notDone(at), backendAdvice(error, at)],
    {
      operation: error.operation,
      status: error.status,
      retryAfterMillis: error.retryAfterMillis,
      requestId: error.requestId
    }
  )
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
  const isOpen = error.reason === "OutcomeUnknown" || error.reason === "Unresolved"
  return make(`ActError.${error.reason}`, ofActError(error), [error.summary, error.rest, nextAct(error)], {
    operation: error.act,
    status: error.status,
    key: error.key,
    changed: isOpen ? "unknown" : "no"
  })
}

const helpOf = (command: string | null): string =>
  `For help: codex-account ${command === null ? "" : `${command} `}--help`

const configurationAdvice: Readonly<Record<ConfigurationError["reason"], string | null>> = {
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
    case "DialogError":
      return error.reason === "Cancelled"
        ? make("DialogError.Cancelled", ExitCode.interrupted, [error.message])
        : make("DialogError.NotInteractive", ExitCode.badUsage, [error.message])
    case "JournalError":
      return make(
        `JournalError.${error.reason}`,
        ExitCode.unexpected,
        [error.message, error.reason === "Transition" ? notDone(at) : null],
        {
          key: error.key,
          changed: error.reason === "Transition" ? "unknown" : "no"
        }
      )
    case "LoginError":
      return make(
        `LoginError.${error.reason}`,
        ofLoginError(error.reason),
        [
          error.message,
          error.reason === "PortInUse" ? "To sign in with a device code: codex-account login --device" : null
        ],
        { status: error.status }
      )
    case "ConfigurationError":
      return make(`ConfigurationError.${error.reason}`, ExitCode.badUsage, [
        at.homeGiven && error.subject === "CODEX_HOME" ? `--codex-home ${error.problem}` : error.message,
        configurationAdvice[error.reason]
      ])
    case "BadUsage":
      return make("BadUsage", ExitCode.badUsage, [error.message, error.advice ?? helpOf(at.command)])
    case "ConfigError":
      return make("ConfigurationError.InvalidValue", ExitCode.badUsage, [
        `A setting in the environment can't be used: ${String(error)}`,
        "Nothing was sent."
      ])
  }
}

/** Ctrl-C before anything was sent that can't be undone. */
export const interruption = (at: Circumstances): Failure =>
  make("Interrupted", ExitCode.interrupted, ["Interrupted.", notDone(at)])

/** A bug: one line, without the stack. */
export const unexpected = (): Failure =>
  make("Unexpected", ExitCode.unexpected, [
    "This is a bug in codex-account. To see more: run the command again with --log-level debug."
  ])
