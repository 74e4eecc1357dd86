/**
 * Decide whether work can go on.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { UsageView } from "./readJudged.js"
import { showUsage } from "./showUsage.js"

/**
 * Whether requests can be made now, with the usage and the verdict that say so.
 *
 * @since 0.1.0
 * @category programs
 */
export const guard: Effect.Effect<
  UsageView & { readonly usable: boolean },
  Effect.Effect.Error<typeof showUsage>,
  Effect.Effect.Context<typeof showUsage>
> = Effect.map(showUsage, (view) => ({ ...view, usable: view.verdict.isUsable })).pipe(Effect.withSpan("guard"))
