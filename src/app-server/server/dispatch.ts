/** From a request to what answers it. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { Request } from "../protocol/Envelope.js"
import { alreadyInitialized, codes, invalidClientName, type RpcError, rpcError } from "../protocol/errors.js"
import { isMethodName, type MethodName, methods, unknownMethod } from "../protocol/methods.js"
import type { ClientInfo } from "../protocol/schemas/Initialize.js"
import { AccountEvents } from "./AccountEvents.js"
import { AccountQueue } from "./AccountQueue.js"
import { Background } from "./Background.js"
import type { Forward, Handlers, ThreadMethod } from "./Handler.js"
import { isHeaderValue, makeServerInfo } from "./handlers/initialize.js"
import type { Job } from "./Job.js"
import { type HandlerServices, type Lane, noThreads, routes } from "./routes.js"
import type { ServerConnection } from "./ServerConnection.js"

/** The span that the client is in, where it says so in the words of W3C. */
const parentOf = ({ trace }: Request): Tracer.ExternalSpan | undefined => {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(trace?.traceparent ?? "")
  const [, traceId, spanId, flags] = match ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

/** Answers a failure. What was cut off is answered by whoever cut it off. */
const failed = (method: string, job: Job, cause: Cause.Cause<RpcError>): Effect.Effect<void> => {
  const error = Cause.failureOption(cause)
  if (Option.isSome(error)) return Effect.sync(() => job.fail(error.value))
  if (Cause.isInterruptedOnly(cause)) return Effect.void
  // What a defect says may be anything, so that not even the log is told.
  return Effect.zipRight(
    Effect.sync(() => job.fail(rpcError(codes.internal, "internal error"))),
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

/** Answers jobs, each within its span. What was decoded is answered in the order that its method asks for. */
export const makeDispatch = <R>({ forward, onInitialized = () => Effect.void, threads }: DispatchOptions<R>) =>
  Effect.gen(function* () {
    const background = yield* Background
    const events = yield* AccountEvents
    const queue = yield* AccountQueue
    const serverInfo = yield* makeServerInfo
    const table = routes<R>(threads ?? noThreads)

    const initialized = (job: Job, connection: ServerConnection): Effect.Effect<unknown, RpcError, R> =>
      Effect.flatMap(methods.initialize.decodeParams(job.request.params), (params) => {
        if (connection.client() !== null) return Effect.fail(alreadyInitialized())
        const { clientInfo } = params
        if (!isHeaderValue(clientInfo.name)) return Effect.fail(invalidClientName(clientInfo.name))
        connection.initialize(params)
        job.afterwards(Effect.asVoid(background.fork(events.greet(connection))))
        const answer = serverInfo(clientInfo)
        return Effect.as(onInitialized({ client: clientInfo, userAgent: answer.userAgent }), answer)
      })

    const inLane = (lane: Lane) => {
      switch (lane) {
        case "atOnce":
          return <A, E, R2>(work: Effect.Effect<A, E, R2>) => work
        case "afterSessionChanges":
          return <A, E, R2>(work: Effect.Effect<A, E, R2>) => Effect.zipRight(queue.afterSessionChanges, work)
        case "act":
        case "session":
          return queue.inTurn(lane)
      }
    }

    const answered = (name: Exclude<MethodName, "initialize">, job: Job, connection: ServerConnection) => {
      const client = connection.client()
      const { lane, prepare } = table[name]
      return Effect.flatMap(prepare(job.request.params, client), (run) =>
        inLane(lane)(Effect.flatMap(run(job, connection), job.succeed))
      )
    }

    const dispatched = (job: Job, connection: ServerConnection) => {
      const { method } = job.request
      const client = connection.client()
      const elsewhere =
        client === null || method === "initialize" ? undefined : forward?.(job.request, connection.caller(job, client))
      if (elsewhere !== undefined) return Effect.flatMap(elsewhere, job.succeed)
      if (!isMethodName(method)) return Effect.fail(unknownMethod(method))
      if (method === "initialize") return Effect.flatMap(initialized(job, connection), job.succeed)
      return answered(method, job, connection)
    }

    return (job: Job, connection: ServerConnection): Effect.Effect<void, never, HandlerServices | R> => {
      const { method } = job.request
      // A method that nobody knows may be any text.
      const name = isMethodName(method) ? method : "unknown method"
      const parent = parentOf(job.request)
      return Effect.suspend(() => dispatched(job, connection)).pipe(
        Effect.catchAllCause((cause) => failed(name, job, cause)),
        Effect.withSpan(`app-server ${name}`, {
          kind: "server",
          ...(parent === undefined ? { root: true } : { parent })
        })
      )
    }
  })
