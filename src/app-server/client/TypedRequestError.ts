/** Why a request to an app-server failed. */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { RpcError } from "../../rpc/RpcError.js"

/**
 * A failure of the connection. Holds no token and nothing that was sent.
 *
 * - `InvalidInput`: refused by the client, nothing was sent. `BrokenPipe`: the connection is gone.
 * - `ConnectionAborted`, `UnexpectedEof`: the server closed the connection. `InvalidData`: it sent what can't be understood.
 * - `TimedOut`: it did not answer in time. `Other`: no connection was made, or the server refused it.
 * @since 0.1.0
 * @category errors
 */
export class IoError extends Schema.TaggedError<IoError>()("IoError", {
  reason: Schema.Literal(
    "InvalidInput",
    "BrokenPipe",
    "ConnectionAborted",
    "UnexpectedEof",
    "InvalidData",
    "TimedOut",
    "Other"
  ),
  message: Schema.String
}) {}

/**
 * @since 0.1.0
 * @category constructors
 */
export const ioError = (reason: IoError["reason"], message: string): IoError => new IoError({ reason, message })

/**
 * What is wrong with a result, without its values: those may be secrets.
 * @since 0.1.0
 * @category errors
 */
export class DecodeError extends Schema.TaggedError<DecodeError>()("DecodeError", { message: Schema.String }) {}

/**
 * There was no answer: the request did not reach the server, or the connection ended first.
 * @since 0.1.0
 * @category errors
 */
export class TransportError extends Schema.TaggedError<TransportError>()("TransportError", {
  method: Schema.String,
  cause: IoError
}) {
  override get message(): string {
    return `${this.method} transport error: ${this.cause.message}`
  }
}

/**
 * The server answered with an error. The text is the server's own, or that of a server behind it.
 * @since 0.1.0
 * @category errors
 */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", {
  method: Schema.String,
  error: Schema.Struct(Struct.omit(RpcError.fields, "_tag"))
}) {
  static of(method: string, { code, data, message }: RpcError): ServerError {
    return new ServerError({ method, error: data === undefined ? { code, message } : { code, message, data } })
  }

  override get message(): string {
    const { code, data, message } = this.error
    return `${this.method} failed: ${message} (code ${code})${data === undefined ? "" : `, data: ${JSON.stringify(data)}`}`
  }
}

/**
 * The answer does not fit the method; the client may be out of date.
 * @since 0.1.0
 * @category errors
 */
export class DeserializeError extends Schema.TaggedError<DeserializeError>()("DeserializeError", {
  method: Schema.String,
  cause: DecodeError
}) {
  override get message(): string {
    return `${this.method} response decode error: ${this.cause.message}`
  }
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const TypedRequestError = Schema.Union(TransportError, ServerError, DeserializeError)

/**
 * @since 0.1.0
 * @category models
 */
export type TypedRequestError = typeof TypedRequestError.Type
