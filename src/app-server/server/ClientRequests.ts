/**
 * Questions to the client that supplied the session.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { ExternalTokens, ExternalTokensError } from "../../services/ExternalTokens.js"
import { codes, type RpcError, rpcError } from "../protocol/errors.js"
import { refreshTokens } from "../protocol/serverRequests.js"

/**
 * Asks one client, and waits for its answer; fails when it is gone.
 *
 * @since 0.1.0
 * @category models
 */
export type Ask = (method: string, params: unknown) => Effect.Effect<unknown, RpcError>

/**
 * It stands below both the server, whose connections answer, and the session, which asks. Both have to be given the same.
 *
 * @since 0.1.0
 * @category tags
 */
export class ClientRequests extends Context.Tag("effect-codex-account/app-server/server/ClientRequests")<
  ClientRequests,
  {
    /** The session is from now on supplied by whoever answers to `ask`; null for nobody. */
    readonly suppliedBy: (ask: Ask | null) => Effect.Effect<void>
    /** Asks whoever supplied the session; fails when there is nobody, or nobody any more. */
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
 * The host of the session is the client that supplied it. Its answer, whatever it is, is never shown.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerExternalTokens: Layer.Layer<ExternalTokens, never, ClientRequests> = Layer.effect(
  ExternalTokens,
  Effect.map(ClientRequests, ({ askSupplier }) => ({
    refresh: (request) =>
      askSupplier(refreshTokens.method, request).pipe(
        Effect.flatMap((answer) => Either.mapLeft(refreshTokens.decodeResult(answer), () => new ExternalTokensError())),
        Effect.map(({ accessToken, chatgptAccountId, chatgptPlanType }) => ({
          accessToken: Redacted.make(accessToken),
          chatgptAccountId,
          chatgptPlanType
        })),
        Effect.mapError(() => new ExternalTokensError())
      )
  }))
)
