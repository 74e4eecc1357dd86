/** What arrived at the fake backend, in the order of arrival. */
import * as Record from "effect/Record"
import { createHash } from "node:crypto"
import type { PathStyle } from "../contracts/BackendEndpoints.js"
import type { Fault } from "./Fault.js"
import type { EndpointName } from "./FaultPlan.js"

/**
 * One call. `endpoint` is null for a path that the contract does not know. Secrets in `headers` and `body` are replaced
 * by a digest, which is the same for the same secret. `connection` numbers the sockets of the real server, and is 0 in
 * memory. `committed`: the call has changed the state. `status` is null while there is no answer, or none ever came.
 * @since 0.1.0
 * @category models
 */
export interface LoggedCall {
  readonly seq: number
  readonly atMillis: number
  readonly method: string
  readonly origin: string
  readonly path: string
  readonly style: PathStyle | "oauth" | null
  readonly endpoint: EndpointName | null
  /** Which call to this endpoint it is, counted from one. */
  readonly nth: number
  readonly headers: Readonly<Record<string, string>>
  readonly bodyDigest: string
  readonly body: unknown
  readonly connection: number
  readonly fault: Fault["_tag"]
  readonly committed: boolean
  readonly status: number | null
}

/**
 * SHA-256 in hex digits.
 * @since 0.1.0
 * @category accessors
 */
export const digest = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex")

/**
 * What stands in the log for a secret: the first twelve hex digits of its SHA-256, marked as such.
 * @since 0.1.0
 * @category accessors
 */
export const mask = (secret: string): string => `<sha256:${digest(secret).slice(0, 12)}>`

const secretHeaders: ReadonlySet<string> = new Set(["cookie", "proxy-authorization", "set-cookie", "x-api-key"])

/**
 * @since 0.1.0
 * @category combinators
 */
export const maskHeaders = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Record.map(headers, (value, name) => {
    if (name === "authorization") return value.replace(/\S+$/, mask)
    return secretHeaders.has(name) ? mask(value) : value
  })

const secretFields: ReadonlySet<string> = new Set([
  "access_token",
  "client_secret",
  "code",
  "code_verifier",
  "id_token",
  "refresh_token",
  "token"
])

/**
 * The body as JSON with its secrets masked; the text itself is not kept, so a body that is not JSON shows as null.
 * @since 0.1.0
 * @category combinators
 */
export const maskBody = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(maskBody)
  if (typeof value !== "object" || value === null) return value
  return Record.map({ ...value }, (inner: unknown, name: string) =>
    secretFields.has(name) && typeof inner === "string" ? mask(inner) : maskBody(inner)
  )
}

/**
 * The log itself. It keeps the last 100 000 calls, so that a backend may run for days.
 * @since 0.1.0
 * @category models
 */
export class CallRecorder {
  private readonly calls = new Map<number, LoggedCall>()
  private seq = 0

  /** Gives the call its number in the order of arrival. */
  add(call: Omit<LoggedCall, "seq">): number {
    this.seq += 1
    this.calls.set(this.seq, { seq: this.seq, ...call })
    this.calls.delete(this.seq - 100_000)
    return this.seq
  }

  amend(seq: number, change: Partial<Pick<LoggedCall, "committed" | "status">>): void {
    const call = this.calls.get(seq)
    if (call !== undefined) this.calls.set(seq, { ...call, ...change })
  }

  clear(): void {
    this.calls.clear()
  }

  get all(): ReadonlyArray<LoggedCall> {
    return Array.from(this.calls.values())
  }
}
