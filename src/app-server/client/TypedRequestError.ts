/**
 * Why a request to an app-server has no result. The words are the original's.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { RpcError } from "../protocol/errors.js"

/**
 * - `WouldBlock`: no room, nothing was sent; try again. `InvalidInput`: refused here, nothing was sent.
 * - `BrokenPipe`: the other side is gone. `ConnectionAborted`, `UnexpectedEof`: it has closed the connection.
 * - `InvalidData`: it said what can't be understood. `TimedOut`: it did not answer in time. `Other`: no connection.
 *
 * @since 0.1.0
 * @category schemas
 */
export const IoReason = Schema.Literal(
  "WouldBlock",
  "InvalidInput",
  "BrokenPipe",
  "ConnectionAborted",
  "UnexpectedEof",
  "InvalidData",
  "TimedOut",
  "Other"
)

/**
 * @since 0.1.0
 * @category models
 */
export type IoReason = typeof IoReason.Type

/**
 * What went wrong between client and server. Holds no token and nothing that was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class IoError extends Schema.TaggedError<IoError>()("IoError", {
  reason: IoReason,
  message: Schema.String
}) {}

/**
 * @since 0.1.0
 * @category constructors
 */
export const ioError = (reason: IoReason, message: string): IoError => new IoError({ reason, message })

/**
 * What is wrong with a result. Values are told only where they can't be a secret.
 *
 * @since 0.1.0
 * @category errors
 */
export class DecodeError extends Schema.TaggedError<DecodeError>()("DecodeError", { message: Schema.String }) {}

/**
 * No answer came: the request did not reach the server, or the connection ended first.
 *
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
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody = Schema.Struct({
  code: Schema.Int,
  message: Schema.String,
  data: Schema.optionalWith(Schema.Unknown, { exact: true })
})

/** A value as JSON; what JSON has no word for is null. */
const json = (value: unknown): string => JSON.stringify(value) ?? "null"

/**
 * The server's refusal. Its words are the server's own, and may have passed through others.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", {
  method: Schema.String,
  error: ErrorBody
}) {
  /**
   * The refusal as an error of its own carries it.
   */
  static of(method: string, { code, data, message }: RpcError): ServerError {
    return new ServerError({ method, error: data === undefined ? { code, message } : { code, message, data } })
  }

  override get message(): string {
    const { code, data, message } = this.error
    return `${this.method} failed: ${message} (code ${code})${data === undefined ? "" : `, data: ${json(data)}`}`
  }
}

/**
 * The answer is not what the method answers; an update may be needed.
 *
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
