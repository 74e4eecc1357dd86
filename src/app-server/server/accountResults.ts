/** The account, as the protocol writes it. */
import type { Session } from "../../domain/Session.js"
import { claimedRole, type WorkspaceRole } from "../../domain/WorkspaceRole.js"
import type {
  Account,
  AccountUpdatedNotification,
  GetAccountResponse,
  GetAuthStatusResponse
} from "../protocol/schemas/Account.js"

/** The account of a session: of ChatGPT, or the kind of key. The name of the workspace is not known here. */
export const accountWire = (session: Session): Account => {
  switch (session.mode) {
    case "apikey":
      return { type: "apiKey" }
    case "bedrockApiKey":
    case "bedrockAccessKeys":
      return { type: "amazonBedrock", usesCodexManagedCredentials: true }
    default:
      return { type: "chatgpt", email: session.email, planType: session.plan, workspaceName: null }
  }
}

/** The live role, or what the token claims; null without a workspace. */
const roleMembers = (session: Session | null, live: WorkspaceRole | null) => {
  const role = session === null || !session.usesBackend ? null : (live ?? claimedRole(session.isOrgOwner))
  return { workspaceRole: role?.role ?? null, isWorkspaceOwner: role?.isOwner ?? null }
}

/** For a session, null when signed out. `live` is the role of the same identity, null while it is not known. */
export const accountResult = (session: Session | null, live: WorkspaceRole | null): GetAccountResponse => ({
  account: session === null ? null : accountWire(session),
  userId: session === null || !session.usesBackend ? null : session.identity.userId,
  requiresOpenaiAuth: true,
  workspaceRouting: null,
  ...roleMembers(session, live)
})

/** `account/updated` for a session, null when signed out. */
export const accountUpdated = (session: Session | null, live: WorkspaceRole | null): AccountUpdatedNotification => ({
  authMode: session?.mode ?? null,
  planType: session === null || !session.usesBackend ? null : session.plan,
  ...roleMembers(session, live)
})

/** The way of signing in; `token` only where the client asked for it. */
export const authStatusResult = (session: Session | null, token: string | null): GetAuthStatusResponse => ({
  authMethod: session?.mode ?? null,
  authToken: session === null ? null : token,
  requiresOpenaiAuth: true
})
