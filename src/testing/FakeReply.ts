/** What goes back over the wire, before a face puts it there, and what faults make of it. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Fault, RetryAfter } from "./Fault.js"

/** An answer. With `cut` the connection breaks after half of the body; `pace` sends it in pieces. */
export interface Answer {
  readonly _tag: "Answer"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly cut: boolean
  readonly pace: { readonly chunkBytes: number; readonly gapMillis: number } | null
}

/** An answer, a broken connection, or none at all. */
export type Reply = Answer | { readonly _tag: "Reset" } | { readonly _tag: "Refused" }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const answer = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array
): Answer => ({
  _tag: "Answer",
  status,
  headers,
  body: status === 204 || status === 304 ? new Uint8Array() : typeof body === "string" ? encoder.encode(body) : body,
  cut: false,
  pace: null
})

const Json = Schema.parseJson()
const decodeJson = Schema.decodeEither(Json)
const encodeJson = Schema.encodeSync(Json)

/** The body as JSON, or null. */
export const bodyJson = (body: Uint8Array): unknown => Either.getOrNull(decodeJson(decoder.decode(body)))

export const json = (status: number, value: unknown, headers?: Readonly<Record<string, string>>): Answer =>
  answer(status, { ...headers, "content-type": "application/json" }, encodeJson(value))

const retryAfterHeader = (retryAfter: RetryAfter | null, now: number): Readonly<Record<string, string>> => {
  if (retryAfter === null) return {}
  if ("seconds" in retryAfter) return { "retry-after": String(retryAfter.seconds) }
  if ("text" in retryAfter) return { "retry-after": retryAfter.text }
  const date = DateTime.unsafeMake(now + retryAfter.dateInSeconds * 1000)
  return { "retry-after": DateTime.toDateUtc(date).toUTCString() }
}

const page = (status: number): string => `<!DOCTYPE html>
<html lang="en-US">
<head><title>Just a moment...</title><meta http-equiv="refresh" content="390"></head>
<body><h1>Checking your browser before you go on</h1><p>Error ${status}</p><p>Ray ID: 8f00000000000000</p></body>
</html>
`

/** What a request looked like, for the answers that depend on it. */
export interface Asked {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const elsewhere = (url: URL): string => {
  const other = new URL(url)
  if (url.hostname === "127.0.0.1") other.hostname = "localhost"
  else if (url.hostname === "localhost") other.hostname = "127.0.0.1"
  else other.host = "elsewhere.example.test"
  return other.href
}

/** The answer in place of the true one, for the faults that replace it. */
const replacement = (fault: Fault, asked: Asked, now: number): Answer | undefined => {
  switch (fault._tag) {
    case "Status":
      return answer(
        fault.status,
        { "content-type": fault.contentType.trim(), ...retryAfterHeader(fault.retryAfter, now) },
        fault.body
      )
    case "HtmlPage":
      return answer(
        fault.status,
        { "content-type": "text/html; charset=UTF-8", server: "cloudflare", "cf-ray": "8f00000000000000-FAKE" },
        page(fault.status)
      )
    case "Redirect":
      return answer(fault.status, { location: fault.crossOrigin ? elsewhere(asked.url) : asked.url.href }, "")
    case "RateLimited":
      return json(429, { detail: "Too many requests" }, retryAfterHeader(fault.retryAfter, now))
    case "Forbidden":
      return json(403, { detail: "This account may not do this." })
    case "EchoSecrets":
      return json(fault.status, {
        error: {
          message: `${asked.headers["authorization"] ?? ""} ${decoder.decode(asked.body)}`,
          headers: asked.headers,
          body: bodyJson(asked.body)
        }
      })
    default:
      return undefined
  }
}

const wordFields: ReadonlySet<string> = new Set([
  "account_user_role",
  "code",
  "message_type",
  "plan_type",
  "reset_type",
  "status",
  "type"
])

/**
 * An answer as a newer backend might send it: every word of a known set replaced by `word`, and an unknown field in every
 * object. Ids, texts, times and numbers stay.
 * @since 0.1.0
 * @category combinators
 */
export const wireNoise = (value: unknown, word = "word_from_the_future"): unknown => {
  if (Array.isArray(value)) return value.map((inner: unknown) => wireNoise(inner, word))
  if (typeof value !== "object" || value === null) return value
  const fields = Object.entries(value).map(([name, inner]: [string, unknown]): readonly [string, unknown] => [
    name,
    wordFields.has(name) && typeof inner === "string" ? word : wireNoise(inner, word)
  ])
  return Object.fromEntries([...fields, ["field_from_the_future", { nested: [1, null, "text"] }]])
}

const spoil = (fault: Fault, reply: Answer): Answer => {
  switch (fault._tag) {
    case "Truncated":
      return { ...reply, cut: true, body: reply.body.length < 2 ? encoder.encode("{}") : reply.body }
    case "MalformedJson":
      return { ...reply, body: Buffer.concat([reply.body.slice(0, -1), encoder.encode(',"')]) }
    case "UnknownEnum":
      if (reply.body.length === 0) return reply
      return { ...reply, body: encoder.encode(encodeJson(wireNoise(bodyJson(reply.body)))) }
    case "HugeBody":
      return { ...reply, body: Buffer.concat([reply.body, Buffer.alloc(fault.bytes, " ")]) }
    case "SlowBody":
      return { ...reply, pace: { chunkBytes: fault.chunkBytes, gapMillis: fault.gapMillis } }
    default:
      return reply
  }
}

/**
 * What a call gets under a fault, where `run` is the call as it goes without one. A wait or a hang is the caller's own
 * fiber's, so that its interruption and its clock reach them.
 */
export const applyFault = (
  fault: Fault,
  asked: Asked,
  now: number,
  run: Effect.Effect<Answer>
): Effect.Effect<Reply> => {
  const commits = "afterCommit" in fault && fault.afterCommit
  const instead = replacement(fault, asked, now)
  if (instead !== undefined) return Effect.as(commits ? run : Effect.void, instead)
  switch (fault._tag) {
    case "Delay":
      return commits
        ? Effect.zipLeft(run, Effect.sleep(fault.millis))
        : Effect.zipRight(Effect.sleep(fault.millis), run)
    case "Hang":
      return commits ? Effect.zipRight(run, Effect.never) : Effect.never
    case "Refused":
      return Effect.succeed<Reply>({ _tag: "Refused" })
    case "Reset":
      return Effect.as(commits ? run : Effect.void, { _tag: "Reset" } as const)
    default:
      return Effect.map(run, (reply) => spoil(fault, reply))
  }
}
