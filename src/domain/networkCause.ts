/** What a failed connection or a refusal says about its cause. */
import * as Predicate from "effect/Predicate"
import type { BackendErrorReason } from "./BackendError.js"

/** A reason, and the detail that goes with it. */
export interface NetworkCause {
  readonly reason: BackendErrorReason
  readonly detail: string | null
}

const because = (reason: BackendErrorReason, detail: string | null = null): NetworkCause => ({ reason, detail })

/** Failures of name look-up, connecting and the TLS handshake: all before the first byte of a request. */
const beforeSending: ReadonlyMap<string, NetworkCause> = new Map([
  ["ENOTFOUND", because("HostNotFound")],
  ["EAI_AGAIN", because("HostNotFound")],
  ["ECONNREFUSED", because("ConnectionRefused")],
  ["UND_ERR_CONNECT_TIMEOUT", because("ConnectTimeout")],
  ["EHOSTUNREACH", because("Unreachable")],
  ["ENETUNREACH", because("Unreachable")],
  ["EADDRNOTAVAIL", because("Unreachable")],
  ["UND_ERR_INVALID_ARG", because("Unreachable")],
  ["ERR_SSL_WRONG_VERSION_NUMBER", because("Unreachable")],
  ["CERT_HAS_EXPIRED", because("CertificateUntrusted", "it has expired")],
  ["CERT_NOT_YET_VALID", because("CertificateUntrusted", "it is not valid yet")],
  ["ERR_TLS_CERT_ALTNAME_INVALID", because("CertificateUntrusted", "it is for another host")],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", because("CertificateUntrusted")],
  ["SELF_SIGNED_CERT_IN_CHAIN", because("CertificateUntrusted")],
  ["UNABLE_TO_GET_ISSUER_CERT", because("CertificateUntrusted")],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", because("CertificateUntrusted")],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", because("CertificateUntrusted")]
])

const afterSending: ReadonlyMap<string, NetworkCause> = new Map([
  ["UND_ERR_HEADERS_TIMEOUT", because("Timeout")],
  ["UND_ERR_BODY_TIMEOUT", because("BodyTimeout")]
])

/** The error with all that it wraps, outermost first. */
const chainOf = (cause: unknown, depth = 0): ReadonlyArray<Readonly<Record<PropertyKey, unknown>>> =>
  !Predicate.isRecord(cause) || depth > 4
    ? []
    : [
        cause,
        ...(Array.isArray(cause["errors"]) ? cause["errors"].flatMap((error) => chainOf(error, depth + 1)) : []),
        ...chainOf(cause["cause"], depth + 1)
      ]

/** A proxy that makes no tunnel has passed nothing on; of some ways in which it does, undici tells only in the message. */
const refusedTunnel = (code: string, message: unknown): NetworkCause | undefined => {
  if (/^UND_ERR_SOCKS5_AUTH_(FAILED|REJECTED)/.test(code)) return because("ProxyAuthRequired")
  if (code.startsWith("UND_ERR_SOCKS5")) return because("ProxyRefused")
  if (typeof message !== "string") return undefined
  if (/^SOCKS5 \w+ timeout$/.test(message)) return because("ConnectTimeout")
  const status = /^Proxy response \((\d+)\)/.exec(message)?.[1]
  return status === undefined ? undefined : because(status === "407" ? "ProxyAuthRequired" : "ProxyRefused")
}

/**
 * Why no connection was made, undefined where it is not certain that none was. An error may carry the certificate's
 * `issuer`, and `proxy`, the one that it went to.
 */
const unconnected = (chain: ReturnType<typeof chainOf>): NetworkCause | undefined => {
  for (const error of chain) {
    const code = typeof error["code"] === "string" ? error["code"] : ""
    const isConnect = code === "ETIMEDOUT" && error["syscall"] === "connect"
    const found =
      refusedTunnel(code, error["message"]) ?? (isConnect ? because("ConnectTimeout") : beforeSending.get(code))
    if (found !== undefined) return atProxy(found, textIn(chain, "proxy")) ?? issuedBy(found, textIn(chain, "issuer"))
  }
  return undefined
}

const textIn = (chain: ReturnType<typeof chainOf>, name: string): string | undefined =>
  chain.map((error) => error[name]).find(Predicate.isString)

/** Where the connection is the proxy's, so is its failure; the backend's name is looked up there. */
const atProxy = ({ detail, reason }: NetworkCause, proxy: string | undefined): NetworkCause | undefined => {
  if (proxy === undefined || detail !== null || reason === "CertificateUntrusted") return undefined
  return because(reason.startsWith("Proxy") ? reason : "ProxyUnreachable", proxy)
}

const issuedBy = (found: NetworkCause, issuer: string | undefined): NetworkCause =>
  found.reason === "CertificateUntrusted" && found.detail === null && issuer !== undefined
    ? because(found.reason, `issued by ${issuer.replace(/[^\p{L}\p{N} .,'&()-]/gu, "_").slice(0, 80)}`)
    : found

/** Why a request had no answer, from the error of an HTTP client. */
export const causeOfNoAnswer = (cause: unknown): NetworkCause => {
  const chain = chainOf(cause)
  const found = unconnected(chain)
  if (found !== undefined) return found
  return chain.map(({ code }) => afterSending.get(String(code))).find(Predicate.isNotUndefined) ?? because("Transport")
}

/** The code words of refusals that are passed on: nothing else of a body is. */
const knownCodes: ReadonlyMap<string, BackendErrorReason | null> = new Map<string, BackendErrorReason | null>([
  ["deactivated_workspace", "WorkspaceDeactivated"],
  ["workspace_deactivated", "WorkspaceDeactivated"],
  ["unsupported_country", "RegionUnsupported"],
  ["unsupported_country_region_territory", "RegionUnsupported"],
  ["unsupported_region", "RegionUnsupported"],
  ["account_deactivated", null],
  ["account_disabled", null],
  ["account_suspended", null],
  ["billing_hard_limit_reached", null],
  ["insufficient_permissions", null],
  ["insufficient_quota", null],
  ["invalid_workspace_selected", null],
  ["payment_required", null],
  ["quota_exceeded", null],
  ["rate_limit_exceeded", null],
  ["token_expired", null],
  ["token_invalidated", null],
  ["token_revoked", null],
  ["usage_limit_reached", null],
  ["usage_not_included", null],
  ["user_deactivated", null],
  ["user_disabled", null],
  ["user_suspended", null],
  ["workspace_disabled", null],
  ["workspace_suspended", null]
])

/** A code word of the list, wherever such bodies have theirs. */
const codeIn = (body: unknown, depth = 0): string | undefined => {
  if (typeof body === "string") return knownCodes.has(body.trim().toLowerCase()) ? body.trim().toLowerCase() : undefined
  if (!Predicate.isRecord(body) || depth > 2) return undefined
  return ["code", "type", "error", "detail", "error_code"]
    .map((name) => codeIn(body[name], depth + 1))
    .find(Predicate.isNotUndefined)
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const reasonOfStatus = (status: number): BackendErrorReason => {
  if (status < 400) return "Redirected"
  if (status === 401) return "Unauthorized"
  if (status === 403) return "Forbidden"
  if (status === 404) return "NotFound"
  if (status === 407) return "ProxyAuthRequired"
  if (status === 429) return "RateLimited"
  return status < 500 ? "Rejected" : "ServerError"
}

/** An answer, as far as its cause goes. */
interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bodyText: string
}

/** A 503 is a page of Cloudflare's only if it says so: other servers have pages for their own failures. */
const isChallenge = ({ bodyText, headers, status }: Refusal): boolean => {
  if (headers["cf-mitigated"] !== undefined) return true
  const isPage = (headers["content-type"] ?? "").includes("text/html") || /^\s*<(!doctype html|html)\b/i.test(bodyText)
  const isCloudflare = headers["cf-ray"] !== undefined || headers["server"] === "cloudflare"
  return isPage && (status === 403 || status === 429 || (status === 503 && isCloudflare))
}

/** Why an answer that is no success refuses. */
export const causeOfRefusal = (refusal: Refusal): NetworkCause => {
  if (refusal.status < 400) return because("Redirected")
  const code = codeIn(parsed(refusal.bodyText))
  const named = code === undefined ? null : (knownCodes.get(code) ?? null)
  if (named !== null) return because(named, code)
  return isChallenge(refusal) ? because("Challenged") : because(reasonOfStatus(refusal.status), code ?? null)
}
