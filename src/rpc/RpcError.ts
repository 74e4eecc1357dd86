/** The error that a request is answered with. */
import * as Schema from "effect/Schema"

/**
 * - `invalidRequest`: handshake, a method or params that can't be decoded, a precondition that does not hold. An unknown
 *   method is one of these.
 * - `methodNotFound`: only clients answer it, to a request of the server that they do not know.
 * - `internal`: the backend, files, shutdown. `overloaded`: try again later. `generic`: a client's refusal.
 * @since 0.1.0
 * @category constants
 */
export const codes = {
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  overloaded: -32001,
  generic: -32000
} as const

/**
 * `message` is written to the other side as it is: it holds no token, no e-mail address, no URL and nothing of a
 * backend's answer.
 * @since 0.1.0
 * @category errors
 */
export class RpcError extends Schema.TaggedError<RpcError>()("RpcError", {
  code: Schema.Int,
  message: Schema.String,
  data: Schema.optionalWith(Schema.Unknown, { exact: true })
}) {}

/**
 * @since 0.1.0
 * @category constructors
 */
export const rpcError = (code: number, message: string): RpcError => new RpcError({ code, message })

const longest = 64

const secretLike = /@|\bsk-|\beyJ|\brt[-_.]|bearer/i

/**
 * Text of a client that an error repeats: as it is where it is short, printable ASCII and looks like neither a token, a
 * key nor an e-mail address, otherwise an ellipsis. Errors end up in logs, and a client may have misplaced a secret.
 * @since 0.1.0
 * @category constructors
 */
export const echoed = (text: string): string =>
  text.length <= longest && /^[ -~]*$/.test(text) && !secretLike.test(text) ? text : "…"
