/** The commands of the usage flow, done. */
import * as Effect from "effect/Effect"
import { type AuthSession } from "../../services/AuthSession.js"
import { underPolicy } from "../../services/Policies.js"
import type { RateLimits } from "../../services/RateLimits.js"
import { TokenUsage } from "../../services/TokenUsage.js"
import { type WorkspaceRole } from "../../services/WorkspaceRole.js"
import { readUsageWithVerdict } from "../usage.js"
import type { Command, Event } from "./UsageFlow.js"

const readActivity = Effect.gen(function* () {
  const tokens = yield* TokenUsage
  return yield* tokens.read.pipe(underPolicy("readTokenActivity", "safe", "25 seconds"))
})

/** Reads the usage with its verdict, or the token activity. */
export const performUsage = (
  command: Command
): Effect.Effect<Event, never, AuthSession | RateLimits | TokenUsage | WorkspaceRole> => {
  const { id } = command
  switch (command._tag) {
    case "ReadUsage":
      return Effect.match(readUsageWithVerdict({ fresh: command.fresh }), {
        onFailure: (error): Event => ({ _tag: "UsageFailed", id, error }),
        onSuccess: ({ view }): Event => ({ _tag: "UsageLoaded", id, usage: view })
      }).pipe(Effect.withSpan("usageMenu.readUsage"))
    case "ReadActivity":
      return Effect.match(readActivity, {
        onFailure: (error): Event => ({ _tag: "ActivityFailed", id, error }),
        onSuccess: (activity): Event => ({ _tag: "ActivityLoaded", id, activity })
      }).pipe(Effect.withSpan("usageMenu.readActivity"))
  }
}
