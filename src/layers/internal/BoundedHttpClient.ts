/** The HTTP client as every part of this package uses it: whole answers, of bounded size, without tracing headers. */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** The body is longer than allowed; reading stopped there. */
export class BodyTooLarge extends Data.TaggedError("BodyTooLarge")<{ readonly status: number }> {}

/** The chunks, `size` bytes in all, in one piece. */
export const concat = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}

/** An answer whose body has been read. */
export interface WholeResponse {
  readonly status: number
  readonly headers: HttpClientResponse.HttpClientResponse["headers"]
  readonly text: string
  /** The answer as the derived client wants it, with the body in memory. */
  readonly response: HttpClientResponse.HttpClientResponse
}

/** One request, one whole answer, whatever its status. */
export type WholeHttpClient = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<WholeResponse, HttpClientError.HttpClientError | BodyTooLarge>

const counted = (response: HttpClientResponse.HttpClientResponse, maxBytes: number) =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    return response.stream.pipe(
      Stream.runForEach((chunk) => {
        size += chunk.byteLength
        chunks.push(chunk)
        return size > maxBytes ? Effect.fail(new BodyTooLarge({ status: response.status })) : Effect.void
      }),
      Effect.map(() => concat(chunks, size).buffer),
      // Some clients have no stream at all for an answer without a body, such as a 204.
      Effect.catchTag("ResponseError", (error) =>
        error.reason === "EmptyBody" ? Effect.succeed(new ArrayBuffer()) : Effect.fail(error)
      )
    )
  })

/**
 * A body with a declared length is read in one piece: the framing holds the sender to it. Any other is counted, and so
 * is one that a client may decode to more than was declared.
 */
const body = (response: HttpClientResponse.HttpClientResponse, maxBytes: number) => {
  const declared = Number(response.headers["content-length"] ?? Number.NaN)
  return declared <= maxBytes && response.headers["content-encoding"] === undefined
    ? Effect.filterOrFail(
        response.arrayBuffer,
        (bytes) => bytes.byteLength <= maxBytes,
        () => new BodyTooLarge({ status: response.status })
      )
    : counted(response, maxBytes)
}

export const boundedHttpClient = (
  client: HttpClient.HttpClient,
  options: { readonly maxBytes: number; readonly userAgent: string }
): WholeHttpClient => {
  // Its span would carry every header and the whole URL, and tell the backend about our trace.
  const plain = HttpClient.withTracerDisabledWhen(client, () => true)
  const whole = (response: HttpClientResponse.HttpClientResponse) =>
    Effect.map(body(response, options.maxBytes), (bytes): WholeResponse => ({
      status: response.status,
      headers: response.headers,
      get text() {
        return new TextDecoder().decode(bytes)
      },
      response: Object.create(response, {
        // Any 2xx is a success of the one status that the contract declares.
        status: { value: response.status >= 200 && response.status < 300 ? 200 : response.status },
        arrayBuffer: { value: Effect.succeed(bytes) }
      })
    }))
  return (request) =>
    plain.execute(HttpClientRequest.setHeader(request, "user-agent", options.userAgent)).pipe(
      Effect.flatMap(whole),
      // A stream runs in a fiber of its own. If the connection breaks, the runtime would log that fiber's error, with the
      // whole URL, before the caller can classify it.
      Effect.withUnhandledErrorLogLevel(Option.none()),
      Effect.mapError((error) =>
        error._tag === "RequestError" && error.cause instanceof BodyTooLarge ? error.cause : error
      )
    )
}
