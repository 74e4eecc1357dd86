/** What a failed request tells about whether it was sent. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as Predicate from "effect/Predicate"

/**
 * Failures of name look-up, connecting and the TLS handshake: all before the first byte of a request.
 */
const beforeSending: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_INVALID_ARG",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_WRONG_VERSION_NUMBER"
])

const codesOf = (cause: unknown, depth = 0): ReadonlyArray<string> => {
  if (!Predicate.isRecord(cause) || depth > 4) return []
  const own = typeof cause["code"] === "string" ? [cause["code"]] : []
  const many = Array.isArray(cause["errors"]) ? cause["errors"].flatMap((error) => codesOf(error, depth + 1)) : []
  return [...own, ...many, ...codesOf(cause["cause"], depth + 1)]
}

/** A proxy that makes no tunnel has passed nothing on; undici tells it in words only. */
const isRefusedTunnel = (cause: unknown): boolean =>
  cause instanceof Error && (cause.message.startsWith("Proxy response (") || isRefusedTunnel(cause.cause))

/** Whether it is certain that nothing of the request left. */
export const isConnectFailure = (error: HttpClientError.RequestError): boolean =>
  error.reason !== "Transport" ||
  codesOf(error.cause).some((code) => beforeSending.has(code)) ||
  isRefusedTunnel(error.cause)
