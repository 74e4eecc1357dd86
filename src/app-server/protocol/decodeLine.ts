/** A line or frame to the message in it. */
import * as Option from "effect/Option"
import {
  type ErrorBody,
  errorResponse,
  type Message,
  notification,
  request,
  response,
  type TraceContext
} from "./Envelope.js"
import { integerId, type RequestId } from "./RequestId.js"
import { topLevelMembers } from "./topLevelMembers.js"

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const has = (members: Members, name: string): boolean => Object.hasOwn(members, name)

/** Which members occur twice, and the integer id that is written; null for an id that is none. */
interface Written {
  readonly twice: (name: string) => boolean
  readonly id: RequestId | null
}

const once = (): boolean => false

const integer = /^-?(?:0|[1-9]\d*)$/

const idFrom = (digits: string): RequestId | null =>
  integer.test(digits) && digits !== "-0" ? integerId(digits) : null

/** What only the text tells, read member by member. */
const exactly = (text: string, members: Members): Written => {
  const seen = new Map<string, number>()
  let digits = ""
  for (const [name, value] of topLevelMembers(text)) {
    seen.set(name, (seen.get(name) ?? 0) + 1)
    if (name === "id") digits = value
  }
  return {
    twice: (name) => (seen.get(name) ?? 0) > 1,
    id: typeof members.id === "string" ? members.id : typeof members.id === "number" ? idFrom(digits) : null
  }
}

const names = /"(?:id|method|params|trace|result|error)"/g
const idMember = /"id"[ \t\r\n]*:[ \t\r\n]*(-?\d+)[ \t\r\n]*[,}]/y

/** Where each name stands; null when one stands twice, be it in a value. */
const places = (text: string): ReadonlyMap<string, number> | null => {
  const found = new Map<string, number>()
  names.lastIndex = 0
  for (let match = names.exec(text); match !== null; match = names.exec(text)) {
    if (found.has(match[0])) return null
    found.set(match[0], match.index)
  }
  return found
}

/**
 * The same from one search, which nearly every message allows: no name stands twice anywhere, and none can be hidden in
 * an escape. Null where that does not hold.
 */
const atOnce = (text: string, { id }: Members): Written | null => {
  const found = text.includes("\\u") ? null : places(text)
  if (found === null) return null
  if (typeof id === "string") return { twice: once, id }
  if (typeof id !== "number") return { twice: once, id: null }
  idMember.lastIndex = found.get('"id"') ?? 0
  const digits = idMember.exec(text)?.[1]
  return { twice: once, id: digits === undefined ? null : idFrom(digits) }
}

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

/** The kinds in order: what has a method is a request with a good id, and without one a notification. */
const fromMembers = (members: Members, { id, twice }: Written): Message | null => {
  const { method, params, trace } = members
  if (typeof method === "string" && !twice("method") && !twice("params")) {
    if (id !== null && !twice("id") && !twice("trace")) {
      if (trace === undefined || trace === null) return request(id, method, params)
      if (isTrace(trace)) return { ...request(id, method, params), trace }
    }
    const { emittedAtMs } = members
    const told = notification(method, params)
    return typeof emittedAtMs === "number" ? { ...told, emittedAtMs } : told
  }
  if (id === null || twice("id")) return null
  if (has(members, "result") && !twice("result")) return response(id, members.result)
  const error = twice("error") ? null : errorBody(members.error)
  return error === null ? null : errorResponse(id, error)
}

const parsed = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/**
 * The message of one line; none for a line that is to be ignored: blank, not JSON, not an object, without a method, a
 * result or an error, or with one of its members twice. Nothing is answered to such a line.
 *
 * An id that is neither text nor a 64-bit integer makes of a request a notification, which nobody answers either.
 * Members that the protocol does not know are ignored, `jsonrpc` among them.
 */
export const decodeLine = (text: string): Option.Option<Message> => {
  const value = Option.getOrNull(parsed(text))
  return isObject(value)
    ? Option.fromNullable(fromMembers(value, atOnce(text, value) ?? exactly(text, value)))
    : Option.none()
}
