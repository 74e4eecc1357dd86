/** The sign-in that `CODEX_ACCESS_TOKEN` holds, over the store of the settings. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { AuthJson } from "../contracts/AuthJson.js"
import { kindOfAccessToken } from "../contracts/LoginApi.js"
import { CredentialStore } from "../services/CredentialStore.js"

/** Anything but a personal access token is an agent's, as it is for the Codex CLI. */
const recordOf = (token: Redacted.Redacted): AuthJson =>
  kindOfAccessToken(Redacted.value(token)) === "personal"
    ? { personal_access_token: token }
    : { auth_mode: "agentIdentity", agent_identity: "" }

/**
 * Reads the token alone. A sign-in and a sign-out change the store beneath, and are of use once the token is gone.
 */
export const layerOver = (token: Redacted.Redacted): Layer.Layer<CredentialStore, never, CredentialStore> =>
  Layer.effect(
    CredentialStore,
    Effect.map(CredentialStore, (beneath) => ({
      ...beneath,
      kind: "environment" as const,
      location: "CODEX_ACCESS_TOKEN",
      read: Effect.succeedSome({ record: recordOf(token), revision: "environment" }),
      stamp: Effect.succeed("environment")
    }))
  )
