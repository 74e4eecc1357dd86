/** The role in words. */
import type { WorkspaceRole } from "../../domain/WorkspaceRole.js"

const names = { "account-owner": "owner", "account-admin": "admin", "standard-user": "member" } as const

/** `owner`, `admin` or `member`; what the token claims where the backend did not tell. */
export const roleText = ({ isOwner, role, source }: WorkspaceRole): string => {
  if (role !== null) return names[role]
  if (isOwner === null) return "role not known"
  return `${isOwner ? "owner" : "member"}${source === "claim" ? ", as the sign-in says" : ""}`
}
