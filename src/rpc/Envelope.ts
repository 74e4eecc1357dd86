/** One message of the app-server protocol: JSON-RPC without its `jsonrpc` member. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * The id that ties an answer to its request: text, or an integer that a double holds exactly. `1` and `"1"` are two ids.
 * @since 0.1.0
 * @category models
 */
export type RequestId = string | number

/**
 * A W3C trace context that a client may send along.
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
 * `emittedAtMs` is when the server sent it, in Unix milliseconds; clients and older servers leave it out.
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
 * @since 0.1.0
 * @category constructors
 */
export const request = (id: RequestId, method: string, params?: unknown): Request =>
  params === undefined ? { _tag: "Request", id, method } : { _tag: "Request", id, method, params }

/**
 * A notification without a time, as clients send it.
 * @since 0.1.0
 * @category constructors
 */
export const notification = (method: string, params?: unknown): Notification =>
  params === undefined ? { _tag: "Notification", method } : { _tag: "Notification", method, params }

/**
 * A notification with the current time, as servers send it.
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

/**
 * The message as one line of JSON, without the line's end. Throws where a value can't be written as JSON.
 * @since 0.1.0
 * @category encoding
 */
export const encode = (message: Message): string => {
  switch (message._tag) {
    case "Request":
      return JSON.stringify({ id: message.id, method: message.method, params: message.params, trace: message.trace })
    case "Notification":
      return JSON.stringify({ method: message.method, params: message.params, emittedAtMs: message.emittedAtMs })
    case "Response":
      return JSON.stringify({ id: message.id, result: message.result ?? null })
    case "ErrorResponse":
      return JSON.stringify({ error: message.error, id: message.id })
  }
}

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const idIn = ({ id }: Members): RequestId | null =>
  typeof id === "string" || (typeof id === "number" && Number.isSafeInteger(id)) ? id : null

const isText = (value: unknown): value is string | null | undefined =>
  value === undefined || value === null || typeof value === "string"

const isTrace = (value: unknown): value is TraceContext =>
  isObject(value) && isText(value.traceparent) && isText(value.tracestate)

const errorBody = (value: unknown): ErrorBody | null => {
  if (!isObject(value)) return null
  const { code, data, message } = value
  if (typeof code !== "number" || !Number.isInteger(code) || typeof message !== "string") return null
  return data === undefined || data === null ? { code, message } : { code, message, data }
}

/** A method makes it a request if the id is good, and otherwise a notification. */
const fromMembers = (members: Members): Message | null => {
  const id = idIn(members)
  const { emittedAtMs, method, params, trace } = members
  if (typeof method === "string") {
    if (id !== null && (trace === undefined || trace === null)) return request(id, method, params)
    if (id !== null && isTrace(trace)) return { ...request(id, method, params), trace }
    const plain = notification(method, params)
    return typeof emittedAtMs === "number" ? { ...plain, emittedAtMs } : plain
  }
  if (id === null) return null
  if (Object.hasOwn(members, "result")) return response(id, members.result)
  const error = errorBody(members.error)
  return error === null ? null : errorResponse(id, error)
}

const parsed = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/**
 * The message in one line or frame; null for text that is to be ignored: blank, not JSON, not an object, or without a
 * method, a result or an error. Nothing is answered to such text.
 *
 * A request whose id is neither text nor a safe integer is read as a notification, which is not answered either. Members
 * that the protocol does not know are ignored, `jsonrpc` among them.
 * @since 0.1.0
 * @category decoding
 */
export const decode = (text: string): Message | null => {
  const value = Option.getOrNull(parsed(text))
  return isObject(value) ? fromMembers(value) : null
}
