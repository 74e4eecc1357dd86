/** Write to the workspace's owner, as somebody else has decided. */
import * as Effect from "effect/Effect"
import type { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { JournalError } from "../domain/JournalError.js"
import type { CreditType } from "../domain/WorkspaceRole.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import { OperationKeys } from "../services/OperationKeys.js"
import { underPolicy } from "../services/Policies.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { runDecidedOperation } from "./runOperation.js"

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
  Lease | OperationJournal | WorkspaceRole
> =>
  Effect.gen(function* () {
    const roles = yield* WorkspaceRole
    return yield* runDecidedOperation({
      key: yield* (yield* OperationKeys).next,
      act: "nudge",
      identity: as,
      target: creditType,
      send: roles.nudge({ as, creditType }).pipe(underPolicy("nudgeOwner", "never", "10 seconds")),
      outcomeOf: (outcome) => outcome
    })
  }).pipe(Effect.withSpan("nudgeOwner"))
