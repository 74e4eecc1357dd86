/**
 * Where the keys of operations come from.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * One new UUID a call, from the platform's random source unless a layer says otherwise.
 *
 * @since 0.1.0
 * @category tags
 */
export class OperationKeys extends Context.Reference<OperationKeys>()("effect-codex-account/services/OperationKeys", {
  defaultValue: (): { readonly next: Effect.Effect<string> } => ({
    next: Effect.sync(() => globalThis.crypto.randomUUID())
  })
}) {}
