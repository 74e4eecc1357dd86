/** Finds the handler of a request. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { Request } from "../../rpc/Envelope.js"
import { codes, type RpcError, rpcError } from "../../rpc/RpcError.js"
import { alreadyInitialized, invalidClientName } from "../protocol/errors.js"
import { isMethodName, type MethodName, methods, unknownMethod } from "../protocol/methods.js"
import { type ClientInfo, isHeaderValue } from "../protocol/schemas/Initialize.js"
import { AccountEvents } from "./AccountEvents.js"
import { AccountQueue } from "./AccountQueue.js"
import { Background } from "./Background.js"
import type { Forward, Handlers, ThreadMethod } from "./Handler.js"
import { makeServerInfo } from "./handlers/initialize.js"
import type { AcceptedRequest } from "./RequestQueue.js"
import { type HandlerServices, noThreads, type Ordering, routes } from "./routes.js"
import type { ServerConnection } from "./ServerConnection.js"

/** The span that the client is in, from its W3C trace context. */
const parentOf = ({ trace }: Request): Tracer.ExternalSpan | undefined => {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(trace?.traceparent ?? "")
  const [, traceId, spanId, flags] = match ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

/** Answers a failure. An interrupted request was answered by what interrupted it. */
const failed = (method: string, accepted: AcceptedRequest, cause: Cause.Cause<RpcError>): Effect.Effect<void> => {
  const error = Cause.failureOption(cause)
  if (Option.isSome(error)) return Effect.sync(() => accepted.fail(error.value))
  if (Cause.isInterruptedOnly(cause)) return Effect.void
  // A defect may hold anything, so its message is not even logged.
  return Effect.zipRight(
    Effect.sync(() => accepted.fail(rpcError(codes.internal, "internal error"))),
    Effect.logError(`${method} failed unexpectedly.`)
  )
}

/** What a client said of itself in `initialize`, and the user agent that the server answers it with. */
export interface Initialized {
  readonly client: typeof ClientInfo.Type
  readonly userAgent: string
}

/**
 * Without `threads` every thread method is answered as not supported. `forward` looks at every request of an initialized
 * connection first. `onInitialized` runs for each successful `initialize`, before its answer.
 */
export interface DispatchOptions<R> {
  readonly threads?: Handlers<ThreadMethod, R> | undefined
  readonly forward?: Forward<R> | undefined
  readonly onInitialized?: ((initialized: Initialized) => Effect.Effect<void, never, R>) | undefined
}

/** Answers requests, each within its span and in the order that its method asks for. */
export const makeDispatch = <R>({ forward, onInitialized = () => Effect.void, threads }: DispatchOptions<R>) =>
  Effect.gen(function* () {
    const background = yield* Background
    const events = yield* AccountEvents
    const queue = yield* AccountQueue
    const serverInfo = yield* makeServerInfo
    const table = routes<R>(threads ?? noThreads)

    const initialized = (
      accepted: AcceptedRequest,
      connection: ServerConnection
    ): Effect.Effect<unknown, RpcError, R> =>
      Effect.flatMap(methods.initialize.decodeParams(accepted.request.params), (params) => {
        if (connection.client() !== null) return Effect.fail(alreadyInitialized())
        const { clientInfo } = params
        if (!isHeaderValue(clientInfo.name)) return Effect.fail(invalidClientName(clientInfo.name))
        connection.initialize(params)
        accepted.afterwards(Effect.asVoid(background.fork(events.announceTo(connection))))
        const answer = serverInfo(clientInfo)
        return Effect.as(onInitialized({ client: clientInfo, userAgent: answer.userAgent }), answer)
      })

    const inOrder = (ordering: Ordering) => {
      switch (ordering) {
        case "immediate":
          return <A, E, R2>(work: Effect.Effect<A, E, R2>) => work
        case "afterSessionChanges":
          return <A, E, R2>(work: Effect.Effect<A, E, R2>) => Effect.zipRight(queue.afterSessionChanges, work)
        case "operation":
        case "session":
          return queue.inTurn(ordering)
      }
    }

    const answered = (
      name: Exclude<MethodName, "initialize">,
      accepted: AcceptedRequest,
      connection: ServerConnection
    ) => {
      const client = connection.client()
      const { ordering, prepare } = table[name]
      return Effect.flatMap(prepare(accepted.request.params, client), (run) =>
        inOrder(ordering)(Effect.flatMap(run(accepted, connection), accepted.succeed))
      )
    }

    const dispatched = (accepted: AcceptedRequest, connection: ServerConnection) => {
      const { method } = accepted.request
      const client = connection.client()
      const elsewhere =
        client === null || method === "initialize"
          ? undefined
          : forward?.(accepted.request, connection.contextOf(accepted, client))
      if (elsewhere !== undefined) return Effect.flatMap(elsewhere, accepted.succeed)
      if (!isMethodName(method)) return Effect.fail(unknownMethod(method))
      if (method === "initialize") return Effect.flatMap(initialized(accepted, connection), accepted.succeed)
      return answered(method, accepted, connection)
    }

    return (
      accepted: AcceptedRequest,
      connection: ServerConnection
    ): Effect.Effect<void, never, HandlerServices | R> => {
      const { method } = accepted.request
      // An unknown method may be any text.
      const name = isMethodName(method) ? method : "unknown method"
      const parent = parentOf(accepted.request)
      return Effect.suspend(() => dispatched(accepted, connection)).pipe(
        Effect.catchAllCause((cause) => failed(name, accepted, cause)),
        Effect.withSpan(`app-server ${name}`, {
          kind: "server",
          ...(parent === undefined ? { root: true } : { parent })
        })
      )
    }
  })
