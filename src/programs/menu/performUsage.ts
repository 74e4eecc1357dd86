/**
 * The commands of the usage flow, done.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { verdict } from "../../domain/Verdict.js"
import { AuthSession } from "../../services/AuthSession.js"
import { Policies } from "../../services/Policies.js"
import type { RateLimits } from "../../services/RateLimits.js"
import { TokenUsage } from "../../services/TokenUsage.js"
import { WorkspaceRole } from "../../services/WorkspaceRole.js"
import { applyPolicy } from "../applyPolicy.js"
import { readUsage } from "../readUsage.js"
import type { UsageView } from "../showUsage.js"
import type { Command, Event } from "./UsageFlow.js"

/** The role is what the token claims: the live one is not worth a request here. */
const readView = (fresh: boolean) =>
  Effect.gen(function* () {
    const roles = yield* WorkspaceRole
    const snapshot = yield* readUsage({ fresh })
    const role = yield* roles.claimed
    const view: UsageView = { snapshot, verdict: verdict(snapshot, { now: yield* DateTime.now, role }) }
    return view
  })

const readActivity = Effect.gen(function* () {
  const auth = yield* AuthSession
  const policies = yield* Policies
  const tokens = yield* TokenUsage
  return yield* applyPolicy(policies.readTokenActivity, auth)(tokens.read)
})

/**
 * Reads the usage with its verdict, or the token activity.
 *
 * @since 0.1.0
 * @category programs
 */
export const performUsage = (
  command: Command
): Effect.Effect<Event, never, AuthSession | RateLimits | TokenUsage | WorkspaceRole> => {
  const { id } = command
  switch (command._tag) {
    case "ReadUsage":
      return Effect.match(readView(command.fresh), {
        onFailure: (error): Event => ({ _tag: "UsageFailed", id, error }),
        onSuccess: (usage): Event => ({ _tag: "UsageLoaded", id, usage })
      }).pipe(Effect.withSpan("usageMenu.readUsage"))
    case "ReadActivity":
      return Effect.match(readActivity, {
        onFailure: (error): Event => ({ _tag: "ActivityFailed", id, error }),
        onSuccess: (activity): Event => ({ _tag: "ActivityLoaded", id, activity })
      }).pipe(Effect.withSpan("usageMenu.readActivity"))
  }
}
