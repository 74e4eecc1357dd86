/** Requests to the client that supplied the session. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { ExternalTokens, ExternalTokensError } from "../../services/ExternalSession.js"
import { codes, type RpcError, rpcError } from "../../rpc/RpcError.js"
import { refreshTokens } from "../protocol/methods.js"

/**
 * Sends a request to one client and waits for its answer; fails when the client is gone.
 * @since 0.1.0
 * @category models
 */
export type Ask = (method: string, params: unknown) => Effect.Effect<unknown, RpcError>

/**
 * Shared by the server, whose connections answer, and the session, which asks: both need the same instance.
 * @since 0.1.0
 * @category tags
 */
export class ClientRequests extends Context.Tag("effect-codex-account/app-server/server/ClientRequests")<
  ClientRequests,
  {
    /** The client that supplies the session from now on; null for none. */
    readonly suppliedBy: (ask: Ask | null) => Effect.Effect<void>
    /** Asks the client that supplied the session; fails when there is none, or it is gone. */
    readonly askSupplier: Ask
  }
>() {}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ClientRequests> = Layer.effect(
  ClientRequests,
  Effect.map(Ref.make<Ask | null>(null), (supplier) => ({
    suppliedBy: (ask) => Ref.set(supplier, ask),
    askSupplier: (method, params) =>
      Effect.flatMap(Ref.get(supplier), (ask) =>
        ask === null ? Effect.fail(rpcError(codes.internal, "no client supplied the session")) : ask(method, params)
      )
  }))
)

/**
 * Tokens from the client that supplied the session. Its answer is never shown in an error.
 * @since 0.1.0
 * @category layers
 */
export const layerExternalTokens: Layer.Layer<ExternalTokens, never, ClientRequests> = Layer.effect(
  ExternalTokens,
  Effect.map(ClientRequests, ({ askSupplier }) => ({
    refresh: (request) =>
      askSupplier(refreshTokens.method, request).pipe(
        Effect.flatMap(refreshTokens.decodeResult),
        Effect.map((tokens) => ({ ...tokens, accessToken: Redacted.make(tokens.accessToken) })),
        Effect.mapError(() => new ExternalTokensError())
      )
  }))
)
