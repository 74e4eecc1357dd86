/** The user's place in the workspace. */
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category schemas
 */
export const RoleName = Schema.Literal("account-owner", "account-admin", "standard-user")

/**
 * @since 0.1.0
 * @category models
 */
export type RoleName = typeof RoleName.Type

/**
 * `role` is null when the backend did not say; `isOwner` counts admins as owners and is null when neither the backend
 * nor the token says. `source`: the live endpoint, the token's claim, or neither.
 * @since 0.1.0
 * @category models
 */
export class WorkspaceRole extends Schema.Class<WorkspaceRole>("WorkspaceRole")({
  role: Schema.NullOr(RoleName),
  isOwner: Schema.NullOr(Schema.Boolean),
  source: Schema.Literal("live", "claim", "none")
}) {}

const isRoleName = Schema.is(RoleName)

/** The role for one of the backend's words, spelled with `-` or `_`; null for any other. */
export const roleFromWord = (word: string | null): RoleName | null => {
  const name = word === "member" ? "standard-user" : word?.replace("_", "-")
  return isRoleName(name) ? name : null
}

/** The role from the live endpoint. */
export const liveRole = (role: RoleName): WorkspaceRole =>
  new WorkspaceRole({ role, isOwner: role !== "standard-user", source: "live" })

/** What remains without the live endpoint: the token's claim, or nothing. */
export const claimedRole = (isOrgOwner: boolean | null): WorkspaceRole =>
  new WorkspaceRole({ role: null, isOwner: isOrgOwner, source: isOrgOwner === null ? "none" : "claim" })

/**
 * What an owner is asked for: credits, or a higher usage limit.
 * @since 0.1.0
 * @category schemas
 */
export const CreditType = Schema.Literal("credits", "usage_limit")

/**
 * @since 0.1.0
 * @category models
 */
export type CreditType = typeof CreditType.Type
