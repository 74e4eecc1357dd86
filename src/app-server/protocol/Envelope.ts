/**
 * One message of the app-server protocol: JSON-RPC without its `jsonrpc` member.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { idText, type RequestId } from "./RequestId.js"

/**
 * A W3C trace context that a client may send along.
 *
 * @since 0.1.0
 * @category models
 */
export interface TraceContext {
  readonly traceparent?: string | null
  readonly tracestate?: string | null
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly _tag: "Request"
  readonly id: RequestId
  readonly method: string
  readonly params?: unknown
  readonly trace?: TraceContext
}

/**
 * `emittedAtMs` is when a server said it, in Unix milliseconds; clients and older servers leave it out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Notification {
  readonly _tag: "Notification"
  readonly method: string
  readonly params?: unknown
  readonly emittedAtMs?: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Response {
  readonly _tag: "Response"
  readonly id: RequestId
  readonly result: unknown
}

/**
 * What went wrong, as it is written.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorBody {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ErrorResponse {
  readonly _tag: "ErrorResponse"
  readonly id: RequestId
  readonly error: ErrorBody
}

/**
 * @since 0.1.0
 * @category models
 */
export type Message = Request | Notification | Response | ErrorResponse

/**
 * A request; without `params` the member is left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const request = (id: RequestId, method: string, params?: unknown): Request =>
  params === undefined ? { _tag: "Request", id, method } : { _tag: "Request", id, method, params }

/**
 * A notification without a time, as clients send it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notification = (method: string, params?: unknown): Notification =>
  params === undefined ? { _tag: "Notification", method } : { _tag: "Notification", method, params }

/**
 * A notification of this moment, as servers send it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notificationNow = (method: string, params?: unknown): Effect.Effect<Notification> =>
  Effect.map(Clock.currentTimeMillis, (emittedAtMs) => ({ ...notification(method, params), emittedAtMs }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const response = (id: RequestId, result: unknown): Response => ({ _tag: "Response", id, result })

/**
 * @since 0.1.0
 * @category constructors
 */
export const errorResponse = (id: RequestId, { code, data, message }: ErrorBody): ErrorResponse => ({
  _tag: "ErrorResponse",
  id,
  error: data === undefined ? { code, message } : { code, message, data }
})

/** A value as JSON; what JSON has no word for is null. */
const json = (value: unknown): string => JSON.stringify(value) ?? "null"

const member = (name: string, value: unknown): string => (value === undefined ? "" : `,"${name}":${json(value)}`)

/**
 * The message as one line of JSON, without the line's end. Members stand in the original's order.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (message: Message): string => {
  switch (message._tag) {
    case "Request":
      return `{"id":${idText(message.id)},"method":${json(message.method)}${member("params", message.params)}${member("trace", message.trace)}}`
    case "Notification":
      return `{"method":${json(message.method)}${member("params", message.params)}${member("emittedAtMs", message.emittedAtMs)}}`
    case "Response":
      return `{"id":${idText(message.id)},"result":${json(message.result)}}`
    case "ErrorResponse":
      return `{"error":${json(message.error)},"id":${idText(message.id)}}`
  }
}
