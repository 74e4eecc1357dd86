/** The person's web browser. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category tags
 */
export class Browser extends Context.Tag("effect-codex-account/services/Browser")<
  Browser,
  {
    /** Asks for the page to be opened; whether a program took the request. Never fails: the address is shown as well. */
    readonly open: (url: string) => Effect.Effect<boolean>
  }
>() {}
