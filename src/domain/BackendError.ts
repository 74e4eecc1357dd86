/** Why a call to the backend gave no usable answer. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { namesOf, type Words } from "./words.js"

/** What happened, and what to do about it. */
const words = {
  Unsupported: ["the configured backend has no such endpoint", "check chatgpt_base_url"],
  Misconfigured: ["a setting can't be used", "correct it"],
  IdentityChanged: ["another account has signed in since", "start again as that account"],
  Unreachable: ["no connection to the backend", "check the network, the proxy and chatgpt_base_url"],
  HostNotFound: ["the backend's name can't be looked up", "check the network, the DNS and chatgpt_base_url"],
  ConnectionRefused: [
    "the backend's address refuses connections",
    "check the proxy, the firewall and chatgpt_base_url"
  ],
  ConnectTimeout: ["no connection to the backend in time", "check the network, the proxy and the firewall"],
  CertificateUntrusted: [
    "the certificate shown is not trusted",
    "set CODEX_CA_CERTIFICATE to a PEM file with the CA that issued it"
  ],
  ProxyUnreachable: ["no connection to the proxy", "check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY"],
  ProxyAuthRequired: ["the proxy asks who you are", "put user and password into the proxy's URL"],
  ProxyRefused: ["the proxy makes no connection to the backend", "check the proxy's rules"],
  Transport: ["the connection broke before the answer was complete", null],
  Timeout: ["no answer in time", null],
  BodyTimeout: ["the answer began, but was not complete in time", null],
  Redirected: ["the backend redirected the request, which is never followed", "check chatgpt_base_url"],
  Unauthorized: ["the backend does not accept the session", "sign in again"],
  Forbidden: ["the account may not do this", null],
  Challenged: [
    "a challenge or block of Cloudflare or of a proxy came instead of the backend's answer",
    "wait a little, or use another network; it is not about the account"
  ],
  RegionUnsupported: ["the backend does not serve this country or region", "use a network of a supported one"],
  WorkspaceDeactivated: ["the workspace is deactivated", "ask its owner, or sign in to another workspace"],
  NotFound: ["the backend does not know this endpoint", null],
  RateLimited: ["too many requests", "wait before the next one"],
  Rejected: ["the backend refused the request", null],
  ServerError: ["the backend failed", "try again later"],
  Malformed: ["the answer can't be understood", "an update may be needed"],
  TooLarge: ["the answer is larger than allowed", null]
} as const satisfies Words

/**
 * - `Unsupported`: the configured host has no such endpoint. `Misconfigured`: a setting that the call needs can't be used,
 *   and the detail says which. `IdentityChanged`: the session is no longer the one that the
 *   call was made for. `HostNotFound`, `ConnectionRefused`, `ConnectTimeout`, `CertificateUntrusted`: what kept the
 *   connection from being made; `Unreachable` when it was something else. `ProxyUnreachable`, `ProxyAuthRequired`,
 *   `ProxyRefused`: the proxy did. Nothing was sent for any of these.
 * - `Transport`: the connection broke. `Timeout`: no answer in time. `BodyTimeout`: no whole answer in time. It is not
 *   known whether the request was processed.
 * - `Challenged`: a page of something between here and the backend. `RegionUnsupported`, `WorkspaceDeactivated`: a
 *   refusal that says so.
 * - `Redirected`: 3xx, never followed. `Unauthorized`: 401. `Forbidden`: another 403. `NotFound`: 404. `RateLimited`:
 *   another 429. `Rejected`: another 4xx. `ServerError`: 5xx.
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

const notSent: ReadonlySet<BackendErrorReason> = new Set([
  "Unsupported",
  "Misconfigured",
  "IdentityChanged",
  "Unreachable",
  "HostNotFound",
  "ConnectionRefused",
  "ConnectTimeout",
  "CertificateUntrusted",
  "ProxyUnreachable",
  "ProxyAuthRequired",
  "ProxyRefused"
])
const unknownDelivery: ReadonlySet<BackendErrorReason> = new Set(["Transport", "Timeout", "BodyTimeout"])
const timeouts: ReadonlySet<BackendErrorReason> = new Set(["ConnectTimeout", "Timeout", "BodyTimeout"])

/**
 * `operation` is the contract's name for the call, such as `usage.read`. `retryAfterMillis` is what a 429 or 503 asked
 * for. `requestId` is the backend's own, for a report. `detail` is a code word that is known, what is wrong with a
 * certificate, a proxy or a setting, or the content type and length of an answer that can't be understood. Bodies, URLs
 * and headers are never part of the error.
 * @since 0.1.0
 * @category errors
 */
export class BackendError extends Schema.TaggedError<BackendError>()("BackendError", {
  operation: Schema.String,
  reason: BackendErrorReason,
  status: Schema.NullOr(Schema.Int),
  retryAfterMillis: Schema.NullOr(Schema.Number),
  requestId: Schema.NullOr(Schema.String),
  detail: Schema.NullOr(Schema.String).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => null)
  )
}) {
  /** An error without an answer's details. */
  static of(operation: string, reason: BackendErrorReason, detail: string | null = null): BackendError {
    return new BackendError({ operation, reason, status: null, retryAfterMillis: null, requestId: null, detail })
  }

  /** Whether the request reached the backend: certainly not, not known, or an answer came. */
  get delivery(): "notSent" | "unknown" | "answered" {
    return notSent.has(this.reason) ? "notSent" : unknownDelivery.has(this.reason) ? "unknown" : "answered"
  }

  /** Whether a time limit ended the call. */
  get isTimeout(): boolean {
    return timeouts.has(this.reason)
  }

  get summary(): string {
    return words[this.reason][0]
  }

  get advice(): string | null {
    return words[this.reason][1]
  }

  /** Summary, advice, HTTP status and detail: nothing in it is the backend's own text. */
  get description(): string {
    const advice = this.advice === null ? "" : `; ${this.advice}`
    const facts = [this.status === null ? null : `HTTP ${this.status}`, this.detail].filter(Predicate.isNotNull)
    return `${this.summary}${advice}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`
  }

  override get message(): string {
    const id = this.requestId === null ? "" : `, request ${this.requestId}`
    return `${this.operation}: ${this.description}${id}`
  }
}
