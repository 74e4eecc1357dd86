/** The commands of the nudge flow, done. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AuthError } from "../../domain/AuthError.js"
import { type Identity, sameIdentity } from "../../domain/Identity.js"
import { AuthSession } from "../../services/AuthSession.js"
import type { Lease } from "../../services/Lease.js"
import type { OperationJournal } from "../../services/OperationJournal.js"
import { underPolicy } from "../../services/Policies.js"
import { WorkspaceRole } from "../../services/WorkspaceRole.js"
import { nudgeConfirmed, openNudge } from "../nudge.js"
import type { Failure } from "./Failure.js"
import type { Command, Event } from "./NudgeFlow.js"

/** The role, if it is still that of whoever asked for it. */
const roleOf = (as: Identity) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const roles = yield* WorkspaceRole
    const role = yield* roles.role.pipe(underPolicy("readRole", "safe", "15 seconds"))
    const present = yield* auth.current
    return sameIdentity(present.identity, as) ? role : yield* AuthError.of("AccountMismatch")
  })

const isForEarlier = (error: Failure): boolean => error._tag === "ActError" && error.reason === "Unresolved"

const nudge = ({ again, as, creditType, id }: Command & { readonly _tag: "Nudge" }) =>
  Effect.gen(function* () {
    const { key, outcome } = yield* nudgeConfirmed({ as, creditType, again })
    yield* Effect.annotateCurrentSpan({ key, outcome })
    return { _tag: "Nudged", id, outcome, key } satisfies Event
  }).pipe(
    Effect.catchIf(isForEarlier, (error) =>
      Effect.map(
        openNudge(as, creditType),
        Option.match({
          onNone: (): Event => ({ _tag: "NudgeFailed", id, error }),
          onSome: (operation): Event => ({ _tag: "EarlierFound", id, operation })
        })
      )
    ),
    Effect.catchAll((error) => Effect.succeed<Event>({ _tag: "NudgeFailed", id, error }))
  )

/** Reads the role, or sends the message that was confirmed. */
export const performNudge = (
  command: Command
): Effect.Effect<Event, never, AuthSession | Lease | OperationJournal | WorkspaceRole> => {
  const { id } = command
  switch (command._tag) {
    case "ReadRole":
      return Effect.match(roleOf(command.as), {
        onFailure: (error): Event => ({ _tag: "RoleFailed", id, error }),
        onSuccess: (role): Event => ({ _tag: "RoleLoaded", id, role })
      }).pipe(Effect.withSpan("usageMenu.readRole"))
    case "Nudge":
      return nudge(command).pipe(Effect.withSpan("usageMenu.nudge"))
  }
}
