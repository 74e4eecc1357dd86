/**
 * Show everything about the account at once.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { JournalError } from "../domain/JournalError.js"
import type { Operation } from "../domain/Operation.js"
import type { Session } from "../domain/Session.js"
import type { TokenActivity } from "../domain/TokenActivity.js"
import { verdict } from "../domain/Verdict.js"
import type { WorkspaceMessageList } from "../domain/WorkspaceMessage.js"
import type { WorkspaceRole as Role } from "../domain/WorkspaceRole.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { underPolicy } from "../services/Policies.js"
import type { RateLimits } from "../services/RateLimits.js"
import { TokenUsage } from "../services/TokenUsage.js"
import { WorkspaceMessages } from "../services/WorkspaceMessages.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { readUsage } from "./readUsage.js"
import type { UsageView } from "./readJudged.js"

/**
 * A part that could not be read says why, and the others stand. `open` are acts whose outcome is not known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Status {
  readonly session: Session
  readonly role: Role
  readonly usage: Either.Either<UsageView, AuthError | BackendError>
  readonly activity: Either.Either<TokenActivity, AuthError | BackendError>
  readonly messages: Either.Either<WorkspaceMessageList, AuthError | BackendError>
  readonly open: ReadonlyArray<Operation>
}

/**
 * Fails only when nobody is signed in with ChatGPT.
 *
 * @since 0.1.0
 * @category programs
 */
export const showStatus: Effect.Effect<
  Status,
  AuthError | JournalError,
  AuthSession | Dialog | OperationJournal | RateLimits | TokenUsage | WorkspaceMessages | WorkspaceRole
> = Effect.gen(function* () {
  const auth = yield* AuthSession
  const dialog = yield* Dialog
  const journal = yield* OperationJournal
  const messages = yield* WorkspaceMessages
  const roles = yield* WorkspaceRole
  const tokens = yield* TokenUsage

  const { session } = yield* auth.authorization
  const parts = yield* dialog.progress(
    "Reading the account",
    Effect.all(
      {
        usage: Effect.either(readUsage()),
        role: roles.role.pipe(underPolicy("readRole", "safe", "15 seconds")),
        activity: Effect.either(tokens.read.pipe(underPolicy("readTokenActivity", "safe", "25 seconds"))),
        messages: Effect.either(messages.read.pipe(underPolicy("readWorkspaceMessages", "safe", "1 second"))),
        open: journal.list({ identity: session.identity, open: true })
      },
      { concurrency: "unbounded" }
    )
  )
  const present = yield* auth.current
  if (!sameIdentity(present.identity, session.identity)) return yield* AuthError.of("AccountMismatch")
  const now = yield* DateTime.now
  return {
    ...parts,
    session,
    usage: Either.map(parts.usage, (snapshot) => ({
      snapshot,
      verdict: verdict(snapshot, { now, role: parts.role })
    }))
  }
}).pipe(Effect.withSpan("showStatus"))
