/**
 * Send the message to the owner that was confirmed.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { JournalError } from "../domain/JournalError.js"
import type { CreditType } from "../domain/WorkspaceRole.js"
import type { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { OperationKeys } from "../services/OperationKeys.js"
import { underPolicy } from "../services/Policies.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { isDefiniteRefusal, runOperation } from "./runOperation.js"

/**
 * What was confirmed: who asks, and for what. `again` sends although the outcome of an earlier message is not known.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfirmedNudge {
  readonly as: Identity
  readonly creditType: CreditType
  readonly again: boolean
}

/**
 * A message with the same wish whose outcome is open.
 *
 * @since 0.1.0
 * @category nudges
 */
export const openNudge = (identity: Identity, creditType: CreditType) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const open = yield* journal.list({ act: "nudge", identity, open: true })
    return Option.fromNullable(open.find((operation) => operation.target === creditType))
  })

/**
 * Refuses when the outcome of an earlier message with the same wish is open.
 *
 * @since 0.1.0
 * @category nudges
 */
export const withoutOpenNudge = (identity: Identity, creditType: CreditType) =>
  Effect.flatMap(
    openNudge(identity, creditType),
    Option.match({
      onNone: () => Effect.void,
      onSome: ({ key }) => new ActError({ act: "nudge", reason: "Unresolved", key, status: null, detail: null })
    })
  )

/**
 * Sends it with a single request, and the journal around it.
 *
 * @since 0.1.0
 * @category programs
 */
export const nudgeConfirmed = ({
  again,
  as,
  creditType
}: ConfirmedNudge): Effect.Effect<
  { readonly outcome: "sent" | "cooldownActive"; readonly key: string },
  ActError | AuthError | BackendError | JournalError,
  Lease | OperationJournal | WorkspaceRole
> =>
  Effect.gen(function* () {
    const keys = yield* OperationKeys
    const roles = yield* WorkspaceRole
    const key = yield* keys.next
    const { answer } = yield* runOperation({
      key,
      act: "nudge",
      identity: as,
      target: creditType,
      send: roles.nudge({ as, creditType }).pipe(underPolicy("nudgeOwner", "never", "10 seconds")),
      isRejection: isDefiniteRefusal,
      outcomeOf: (outcome) => outcome,
      before: again ? Effect.void : withoutOpenNudge(as, creditType)
    })
    return { outcome: answer, key }
  })
