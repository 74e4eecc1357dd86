/** Who is signed in: the key of every cached value, prompt, lease and journal entry. */
import * as Hash from "effect/Hash"
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category schemas
 */
export const UserId = Schema.NonEmptyString.pipe(Schema.brand("UserId"))

/**
 * @since 0.1.0
 * @category models
 */
export type UserId = typeof UserId.Type

/**
 * The account, which is the workspace for workspace plans.
 * @since 0.1.0
 * @category schemas
 */
export const AccountId = Schema.NonEmptyString.pipe(Schema.brand("AccountId"))

/**
 * @since 0.1.0
 * @category models
 */
export type AccountId = typeof AccountId.Type

/**
 * A user in an account. Two users of one workspace are two identities, and so is one user in two workspaces. A part that
 * the token does not name is null.
 * @since 0.1.0
 * @category models
 */
export class Identity extends Schema.Class<Identity>("Identity")({
  userId: Schema.NullOr(UserId),
  accountId: Schema.NullOr(AccountId)
}) {
  /** The identity as one string, for maps, lease names and journal columns. */
  get key(): string {
    return JSON.stringify([this.userId, this.accountId])
  }

  /** Eight hexadecimal digits by which logs tell identities apart without naming them. */
  get digest(): string {
    return (Hash.string(this.key) >>> 0).toString(16).padStart(8, "0")
  }
}

/**
 * @since 0.1.0
 * @category predicates
 */
export const sameIdentity = (a: Identity, b: Identity): boolean => a.userId === b.userId && a.accountId === b.accountId
