/**
 * The credential store that `cli_auth_credentials_store` names.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ConfigurationError } from "../domain/ConfigurationError.js"
import { AccountConfig } from "../services/AccountConfig.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import * as CredentialStoreEphemeral from "./CredentialStoreEphemeral.js"
import * as CredentialStoreFile from "./CredentialStoreFile.js"

/**
 * `file` and, where there is no keyring, `auto` use `auth.json`. `keyring` is not supported yet and is refused, so that
 * a session in the keyring is never shadowed by one in a file.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  CredentialStore,
  ConfigurationError,
  AccountConfig | FileSystem.FileSystem | Path.Path
> = Layer.unwrapEffect(
  Effect.map(
    AccountConfig,
    ({
      credentialStore
    }): Layer.Layer<CredentialStore, ConfigurationError, AccountConfig | FileSystem.FileSystem | Path.Path> => {
      switch (credentialStore) {
        case "ephemeral":
          return CredentialStoreEphemeral.layer
        case "keyring":
          return Layer.fail(
            new ConfigurationError({
              reason: "InvalidValue",
              detail: 'cli_auth_credentials_store = "keyring" is not supported here; use "file"'
            })
          )
        case "auto":
        case "file":
          return CredentialStoreFile.layer
      }
    }
  )
)
