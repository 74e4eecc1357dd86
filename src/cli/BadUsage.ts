/** A command line that can't be carried out as it stands. */
import * as Data from "effect/Data"

/** `advice` says what to type instead; null when the message says it. */
export class BadUsage extends Data.TaggedError("BadUsage")<{
  readonly message: string
  readonly advice: string | null
}> {}
