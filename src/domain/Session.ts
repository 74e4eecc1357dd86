/** A sign-in, without its secrets. */
import * as Schema from "effect/Schema"
import { Identity } from "./Identity.js"
import { Plan, planLabel } from "./Plan.js"
import { plainLine } from "./PlainText.js"

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
 * tried again when the access token no longer holds.
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
 * Whom a session is for, in one line: `ada@example.test · Plus`.
 * @since 0.1.0
 * @category accessors
 */
export const accountText = ({ email, identity, plan }: Session): string =>
  `${plainLine(email ?? identity.accountId ?? "", 100) || "an unnamed account"} · ${planLabel(plan)}`
