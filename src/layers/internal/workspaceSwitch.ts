/** The session in another workspace of its user, as the Codex CLI stores it. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { AuthJson } from "../../contracts/AuthJson.js"
import { AuthError } from "../../domain/AuthError.js"
import { type AccountId, sameIdentity } from "../../domain/Identity.js"
import type { Session } from "../../domain/Session.js"
import type { AuthSession } from "../../services/AuthSession.js"
import type { CredentialStore, CredentialStoreError } from "../../services/CredentialStore.js"
import { maxConflicts } from "./keeping.js"
import type { Renewal } from "./renewal.js"
import type { SessionState } from "./SessionState.js"

/** ID token and refresh token stay: they serve every workspace. */
const inWorkspace = (
  { tokens, ...record }: AuthJson,
  id: AccountId,
  accessToken: Redacted.Redacted,
  now: DateTime.Utc
): AuthJson =>
  tokens
    ? {
        ...record,
        tokens: { ...tokens, access_token: accessToken, account_id: id },
        last_refresh: DateTime.formatIso(now)
      }
    : record

/** What another program has written meanwhile is kept, unless it is another sign-in or another workspace. */
export const makeEnterWorkspace =
  (session: SessionState, store: CredentialStore["Type"], renewal: Renewal): AuthSession["Type"]["enterWorkspace"] =>
  ({ accessToken, from, id }) => {
    const enter: Effect.Effect<Session, AuthError | CredentialStoreError> = Effect.gen(function* () {
      const known = yield* renewal.saveUnsaved
      if (!sameIdentity(known.session.identity, from)) return yield* AuthError.of("AccountMismatch")
      const record = inWorkspace(known.record, id, accessToken, yield* DateTime.now)
      const next = yield* session.parse({ record, revision: known.revision })
      const { revision } = yield* store.write(record, { expected: Option.some(known.revision) })
      // The refresh token is the same, and so is what became of its last exchange.
      return (yield* session.transition({ ...next, revision, failure: known.failure })).session
    })
    return enter.pipe(
      Effect.retry({
        times: maxConflicts,
        while: (error) => error._tag === "CredentialStoreError" && error.reason === "Conflict"
      }),
      Effect.catchTag("CredentialStoreError", ({ message }) => AuthError.of("NotWritable", message)),
      Effect.uninterruptible,
      session.exclusive
    )
  }
