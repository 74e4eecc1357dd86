/** Ask the workspace's owner for credits or a higher limit. */
import * as Effect from "effect/Effect"
import { ActError } from "../domain/ActError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { accountText } from "../domain/Session.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import type { CreditType } from "../domain/WorkspaceRole.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import { OperationJournal, OperationKeys } from "../services/OperationJournal.js"
import { policyInForce, underPolicy } from "../services/Policies.js"
import type { RateLimits } from "../services/RateLimits.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import {
  type Asked,
  ensureNoneOpen,
  isDefiniteRefusal,
  type Operated,
  runDecidedOperation,
  runOperation
} from "./runOperation.js"
import { readRole } from "./status.js"
import { readUsage } from "./usage.js"

/**
 * What a workspace limit that stops the account calls for; null when none is reached. A spend cap is never a matter of
 * credits. `byOwner`: the backend takes this user for the owner, who can do it without asking.
 */
export const nudgeNeed = (
  usage: UsageSnapshot
): { readonly creditType: CreditType; readonly byOwner: boolean } | null => {
  const { reachedType, spendControl } = usage
  const missing = spendControl?.reached === true ? "usage_limit" : "credits"
  if (reachedType === null || reachedType === "rate_limit_reached") return null
  return {
    creditType: reachedType.endsWith("_credits_depleted") ? missing : "usage_limit",
    byOwner: reachedType.startsWith("workspace_owner_")
  }
}

/**
 * A message with the same request that went out within the policy's quiet period. Fails where one may have gone out.
 */
const recentNudge = (identity: Identity, creditType: CreditType) =>
  Effect.gen(function* () {
    yield* ensureNoneOpen("nudge", identity, { target: creditType })
    const journal = yield* OperationJournal
    const { quietPeriod } = yield* policyInForce("nudgeOwner")
    const filter = { act: "nudge", identity, target: creditType, state: "succeeded", within: quietPeriod } as const
    return (yield* journal.list(filter)).find(({ state }) => state._tag === "succeeded" && state.outcome === "sent")
  })

/** Fails with `NotNeeded` and the key of a recent message. */
const ensureNoneRecent = (identity: Identity, creditType: CreditType) =>
  Effect.flatMap(recentNudge(identity, creditType), (recent) =>
    recent === undefined
      ? Effect.void
      : new ActError({ ...notNeeded("The owner was asked not long ago."), key: recent.key })
  )

const notNeeded = (detail: string): ActError => ActError.of("nudge", "NotNeeded", detail)

/** What `runOperation` needs to know of a message to the owner. */
const nudgeRequest = (as: Identity, creditType: CreditType) =>
  Effect.gen(function* () {
    const keys = yield* OperationKeys
    const roles = yield* WorkspaceRole
    return {
      key: yield* keys.next,
      act: "nudge",
      identity: as,
      target: creditType,
      send: roles.nudge({ as, creditType }).pipe(underPolicy("nudgeOwner", "never", "10 seconds")),
      outcomeOf: (outcome: string) => outcome
    } as const
  })

/**
 * Sends the confirmed message with a single request, and the journal around it. `again` sends although an
 * earlier message went out not long ago, or may have.
 * @since 0.1.0
 * @category programs
 */
export const nudgeConfirmed = ({
  again,
  as,
  creditType
}: {
  readonly as: Identity
  readonly creditType: CreditType
  readonly again: boolean
}): Operated<{ readonly outcome: "sent" | "cooldownActive"; readonly key: string }, WorkspaceRole> =>
  Effect.gen(function* () {
    const request = yield* nudgeRequest(as, creditType)
    return yield* runOperation({
      ...request,
      isRejection: isDefiniteRefusal,
      before: again ? Effect.void : ensureNoneRecent(as, creditType)
    }).pipe(
      Effect.map(({ answer }) => ({ outcome: answer, key: request.key })),
      Effect.catchIf(
        (error): error is ActError => error._tag === "ActError" && error.reason === "NotNeeded",
        (error) => Effect.succeed({ outcome: "cooldownActive" as const, key: error.key ?? request.key })
      )
    )
  })

/**
 * Sends the message without any question and whatever the role is, for a caller that has decided. `cooldownActive` also
 * where it went out, or may have, not long ago.
 */
export const nudgeOwner = (options: {
  readonly as: Identity
  readonly creditType: CreditType
}): Operated<"sent" | "cooldownActive", WorkspaceRole> =>
  Effect.flatMap(nudgeRequest(options.as, options.creditType), (request) =>
    runDecidedOperation({ ...request, before: ensureNoneRecent(options.as, options.creditType) })
  ).pipe(
    Effect.catchIf(
      (error) => error._tag === "ActError" && error.reason === "NotNeeded",
      () => Effect.succeed("cooldownActive" as const)
    ),
    Effect.withSpan("codex.program.nudgeOwner")
  )

/**
 * `cooldownActive`: the owner got such a message recently, and nothing was sent this time.
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
  if (need === null) return notNeeded("No workspace limit is reached. To ask anyway, say what for.")
  return need.byOwner ? notNeeded(guidance[need.creditType]) : Effect.succeed(need.creditType)
}

/** `reached` and `problem` are for a member whose limit is reached, `other` for a request without that. */
const questions = {
  credits: {
    reached: "You've reached your workspace credit limit",
    problem: "Your workspace has no credits left. Notify the owner?",
    other: "Ask the workspace owner for credits?"
  },
  usage_limit: {
    reached: "Usage limit reached",
    problem: "The spend cap of your workspace is reached. Request an increase from the owner?",
    other: "Ask the workspace owner for a higher usage limit?"
  }
}

/**
 * For members only: owners learn what they can do themselves. One request; a message that may have gone out is not
 * repeated, except with `again`. `creditType` is what to ask for; without it the reached limit decides.
 * @since 0.1.0
 * @category programs
 */
export const notifyOwner = (
  options: { readonly creditType?: CreditType | undefined; readonly again?: boolean } = {}
): Asked<NotifyResult, RateLimits | WorkspaceRole> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const dialog = yield* Dialog

    const { session } = yield* auth.authorization
    const role = yield* dialog.progress("Reading the role", readRole)
    if (role.isOwner === true) {
      return yield* notNeeded("You own or administer this workspace, so there is no one to ask.")
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
    const recent = again ? undefined : yield* recentNudge(session.identity, creditType)
    if (recent !== undefined) return { outcome: "cooldownActive", creditType, key: recent.key } as const
    const { other, problem, reached } = questions[creditType]
    const isReached = options.creditType === undefined
    const agreed = yield* dialog.confirm({
      id: "nudge.confirm",
      title: isReached ? reached : other,
      details: [
        ...(isReached ? [problem] : []),
        `Account: ${accountText(session)}`,
        `Role: ${role.role ?? "not known"} (${role.source})`
      ],
      yes: "Yes",
      no: "No (default)"
    })
    if (!agreed) return { outcome: "declined", creditType, key: null } as const

    const { key, outcome } = yield* dialog.progress(
      "Writing to the owner",
      nudgeConfirmed({ as: session.identity, creditType, again }),
      { isAct: true }
    )
    yield* Effect.annotateCurrentSpan({ key, outcome })
    return { outcome, creditType, key }
  }).pipe(Effect.withSpan("codex.program.notifyOwner"))
