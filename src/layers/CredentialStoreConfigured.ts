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
import * as CredentialStoreEphemeral from "./CredentialStoreEphemeral.js"
import * as CredentialStoreFile from "./CredentialStoreFile.js"

type StoreLayer = Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path>

/**
 * The stores over a keyring are loaded when they are configured.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: StoreLayer = Layer.unwrapEffect(
  Effect.flatMap(AccountConfig, ({ credentialStore }): Effect.Effect<StoreLayer> => {
    switch (credentialStore) {
      case "ephemeral":
        return Effect.succeed(CredentialStoreEphemeral.layer)
      case "file":
        return Effect.succeed(CredentialStoreFile.layer)
      case "keyring":
        return Effect.map(
          Effect.promise(() => import("./CredentialStoreKeyring.js")),
          (module) => module.layer
        )
      case "auto":
        return Effect.map(
          Effect.promise(() => import("./CredentialStoreAuto.js")),
          (module) => module.layer
        )
    }
  })
)
