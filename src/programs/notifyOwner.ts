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
import { OperationJournal } from "../services/OperationJournal.js"
import { OperationKeys } from "../services/OperationKeys.js"
import { Policies } from "../services/Policies.js"
import type { RateLimits } from "../services/RateLimits.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { applyPolicy } from "./applyPolicy.js"
import { isDefiniteRefusal, journaledAct } from "./journaledAct.js"
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

/** What a member who is stopped asks for; a spend cap is never a matter of credits. */
const wanted = (usage: UsageSnapshot): Effect.Effect<CreditType, ActError> => {
  switch (usage.reachedType) {
    case "workspace_member_credits_depleted":
      return Effect.succeed(usage.spendControl?.reached === true ? "usage_limit" : "credits")
    case "workspace_member_usage_limit_reached":
      return Effect.succeed("usage_limit")
    case "workspace_owner_credits_depleted":
      return Effect.fail(ActError.of("nudge", "NotNeeded", "You own this workspace: add credits in its settings."))
    case "workspace_owner_usage_limit_reached":
      return Effect.fail(ActError.of("nudge", "NotNeeded", "You own this workspace: raise its limit in the settings."))
    default:
      return Effect.fail(
        ActError.of("nudge", "NotNeeded", "No workspace limit is reached. To ask anyway, name what for with --type.")
      )
  }
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
    const journal = yield* OperationJournal
    const keys = yield* OperationKeys
    const policies = yield* Policies
    const roles = yield* WorkspaceRole

    const { session } = yield* auth.authorization
    const role = yield* dialog.progress(
      "Reading the role",
      roles.role({ request: applyPolicy(policies.readRole, auth) })
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
    const resolved = Effect.gen(function* () {
      if (options.again === true) return
      const open = yield* journal.list({ act: "nudge", identity: session.identity, open: true })
      const same = open.find((operation) => operation.target === creditType)
      if (same !== undefined) {
        return yield* new ActError({ act: "nudge", reason: "Unresolved", key: same.key, status: null, detail: null })
      }
    })
    yield* resolved
    const agreed = yield* dialog.confirm({
      id: "nudge.confirm",
      title: questions[creditType],
      details: [`Account: ${session.email ?? "unknown"}`, `Role: ${role.role ?? "not known"} (${role.source})`],
      yes: "Yes",
      no: "No",
      flag: "--yes"
    })
    if (!agreed) return { outcome: "declined", creditType, key: null } as const

    const key = yield* keys.next
    const { answer } = yield* dialog.progress(
      "Writing to the owner",
      journaledAct({
        key,
        act: "nudge",
        identity: session.identity,
        target: creditType,
        attempt: roles.nudge({ as: session.identity, creditType }),
        policy: applyPolicy(policies.nudgeOwner, auth),
        isRejection: isDefiniteRefusal,
        outcomeOf: (outcome) => outcome,
        before: resolved
      })
    )
    yield* Effect.annotateCurrentSpan({ key, outcome: answer })
    return { outcome: answer, creditType, key }
  }).pipe(Effect.withSpan("notifyOwner"))
