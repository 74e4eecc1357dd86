/** A sign-in, without its secrets. */
import * as Schema from "effect/Schema"
import { Identity } from "./Identity.js"
import { Plan, planLabel } from "./Plan.js"
import { joined, plainLine } from "./PlainText.js"
import { Workspace, workspaceLabel } from "./Workspace.js"

/**
 * How the session was signed in.
 * @since 0.1.0
 * @category schemas
 */
export const AuthMode = Schema.Literal(
  "chatgpt",
  "chatgptAuthTokens",
  "personalAccessToken",
  "headers",
  "agentIdentity",
  "apikey",
  "bedrockApiKey",
  "bedrockAccessKeys"
)

/**
 * @since 0.1.0
 * @category models
 */
export type AuthMode = typeof AuthMode.Type

/**
 * Who is signed in, how, and until when. `accessExpiresAt` is null for an opaque token, and `accessIssuedAt` for one that
 * does not say; `isOrgOwner` is the token's
 * claim, null when it makes none. `renewalInterrupted`: a renewal was cut off, so the refresh token may be spent; it is
 * tried again when the access token no longer holds. `workspace` is null until the backend was asked for it, which
 * `Workspaces` does.
 * @since 0.1.0
 * @category models
 */
export class Session extends Schema.Class<Session>("Session")({
  mode: AuthMode,
  identity: Identity,
  email: Schema.NullOr(Schema.String),
  plan: Plan,
  isOrgOwner: Schema.NullOr(Schema.Boolean),
  isFedramp: Schema.Boolean,
  accessExpiresAt: Schema.NullOr(Schema.DateTimeUtc),
  lastRefreshAt: Schema.NullOr(Schema.DateTimeUtc),
  source: Schema.Literal("file", "keyring", "ephemeral", "environment"),
  accessIssuedAt: Schema.NullOr(Schema.DateTimeUtc).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => null)
  ),
  renewalInterrupted: Schema.Boolean.pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => false)
  ),
  workspace: Schema.NullOr(Workspace).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => null)
  )
}) {
  /** Whether requests to the ChatGPT backend can be made as this session. */
  get usesBackend(): boolean {
    return usesBackend(this.mode)
  }

  /** Whether the session can be renewed from its own refresh token. */
  get isRefreshable(): boolean {
    return this.mode === "chatgpt"
  }
}

export const usesBackend = (mode: AuthMode): boolean =>
  mode !== "apikey" && mode !== "bedrockApiKey" && mode !== "bedrockAccessKeys"

/**
 * The state after a change of session: signed in, or signed out.
 * @since 0.1.0
 * @category models
 */
export type SessionChange = { readonly _tag: "SignedIn"; readonly session: Session } | { readonly _tag: "SignedOut" }

/**
 * Whom a session is for, in one line: `ada@example.test · Plus`, with the workspace where that is known.
 * @since 0.1.0
 * @category accessors
 */
export const accountText = ({ email, identity, plan, workspace }: Session): string => {
  const who = plainLine(email ?? identity.accountId ?? "", 100) || "an unnamed account"
  return joined([who, planLabel(plan), workspace === null ? null : workspaceLabel(workspace)], " · ")
}
