/** The exit codes. The numbers are stable. */
import type { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendErrorReason } from "../domain/BackendError.js"
import type { LoginError } from "../domain/LoginError.js"
import type { WorkspaceError } from "../domain/WorkspaceError.js"
import type { RedeemResult } from "../programs/redeem.js"

/**
 * `nothing`: nothing to do, or the person said no. `blocked`: of `guard` alone. `unsaved`: done, but the session was
 * renewed and can't be stored. `interrupted`: by Ctrl-C.
 */
export const ExitCode = {
  done: 0,
  unexpected: 1,
  badUsage: 2,
  notSignedIn: 3,
  refused: 4,
  unknown: 5,
  unavailable: 6,
  nothing: 7,
  blocked: 8,
  unsaved: 9,
  interrupted: 130
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

const backendCodes: Readonly<Record<BackendErrorReason, ExitCode>> = {
  Unsupported: ExitCode.refused,
  Misconfigured: ExitCode.badUsage,
  IdentityChanged: ExitCode.nothing,
  Unreachable: ExitCode.unavailable,
  HostNotFound: ExitCode.unavailable,
  ConnectionRefused: ExitCode.unavailable,
  ConnectTimeout: ExitCode.unavailable,
  CertificateUntrusted: ExitCode.unavailable,
  ProxyUnreachable: ExitCode.unavailable,
  ProxyAuthRequired: ExitCode.unavailable,
  ProxyRefused: ExitCode.unavailable,
  Transport: ExitCode.unavailable,
  Timeout: ExitCode.unavailable,
  BodyTimeout: ExitCode.unavailable,
  Redirected: ExitCode.refused,
  Unauthorized: ExitCode.notSignedIn,
  Forbidden: ExitCode.refused,
  Challenged: ExitCode.unavailable,
  RegionUnsupported: ExitCode.refused,
  WorkspaceDeactivated: ExitCode.refused,
  NotFound: ExitCode.refused,
  RateLimited: ExitCode.unavailable,
  Rejected: ExitCode.refused,
  ServerError: ExitCode.unavailable,
  Malformed: ExitCode.unavailable,
  TooLarge: ExitCode.unavailable
}

const ofAct: Readonly<Record<ActError["reason"], ExitCode>> = {
  InvalidInput: ExitCode.badUsage,
  NotOffered: ExitCode.nothing,
  TooSoon: ExitCode.nothing,
  OfferChanged: ExitCode.nothing,
  IdentityChanged: ExitCode.nothing,
  NotNeeded: ExitCode.nothing,
  Unresolved: ExitCode.unknown,
  Busy: ExitCode.unavailable,
  Rejected: ExitCode.refused,
  OutcomeUnknown: ExitCode.unknown
}

/** For every reason but `Unavailable` there is no usable sign-in. What an exchange met with ends as it does for a call. */
export const ofAuthError = ({ failure, reason }: Pick<AuthError, "failure" | "reason">): ExitCode =>
  failure !== null
    ? ofBackendError(failure.reason)
    : reason === "Unavailable"
      ? ExitCode.unavailable
      : ExitCode.notSignedIn

const ofLogin: Readonly<Record<LoginError["reason"], ExitCode>> = {
  InvalidInput: ExitCode.badUsage,
  ChatGptToken: ExitCode.badUsage,
  AgentIdentity: ExitCode.badUsage,
  MethodForbidden: ExitCode.refused,
  WorkspaceForbidden: ExitCode.refused,
  HostManaged: ExitCode.refused,
  Denied: ExitCode.refused,
  NotEntitled: ExitCode.refused,
  NoCode: ExitCode.refused,
  DeviceDisabled: ExitCode.refused,
  Refused: ExitCode.refused,
  PortInUse: ExitCode.unavailable,
  Expired: ExitCode.unavailable,
  Unavailable: ExitCode.unavailable,
  Malformed: ExitCode.unavailable,
  Cancelled: ExitCode.nothing
}

const ofWorkspace: Readonly<Record<WorkspaceError["reason"], ExitCode>> = {
  NotManaged: ExitCode.notSignedIn,
  Forbidden: ExitCode.refused,
  NotListed: ExitCode.badUsage,
  Ambiguous: ExitCode.badUsage,
  UnusableToken: ExitCode.unavailable,
  OtherToken: ExitCode.refused
}

export const ofWorkspaceError = (reason: WorkspaceError["reason"]): ExitCode => ofWorkspace[reason]

export const ofLoginError = (reason: LoginError["reason"]): ExitCode => ofLogin[reason]

export const ofBackendError = (reason: BackendErrorReason): ExitCode => backendCodes[reason]

/** A refusal with 401 is one of the sign-in. */
export const ofActError = (error: Pick<ActError, "reason" | "status">): ExitCode =>
  error.reason === "Rejected" && error.status === 401 ? ExitCode.notSignedIn : ofAct[error.reason]

export const ofRedeem = (outcome: RedeemResult["outcome"]): ExitCode =>
  outcome === "reset" || outcome === "alreadyRedeemed" ? ExitCode.done : ExitCode.nothing
