/** Write to the workspace's owner, as somebody else has decided. */
import * as Effect from "effect/Effect"
import type { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { JournalError } from "../domain/JournalError.js"
import type { CreditType } from "../domain/WorkspaceRole.js"
import type { AuthSession } from "../services/AuthSession.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import { OperationKeys } from "../services/OperationKeys.js"
import { Policies } from "../services/Policies.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { actOnce } from "./actOnce.js"

export interface NudgeOptions {
  readonly as: Identity
  readonly creditType: CreditType
}

/** One request, without any question and whatever the role is. `cooldownActive`: the owner was told recently. */
export const nudgeOwner = ({
  as,
  creditType
}: NudgeOptions): Effect.Effect<
  "sent" | "cooldownActive",
  ActError | AuthError | BackendError | JournalError,
  AuthSession | Lease | OperationJournal | WorkspaceRole
> =>
  Effect.gen(function* () {
    const roles = yield* WorkspaceRole
    return yield* actOnce((yield* Policies).nudgeOwner, {
      key: yield* (yield* OperationKeys).next,
      act: "nudge",
      identity: as,
      target: creditType,
      attempt: roles.nudge({ as, creditType }),
      outcomeOf: (outcome) => outcome
    })
  }).pipe(Effect.withSpan("nudgeOwner"))
