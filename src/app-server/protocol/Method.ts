/** A method of the protocol as a value. */
import type * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { RpcError } from "./errors.js"
import { paramsDecoder, type Presence } from "./params.js"

/**
 * The Type side of `result` is what a server writes, as it is: every member, null where nothing is known. What a client
 * reads may be older, and what is left out reads as null.
 *
 * `decodeParams` fails with what the client is told. `experimental` names what these params may only be used for with
 * the `experimentalApi` capability; null when nothing.
 */
export interface Method<Name extends string, P, PI, R, RI> {
  readonly method: Name
  readonly presence: Presence
  readonly params: Schema.Schema<P, PI>
  readonly result: Schema.Schema<R, RI>
  readonly decodeParams: (params: unknown) => Either.Either<P, RpcError>
  readonly decodeResult: (result: unknown) => Either.Either<R, ParseResult.ParseIssue>
  readonly experimental: (params: P) => string | null
}

const never = (): null => null

export const make = <const Name extends string, P, PI, R, RI>(
  method: Name,
  options: {
    readonly params: Schema.Schema<P, PI>
    readonly result: Schema.Schema<R, RI>
    readonly presence?: Presence
    readonly experimental?: (params: P) => string | null
  }
): Method<Name, P, PI, R, RI> => {
  const presence = options.presence ?? "required"
  return {
    method,
    presence,
    params: options.params,
    result: options.result,
    experimental: options.experimental ?? never,
    decodeParams: paramsDecoder(options.params, presence),
    decodeResult: ParseResult.decodeUnknownEither(options.result)
  }
}

/** The params of a method that has none. */
export const NoParams = Schema.Undefined
