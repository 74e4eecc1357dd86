/**
 * A command line that can't be carried out as it stands.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * `advice` says what to type instead; null when the message says it.
 *
 * @since 0.1.0
 * @category errors
 */
export class BadUsage extends Data.TaggedError("BadUsage")<{
  readonly message: string
  readonly advice: string | null
}> {}
