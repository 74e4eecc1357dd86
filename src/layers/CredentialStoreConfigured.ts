/**
 * The credential store that `cli_auth_credentials_store` names.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AccountConfig } from "../services/AccountConfig.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import * as CredentialStoreAuto from "./CredentialStoreAuto.js"
import * as CredentialStoreEphemeral from "./CredentialStoreEphemeral.js"
import * as CredentialStoreFile from "./CredentialStoreFile.js"
import * as CredentialStoreKeyring from "./CredentialStoreKeyring.js"

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path> =
  Layer.unwrapEffect(
    Effect.map(
      AccountConfig,
      ({ credentialStore }): Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path> => {
        switch (credentialStore) {
          case "ephemeral":
            return CredentialStoreEphemeral.layer
          case "keyring":
            return CredentialStoreKeyring.layer
          case "auto":
            return CredentialStoreAuto.layer
          case "file":
            return CredentialStoreFile.layer
        }
      }
    )
  )
