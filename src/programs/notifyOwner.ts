/**
 * Ask the workspace's owner for credits or a higher limit.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { JournalError } from "../domain/JournalError.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import type { CreditType } from "../domain/WorkspaceRole.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import { underPolicy } from "../services/Policies.js"
import type { RateLimits } from "../services/RateLimits.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { nudgeConfirmed, withoutOpenNudge } from "./nudgeConfirmed.js"
import { nudgeNeed } from "./nudgeNeed.js"
import { readUsage } from "./readUsage.js"

/**
 * `creditType` is what to ask for; without it the reached limit decides. `again` sends although the outcome of an
 * earlier message is not known.
 *
 * @since 0.1.0
 * @category models
 */
export interface NotifyOptions {
  readonly creditType?: CreditType | undefined
  readonly again?: boolean
}

/**
 * `cooldownActive`: the owner was told recently, and nothing was sent this time.
 *
 * @since 0.1.0
 * @category models
 */
export interface NotifyResult {
  readonly outcome: "sent" | "cooldownActive" | "declined"
  readonly creditType: CreditType
  readonly key: string | null
}

const guidance = {
  credits: "You own this workspace: add credits in its settings.",
  usage_limit: "You own this workspace: raise its limit in the settings."
}

/** What a member who is stopped asks for. */
const wanted = (usage: UsageSnapshot): Effect.Effect<CreditType, ActError> => {
  const need = nudgeNeed(usage)
  if (need === null) {
    const detail = "No workspace limit is reached. To ask anyway, name what for with --type."
    return Effect.fail(ActError.of("nudge", "NotNeeded", detail))
  }
  return need.byOwner
    ? Effect.fail(ActError.of("nudge", "NotNeeded", guidance[need.creditType]))
    : Effect.succeed(need.creditType)
}

const questions = {
  credits: "Ask the workspace owner for credits?",
  usage_limit: "Ask the workspace owner for a higher usage limit?"
}

/**
 * For members only: owners get told what they can do themselves. One request; a message that may have gone out is not
 * repeated.
 *
 * @since 0.1.0
 * @category programs
 */
export const notifyOwner = (
  options: NotifyOptions = {}
): Effect.Effect<
  NotifyResult,
  ActError | AuthError | BackendError | DialogError | JournalError,
  AuthSession | Dialog | Lease | OperationJournal | RateLimits | WorkspaceRole
> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const dialog = yield* Dialog
    const roles = yield* WorkspaceRole

    const { session } = yield* auth.authorization
    const role = yield* dialog.progress(
      "Reading the role",
      roles.role.pipe(underPolicy("readRole", "safe", "15 seconds"))
    )
    if (role.isOwner === true) {
      return yield* ActError.of(
        "nudge",
        "NotNeeded",
        "You own this workspace, or administer it: there is nobody to ask."
      )
    }
    const creditType =
      options.creditType ??
      (yield* dialog.progress("Reading usage", readUsage()).pipe(
        Effect.filterOrFail(
          (usage) => sameIdentity(usage.identity, session.identity),
          () => ActError.of("nudge", "IdentityChanged")
        ),
        Effect.flatMap(wanted)
      ))
    const again = options.again === true
    if (!again) yield* withoutOpenNudge(session.identity, creditType)
    const agreed = yield* dialog.confirm({
      id: "nudge.confirm",
      title: questions[creditType],
      details: [`Account: ${session.email ?? "unknown"}`, `Role: ${role.role ?? "not known"} (${role.source})`],
      yes: "Yes",
      no: "No",
      flag: "--yes"
    })
    if (!agreed) return { outcome: "declined", creditType, key: null } as const

    const { key, outcome } = yield* dialog.progress(
      "Writing to the owner",
      nudgeConfirmed({ as: session.identity, creditType, again })
    )
    yield* Effect.annotateCurrentSpan({ key, outcome })
    return { outcome, creditType, key }
  }).pipe(Effect.withSpan("notifyOwner"))
