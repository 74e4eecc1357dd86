/**
 * How the session is renewed, from the environment.
 *
 * @since 0.1.0
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AccountConfig } from "../services/AccountConfig.js"
import { SessionRenewal } from "../services/SessionRenewal.js"
import * as SessionRenewalDelegate from "./SessionRenewalDelegate.js"

const configuration = Config.literal(
  "cooperate",
  "read-only",
  "delegate"
)("CODEX_ACCOUNT_SESSION_OWNER").pipe(Config.withDefault("cooperate"))

/**
 * Reads `CODEX_ACCOUNT_SESSION_OWNER`: `cooperate` (default), `read-only`, or `delegate`, which asks the `codex` on the
 * path.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: Layer.Layer<
  SessionRenewal,
  ConfigError.ConfigError,
  AccountConfig | CommandExecutor.CommandExecutor
> = Layer.unwrapEffect(
  Effect.map(
    configuration,
    (owner): Layer.Layer<SessionRenewal, never, AccountConfig | CommandExecutor.CommandExecutor> => {
      switch (owner) {
        case "cooperate":
          return Layer.succeed(SessionRenewal, { _tag: "Cooperate" })
        case "read-only":
          return Layer.succeed(SessionRenewal, { _tag: "ReadOnly" })
        case "delegate":
          return SessionRenewalDelegate.layer()
      }
    }
  )
)
