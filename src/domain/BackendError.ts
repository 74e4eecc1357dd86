/** Why a call to the backend gave no usable answer. */
import * as Schema from "effect/Schema"
import { namesOf, type Words } from "./words.js"

/** What happened, and what to do about it. */
const words = {
  Unsupported: ["the configured backend has no such endpoint", "check chatgpt_base_url"],
  IdentityChanged: ["another account has signed in since", "start again as that account"],
  Unreachable: ["no connection to the backend", "check the network, the proxy and chatgpt_base_url"],
  Transport: ["the connection broke before the answer was complete", null],
  Timeout: ["no answer in time", null],
  Redirected: ["the backend redirected the request, which is never followed", "check chatgpt_base_url"],
  Unauthorized: ["the backend does not accept the session", "sign in again"],
  Forbidden: ["the account may not do this", null],
  NotFound: ["the backend does not know this endpoint", null],
  RateLimited: ["too many requests", "wait before the next one"],
  Rejected: ["the backend refused the request", null],
  ServerError: ["the backend failed", "try again later"],
  Malformed: ["the answer can't be understood", "an update may be needed"],
  TooLarge: ["the answer is larger than allowed", null]
} as const satisfies Words

/**
 * - `Unsupported`: the configured host has no such endpoint. `IdentityChanged`: the session is no longer the one that the
 *   call was made for. `Unreachable`: no connection. Nothing was sent for these three.
 * - `Transport`: the connection broke. `Timeout`: no answer in time. It is not known whether the request was processed.
 * - `Redirected`: 3xx, never followed. `Unauthorized`: 401. `Forbidden`: 403. `NotFound`: 404. `RateLimited`: 429.
 *   `Rejected`: another 4xx. `ServerError`: 5xx.
 * - `Malformed`: a success that can't be decoded. `TooLarge`: an answer above the size limit.
 * @since 0.1.0
 * @category schemas
 */
export const BackendErrorReason = namesOf(words)

/**
 * @since 0.1.0
 * @category models
 */
export type BackendErrorReason = typeof BackendErrorReason.Type

const notSent: ReadonlySet<BackendErrorReason> = new Set(["Unsupported", "IdentityChanged", "Unreachable"])
const unknownDelivery: ReadonlySet<BackendErrorReason> = new Set(["Transport", "Timeout"])

/**
 * `operation` is the contract's name for the call, such as `usage.read`. `retryAfterMillis` is what a 429 or 503 asked
 * for. `requestId` is the backend's own, for a report. `received` is, of an answer that can't be understood, its content
 * type and length. Bodies, URLs and headers are never part of the error.
 * @since 0.1.0
 * @category errors
 */
export class BackendError extends Schema.TaggedError<BackendError>()("BackendError", {
  operation: Schema.String,
  reason: BackendErrorReason,
  status: Schema.NullOr(Schema.Int),
  retryAfterMillis: Schema.NullOr(Schema.Number),
  requestId: Schema.NullOr(Schema.String),
  received: Schema.optionalWith(Schema.String, { exact: true })
}) {
  /** An error without an answer's details. */
  static of(operation: string, reason: BackendErrorReason): BackendError {
    return new BackendError({ operation, reason, status: null, retryAfterMillis: null, requestId: null })
  }

  /** Whether the request reached the backend: certainly not, not known, or an answer came. */
  get delivery(): "notSent" | "unknown" | "answered" {
    return notSent.has(this.reason) ? "notSent" : unknownDelivery.has(this.reason) ? "unknown" : "answered"
  }

  get summary(): string {
    return words[this.reason][0]
  }

  get advice(): string | null {
    return words[this.reason][1]
  }

  /** Summary, advice and HTTP status: nothing in it comes from the backend but a content type. */
  get description(): string {
    const advice = this.advice === null ? "" : `; ${this.advice}`
    const received = this.received === undefined ? "" : ` (it is ${this.received})`
    return `${this.summary}${received}${advice}${this.status === null ? "" : ` (HTTP ${this.status})`}`
  }

  override get message(): string {
    const id = this.requestId === null ? "" : `, request ${this.requestId}`
    return `${this.operation}: ${this.description}${id}`
  }
}
