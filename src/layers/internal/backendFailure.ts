/** What became of a request, as the one error that every caller knows: for the backend's calls and the OAuth server's. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as Schema from "effect/Schema"
import { BackendError } from "../../domain/BackendError.js"
import { causeOfNoAnswer, causeOfRefusal } from "../../domain/networkCause.js"
import { ConfigurationError } from "../../services/AccountConfig.js"
import type { BodyTooLarge, WholeResponse } from "./BoundedHttpClient.js"

/** Milliseconds to wait, from a number of seconds or an HTTP date. Null when the header is absent or neither. */
export const retryAfterMillis = (header: string | undefined, nowMillis: number): number | null => {
  if (header === undefined) return null
  const text = header.trim()
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER)
  // The oldest of the three forms has no zone, and means GMT too.
  const zoned = /\d$/.test(text) ? `${text} GMT` : text
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(zoned) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - nowMillis)
}

/** The id for a report; one that holds the bearer, or a part of it, is no id. */
const requestIdOf = (response: WholeResponse, bearer: string): string | null => {
  const id = response.headers["x-request-id"] ?? response.headers["x-oai-request-id"] ?? response.headers["cf-ray"]
  return id !== undefined && /^[\w.-]{4,128}$/.test(id) && !bearer.includes(id) ? id : null
}

/** An answer that is no success. */
export const refusalOf = (operation: string, response: WholeResponse, nowMillis: number, secret = ""): BackendError =>
  new BackendError({
    operation,
    ...causeOfRefusal(response),
    status: response.status,
    retryAfterMillis: retryAfterMillis(response.headers["retry-after"], nowMillis),
    requestId: requestIdOf(response, secret)
  })

const isConfigurationError = Schema.is(ConfigurationError)

export const misconfigured = (operation: string, { detail, message, reason }: ConfigurationError): BackendError =>
  BackendError.of(operation, "Misconfigured", reason === "InvalidValue" ? detail : message)

/** No whole answer. */
export const noAnswerOf = (
  operation: string,
  failure: HttpClientError.HttpClientError | BodyTooLarge
): BackendError => {
  switch (failure._tag) {
    case "BodyTooLarge":
      return new BackendError({
        operation,
        reason: "TooLarge",
        status: failure.status,
        retryAfterMillis: null,
        requestId: null
      })
    case "RequestError": {
      if (isConfigurationError(failure.cause)) return misconfigured(operation, failure.cause)
      if (failure.reason !== "Transport") return BackendError.of(operation, "Unreachable")
      const { detail, reason } = causeOfNoAnswer(failure.cause)
      return BackendError.of(operation, reason, detail)
    }
    case "ResponseError":
      return BackendError.of(operation, failure.reason === "StatusCode" ? "Redirected" : "Transport")
  }
}

/** Content type and length of an answer, such as `text/html, 512 bytes`. */
const receivedText = ({ bytes, headers }: WholeResponse): string => {
  const type = /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(headers["content-type"] ?? "")?.[0] ?? "of no content type"
  return `${type}, ${bytes.byteLength} bytes`
}

/** A success that can't be understood. */
export const malformed = (operation: string, answer: WholeResponse | null): BackendError =>
  BackendError.of(operation, "Malformed", answer === null ? null : `it is ${receivedText(answer)}`)
