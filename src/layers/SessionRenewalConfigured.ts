/**
 * Which process renews the session, from the environment.
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

const owner = Config.literal(
  "cooperate",
  "read-only",
  "delegate"
)("CODEX_ACCOUNT_SESSION_OWNER").pipe(Config.withDefault("cooperate"))

type RenewalLayer = Layer.Layer<SessionRenewal, never, AccountConfig | CommandExecutor.CommandExecutor>

/**
 * Reads `CODEX_ACCOUNT_SESSION_OWNER`: `cooperate` (default), `read-only`, or `delegate`, which has the `codex` on the path
 * renew it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: Layer.Layer<
  SessionRenewal,
  ConfigError.ConfigError,
  AccountConfig | CommandExecutor.CommandExecutor
> = Layer.unwrapEffect(
  Effect.flatMap(owner, (owner): Effect.Effect<RenewalLayer> => {
    switch (owner) {
      case "cooperate":
        return Effect.succeed(Layer.succeed(SessionRenewal, { _tag: "Cooperate" }))
      case "read-only":
        return Effect.succeed(Layer.succeed(SessionRenewal, { _tag: "ReadOnly" }))
      case "delegate":
        return Effect.map(
          Effect.promise(() => import("./SessionRenewalDelegate.js")),
          (module) => module.layer()
        )
    }
  })
)
