/** The active login, and the change of its workspace. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { STATUS_CODES } from "node:http"
import type { AuthError } from "../../../domain/AuthError.js"
import type { BackendError } from "../../../domain/BackendError.js"
import { AccountId } from "../../../domain/Identity.js"
import type { Session } from "../../../domain/Session.js"
import { Workspace } from "../../../domain/Workspace.js"
import type { WorkspaceError } from "../../../domain/WorkspaceError.js"
import { readWorkspaces, switchWorkspace } from "../../../programs/workspaces.js"
import { AccountConfig } from "../../../services/AccountConfig.js"
import type { RpcError } from "../../../rpc/RpcError.js"
import * as errors from "../../protocol/errors.js"
import type { Result } from "../../protocol/methods.js"
import { AccountEvents } from "../AccountEvents.js"
import { CurrentSession } from "../CurrentSession.js"
import type { Handlers, ServerServices } from "../Handler.js"

/** The session, if it is a login of ours that names its user. */
const activeLogin = Effect.map(
  Effect.flatMap(CurrentSession, (sessions) => sessions.present),
  (session) => (session?.isRefreshable === true ? session : null)
)

const sessionsResult = (session: Session | null, workspaces: ReadonlyArray<Workspace>) =>
  Effect.map(Clock.currentTimeMillis, (now): Result<"accountSession/list"> => {
    const userId = session?.identity.userId ?? null
    if (session === null || userId === null) return { activeSessionId: null, sessions: [] }
    const active = {
      sessionId: userId,
      email: session.email,
      userId,
      displayName: null,
      imageUrl: null,
      lastUsedAt: Math.floor(now / 1000),
      isActive: true,
      selectedWorkspaceAccountId: session.identity.accountId,
      workspaces: workspaces.map(({ id, imageUrl, kind, name }) => ({ accountId: id, name, imageUrl, kind }))
    }
    return { activeSessionId: userId, sessions: [active] }
  })

/** The workspace that the session is in, by its id alone. */
const selected = ({ identity: { accountId } }: Session): ReadonlyArray<Workspace> =>
  accountId === null ? [] : [new Workspace({ id: accountId, name: null, kind: null, imageUrl: null, routing: null })]

const metadataFailed = (error: AuthError | BackendError): RpcError =>
  error._tag === "BackendError" && error.isTimeout
    ? errors.timedOut("Workspace metadata request")
    : errors.metadataFailed()

const switchFailed =
  (allowed: ReadonlyArray<string>) =>
  (error: AuthError | BackendError | WorkspaceError): RpcError => {
    switch (error._tag) {
      case "BackendError":
        if (error.reason === "IdentityChanged") return errors.credentialsChanged()
        if (error.operation !== "workspaces.switch") return metadataFailed(error)
        if (error.status !== null) {
          return errors.switchRejected(`${error.status} ${STATUS_CODES[error.status] ?? "<unknown status code>"}`)
        }
        return error.reason === "Malformed" ? errors.switchUnreadable() : errors.switchNotSent(error.description)
      case "AuthError":
        if (error.reason === "AccountMismatch" || error.reason === "NotSignedIn") return errors.credentialsChanged()
        return error.reason === "NotWritable"
          ? errors.failedTo("failed to save the session", error.message)
          : errors.metadataFailed()
      case "WorkspaceError":
        switch (error.reason) {
          case "NotManaged":
            return errors.managedLoginRequired()
          case "Forbidden":
            return errors.workspaceRestricted(allowed)
          case "NotListed":
          case "Ambiguous":
            return errors.workspaceUnavailable()
          case "UnusableToken":
            return errors.invalidIdToken()
          case "OtherToken":
            return errors.otherWorkspaceToken()
        }
    }
  }

const isAccountId = Schema.is(AccountId)

export const workspaceHandlers: Handlers<
  "accountSession/list" | "accountSession/switch",
  ServerServices | AccountEvents | CurrentSession
> = {
  "accountSession/list": ({ refreshWorkspaceMetadata }) =>
    Effect.gen(function* () {
      const session = yield* activeLogin
      if (session?.identity.userId == null) return yield* sessionsResult(null, [])
      if (refreshWorkspaceMetadata !== true) return yield* sessionsResult(session, selected(session))
      const workspaces = yield* Effect.mapError(readWorkspaces({ fresh: true }), metadataFailed)
      return yield* sessionsResult(session, workspaces)
    }),
  "accountSession/switch": ({ accountId, sessionId }, context) =>
    Effect.gen(function* () {
      const events = yield* AccountEvents
      const { forcedWorkspaces } = yield* AccountConfig
      const id = accountId.trim()
      if (!isAccountId(id)) return yield* errors.mustNotBeEmpty("accountId")
      const before = yield* activeLogin
      if (before === null) return yield* errors.managedLoginRequired()
      if (sessionId !== before.identity.userId) return yield* errors.notTheActiveSession()
      const after = yield* events
        .changing(switchWorkspace({ as: before.identity, id }))
        .pipe(Effect.mapError(switchFailed(forcedWorkspaces)))
      if (id !== before.identity.accountId) yield* context.afterwards(events.changed)
      return yield* sessionsResult(after, selected(after))
    })
}
