/** Who is signed in, as `account/read` answers and `account/updated` tells it. */
import type { Session } from "../../../domain/Session.js"
import { claimedRole, type WorkspaceRole } from "../../../domain/WorkspaceRole.js"
import type {
  Account,
  AccountUpdatedNotification,
  GetAccountResponse,
  GetAuthStatusResponse
} from "../schemas/Account.js"

/**
 * The account of a session; the workspace's name is not known here. Whoever has no account of their own at ChatGPT is
 * told by the kind of key.
 */
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

/** The role as far as it is known: the live one, or what the token claims; nothing for whoever has no workspace. */
const roleMembers = (session: Session | null, live: WorkspaceRole | null) => {
  const role = session === null || !session.usesBackend ? null : (live ?? claimedRole(session.isOrgOwner))
  return { workspaceRole: role?.role ?? null, isWorkspaceOwner: role?.isOwner ?? null }
}

/**
 * The answer for a session, null when nobody is signed in. `live` is the role of this very identity, null while it is
 * not known.
 */
export const accountResult = (session: Session | null, live: WorkspaceRole | null): GetAccountResponse => ({
  account: session === null ? null : accountWire(session),
  userId: session === null || !session.usesBackend ? null : session.identity.userId,
  requiresOpenaiAuth: true,
  workspaceRouting: null,
  ...roleMembers(session, live)
})

/** What `account/updated` tells of a session, null when nobody is signed in any more. */
export const accountUpdated = (session: Session | null, live: WorkspaceRole | null): AccountUpdatedNotification => ({
  authMode: session?.mode ?? null,
  planType: session === null || !session.usesBackend ? null : session.plan,
  ...roleMembers(session, live)
})

/** How it was signed in, with the bearer token only where the client asked for it. */
export const authStatusResult = (session: Session | null, token: string | null): GetAuthStatusResponse => ({
  authMethod: session?.mode ?? null,
  authToken: session === null ? null : token,
  requiresOpenaiAuth: true
})
