/** Views of the account: its status, the role, the token activity. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import type { Operation } from "../domain/Operation.js"
import { Session } from "../domain/Session.js"
import type { TokenActivity } from "../domain/TokenActivity.js"
import type { Judged } from "../domain/UsageTransition.js"
import { verdict } from "../domain/Verdict.js"
import type { WorkspaceMessageList } from "../domain/WorkspaceMessage.js"
import type { WorkspaceRole as Role } from "../domain/WorkspaceRole.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import { type JournalError, OperationJournal } from "../services/OperationJournal.js"
import { underPolicy } from "../services/Policies.js"
import type { RateLimits } from "../services/RateLimits.js"
import { TokenUsage } from "../services/TokenUsage.js"
import { WorkspaceMessages } from "../services/WorkspaceMessages.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { Workspaces } from "../services/Workspaces.js"
import { readUsage } from "./usage.js"

/** The live role where the backend has one to give, else the token's claim. */
export const readRole = Effect.flatMap(WorkspaceRole, (roles) => roles.role).pipe(
  underPolicy("readRole", "safe", "15 seconds")
)

/** The session with its workspace, as far as the backend tells. */
export const readWorkspace = Effect.flatMap(Workspaces, (workspaces) => workspaces.session).pipe(
  underPolicy("readWorkspaces", "safe", "15 seconds")
)

/** The user's token activity. */
export const readTokenActivity = Effect.flatMap(TokenUsage, (tokens) => tokens.read).pipe(
  underPolicy("readTokenActivity", "safe", "25 seconds")
)

/** The workspace's messages. */
export const readWorkspaceMessages = Effect.flatMap(WorkspaceMessages, (messages) => messages.read).pipe(
  underPolicy("readWorkspaceMessages", "safe", "1 second")
)

/** Fails when the session is no longer this identity's. */
export const ensureStill = (identity: Identity) =>
  Effect.gen(function* () {
    const present = yield* (yield* AuthSession).current
    if (!sameIdentity(present.identity, identity)) return yield* AuthError.of("AccountMismatch")
  })

/**
 * A part that could not be read says why, and the others stand. `open` are operations whose outcome is not known.
 * @since 0.1.0
 * @category models
 */
export interface Status {
  readonly session: Session
  readonly role: Role
  readonly usage: Either.Either<Judged, AuthError | BackendError>
  readonly activity: Either.Either<TokenActivity, AuthError | BackendError>
  readonly messages: Either.Either<WorkspaceMessageList, AuthError | BackendError>
  /** The operations whose outcome is not known, up to a hundred. */
  readonly open: Either.Either<ReadonlyArray<Operation>, JournalError>
}

/**
 * Shows everything about the account at once. Fails only without a session of ChatGPT's.
 * @since 0.1.0
 * @category programs
 */
export const showStatus: Effect.Effect<
  Status,
  AuthError,
  AuthSession | Dialog | OperationJournal | RateLimits | TokenUsage | WorkspaceMessages | WorkspaceRole | Workspaces
> = Effect.gen(function* () {
  const auth = yield* AuthSession
  const dialog = yield* Dialog
  const journal = yield* OperationJournal

  const { session } = yield* auth.authorization
  const { named, ...parts } = yield* dialog.progress(
    "Reading the account",
    Effect.all(
      {
        usage: Effect.either(readUsage()),
        role: readRole,
        named: Effect.filterOrElse(
          readWorkspace,
          ({ identity }) => sameIdentity(identity, session.identity),
          () => Effect.succeed(session)
        ),
        activity: Effect.either(readTokenActivity),
        messages: Effect.either(readWorkspaceMessages),
        open: Effect.either(journal.list({ identity: session.identity, state: "open", limit: 100 }))
      },
      { concurrency: "unbounded" }
    )
  )
  yield* ensureStill(session.identity)
  const { role } = parts
  const now = yield* DateTime.now
  const usage = Either.map(parts.usage, (snapshot) => ({ snapshot, verdict: verdict(snapshot, { now, role }) }))
  return { ...parts, session: new Session({ ...session, workspace: named.workspace }), usage }
}).pipe(Effect.withSpan("codex.program.showStatus"))

/**
 * Shows the role in the workspace.
 * @since 0.1.0
 * @category programs
 */
export const showRole: Effect.Effect<
  { readonly session: Session; readonly role: Role },
  AuthError,
  AuthSession | Dialog | WorkspaceRole
> = Effect.gen(function* () {
  const dialog = yield* Dialog
  const session = yield* (yield* AuthSession).current
  const role = yield* dialog.progress("Reading the role", readRole)
  yield* ensureStill(session.identity)
  return { session, role }
}).pipe(Effect.withSpan("codex.program.showRole"))

/**
 * Shows how many tokens were used, and when.
 * @since 0.1.0
 * @category programs
 */
export const showActivity: Effect.Effect<TokenActivity, AuthError | BackendError, AuthSession | Dialog | TokenUsage> =
  Effect.flatMap(Dialog, (dialog) => dialog.progress("Reading token activity", readTokenActivity)).pipe(
    Effect.tap(({ identity }) => ensureStill(identity)),
    Effect.withSpan("codex.program.showActivity")
  )
