/** Why a sign-in did not come about. The session of before, if there was one, is as it was. */
import * as Schema from "effect/Schema"
import { BackendError } from "./BackendError.js"
import { joined } from "./PlainText.js"
import { namesOf, type Words } from "./words.js"

/** What happened, and what to do about it. */
const words = {
  MethodForbidden: ["The configuration does not allow this way to sign in.", null],
  WorkspaceForbidden: ["The configuration allows other workspaces only.", "Sign in to one of those."],
  HostManaged: ["Another application supplies the session.", "Sign out there, or let it supply another one."],
  PortInUse: [
    "The sign-in page needs a port of this machine that another program holds.",
    "End that program, or sign in with a device code."
  ],
  Cancelled: ["The sign-in was cancelled.", null],
  Expired: ["The sign-in was not finished in time.", "Start it again."],
  Denied: ["The sign-in was not granted.", null],
  NotEntitled: ["Codex is not enabled for this workspace.", "Ask its administrator, or choose another workspace."],
  NoCode: ["The sign-in page came back without a code.", "Start again."],
  DeviceDisabled: ["This server has no sign-in by device code.", "Sign in with the browser."],
  Refused: ["The server refused the sign-in.", null],
  Unavailable: ["The sign-in server gave no usable answer.", "Try again later."],
  Malformed: ["The sign-in server gave an answer that this version does not understand.", null],
  InvalidInput: ["That is not a token or key that can be used.", null],
  ChatGptToken: [
    "That is an access token of ChatGPT, which expires and can't be renewed.",
    "Make a personal access token (`at-…`), or sign in with the browser."
  ],
  AgentIdentity: ["Agent identities are not supported here.", "Use the Codex CLI, or a personal access token (`at-…`)."]
} as const satisfies Words

/**
 * - `MethodForbidden`, `WorkspaceForbidden`: the configuration rules it out. `HostManaged`: another application supplies
 *   the session. None of these was asked of a server, except the workspace.
 * - `PortInUse`: no loopback port is free. `Cancelled`: another program, or the person, ended it. `Expired`: it was
 *   not finished in time.
 * - `Denied`: the person, or the workspace, said no. `NotEntitled`: the workspace has no Codex. `NoCode`: the page came
 *   back without a code. `DeviceDisabled`: the server has no device sign-in.
 * - `Refused`: the server refused, definitely. `Unavailable`: no usable answer for now. `Malformed`: an answer that can't
 *   be understood.
 * - `InvalidInput`: not a token or key that can be used. `ChatGptToken`, `AgentIdentity`: a token of a kind that can't be
 *   used here.
 * @since 0.1.0
 * @category schemas
 */
export const LoginErrorReason = namesOf(words)

/**
 * What the sign-in was doing.
 * @since 0.1.0
 * @category schemas
 */
export const LoginStep = Schema.Literal("start", "callback", "exchange", "apiKeyExchange", "device", "poll", "whoami")

/**
 * `status` is the HTTP status of the answer. `detail` names a rule, ports or an OAuth error code, never a code or token.
 * `failure` is what kept a request from its server, as for the backend's calls.
 * @since 0.1.0
 * @category errors
 */
export class LoginError extends Schema.TaggedError<LoginError>()("LoginError", {
  reason: LoginErrorReason,
  step: LoginStep,
  status: Schema.NullOr(Schema.Int),
  detail: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(BackendError).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => null)
  )
}) {
  static of(
    reason: typeof LoginErrorReason.Type,
    step: typeof LoginStep.Type,
    detail: string | null = null,
    status: number | null = null
  ): LoginError {
    return new LoginError({ reason, step, status, detail })
  }

  /** No answer of the server's own. */
  static unanswered(step: typeof LoginStep.Type, failure: BackendError): LoginError {
    return new LoginError({ reason: "Unavailable", step, status: failure.status, detail: null, failure })
  }

  get summary(): string {
    return words[this.reason][0]
  }

  get advice(): string | null {
    return words[this.reason][1]
  }

  override get message(): string {
    if (this.failure !== null) return joined([this.summary, `(${this.failure.description})`, "Nothing was stored."])
    const status = this.status === null ? null : `HTTP ${this.status}`
    const facts = joined([this.detail, status], ", ")
    return joined([this.summary, this.advice, facts === "" ? null : `(${facts})`, "Nothing was stored."])
  }
}
