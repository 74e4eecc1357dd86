/**
 * Token activity over the backend's HTTP API.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { BackendHttp } from "../services/BackendHttp.js"
import { TokenUsage } from "../services/TokenUsage.js"
import { tokenActivityFromWire } from "./wire/TokenActivity.js"

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<TokenUsage, never, BackendHttp> = Layer.effect(
  TokenUsage,
  Effect.map(BackendHttp, (backend) =>
    TokenUsage.of({
      read: backend.read("profile.me", (client, { session }) =>
        Effect.zipWith(client.profile.me(), DateTime.now, (response, fetchedAt) =>
          tokenActivityFromWire(response, { identity: session.identity, fetchedAt })
        )
      )
    })
  )
)
