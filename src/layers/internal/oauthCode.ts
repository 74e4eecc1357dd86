/** The error codes of OAuth, which are safe to show: any other text of a server could hold a secret. */

const known: ReadonlySet<string> = new Set([
  "access_denied",
  "account_selection_required",
  "authorization_pending",
  "consent_required",
  "expired_token",
  "interaction_required",
  "invalid_client",
  "invalid_grant",
  "invalid_request",
  "invalid_scope",
  "invalid_target",
  "login_required",
  "server_error",
  "slow_down",
  "temporarily_unavailable",
  "unauthorized_client",
  "unsupported_grant_type",
  "unsupported_response_type"
])

/** The code if it is a known one, else null. */
export const oauthCode = (code: string | null): string | null => (code !== null && known.has(code) ? code : null)
