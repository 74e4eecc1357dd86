/** An act that cannot be undone, from the intent to its outcome. */
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Act = Schema.Literal("redeem", "invite", "nudge")

/**
 * @since 0.1.0
 * @category models
 */
export type Act = typeof Act.Type

/**
 * Where the act stands. `intended`: nothing was sent. `sent`: a request may have left, no answer is known. `unknown`: the
 * outcome is not known. `abandoned`: it ended before anything was sent. The rest are definite.
 * @since 0.1.0
 * @category schemas
 */
export const OperationState = Schema.Union(
  Schema.TaggedStruct("intended", {}),
  Schema.TaggedStruct("sent", {}),
  Schema.TaggedStruct("succeeded", { outcome: Schema.String }),
  Schema.TaggedStruct("rejected", { reason: Schema.String }),
  Schema.TaggedStruct("unknown", { reason: Schema.String }),
  Schema.TaggedStruct("abandoned", {})
)

/**
 * @since 0.1.0
 * @category models
 */
export type OperationState = typeof OperationState.Type

/**
 * `key` identifies the act (for a redemption it is the idempotency key). `identity` is `Identity.key`. `target` is a
 * credit id, the digest of an address, or a credit type: never an address or a token.
 * @since 0.1.0
 * @category models
 */
export class Operation extends Schema.Class<Operation>("Operation")({
  key: Schema.String,
  act: Act,
  identity: Schema.String,
  target: Schema.NullOr(Schema.String),
  state: OperationState,
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}) {
  /** Whether a request may have left without its outcome being known. */
  get isOpen(): boolean {
    return this.state._tag === "sent" || this.state._tag === "unknown"
  }
}

/** The states that may follow each state. A success is final; what was not done may be tried again under its key. */
export const transitions: Readonly<Record<OperationState["_tag"], ReadonlyArray<OperationState["_tag"]>>> = {
  intended: ["sent", "abandoned"],
  sent: ["sent", "succeeded", "rejected", "unknown", "abandoned"],
  unknown: ["sent", "succeeded", "rejected", "unknown"],
  succeeded: [],
  rejected: ["sent"],
  abandoned: ["sent"]
}
