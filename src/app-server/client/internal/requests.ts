/** Requests with their ids and their typed answers, over whatever carries them. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import type * as ParseResult from "effect/ParseResult"
import { request as envelope, type Request } from "../../protocol/Envelope.js"
import type { RpcError } from "../../protocol/errors.js"
import type { Presence } from "../../protocol/params.js"
import { methods, type Result } from "../../protocol/methods.js"
import type { RequestId } from "../../protocol/RequestId.js"
import { problemOf } from "../../protocol/serde.js"
import type { ClientMethod, ParamsArgument, RawRequest, RequestHandle } from "../AppServerClient.js"
import { DecodeError, DeserializeError, type IoError, ServerError, TransportError } from "../TypedRequestError.js"

type Table = {
  readonly [M in ClientMethod]: {
    readonly presence: Presence
    readonly decodeResult: (result: unknown) => Either.Either<Result<M>, ParseResult.ParseIssue>
  }
}

const table: Table = methods

/** `call` carries a request to its answer. */
export const makeRequests = (call: (request: Request) => Effect.Effect<unknown, IoError | RpcError>): RequestHandle => {
  const chosen = new Set<RequestId>()
  let last = 0

  const nextId = (): number => {
    do last += 1
    while (chosen.has(last))
    return last
  }

  /** A chosen id is in use until its answer, whether or not the caller waits for that. The first who chose it has it. */
  const callAs = (id: RequestId, request: Request): Effect.Effect<unknown, IoError | RpcError> => {
    const isFirst = !chosen.has(id)
    chosen.add(id)
    const used = isFirst
      ? Effect.ensuring(
          call(request),
          Effect.sync(() => chosen.delete(id))
        )
      : call(request)
    // Every call comes to an end, the client's at the latest.
    return Effect.flatMap(Effect.forkDaemon(Effect.interruptible(used)), Fiber.join)
  }

  const requestRaw = ({ id, method, params }: RawRequest): Effect.Effect<unknown, TransportError | ServerError> =>
    Effect.suspend(() =>
      id === undefined ? call(envelope(nextId(), method, params)) : callAs(id, envelope(id, method, params))
    ).pipe(
      Effect.mapError((error) =>
        error._tag === "IoError" ? new TransportError({ method, cause: error }) : ServerError.of(method, error)
      )
    )

  const request = <M extends ClientMethod>(method: M, ...[params]: ParamsArgument<M>) => {
    const { decodeResult, presence } = table[method]
    const written = params ?? (presence === "required" ? {} : undefined)
    return Effect.flatMap(requestRaw({ method, params: written }), (result) =>
      Either.mapLeft(
        decodeResult(result),
        (issue) => new DeserializeError({ method, cause: new DecodeError({ message: problemOf(issue) }) })
      )
    )
  }

  return { request, requestRaw }
}
