/**
 * Why a lease is not held.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const advice = {
  Busy: "another process holds it",
  Lost: "another process may hold it by now",
  Unavailable: "the store of leases can't be used"
}

/**
 * @since 0.1.0
 * @category errors
 */
export class LeaseError extends Schema.TaggedError<LeaseError>()("LeaseError", {
  reason: Schema.Literal("Busy", "Lost", "Unavailable"),
  name: Schema.String
}) {
  override get message(): string {
    return `The lease ${this.name} is not held: ${advice[this.reason]}.`
  }
}
