/**
 * An `HttpClient` that reads each answer whole and within a bound, in one step, straight from undici's dispatcher.
 *
 * Platform's own undici client reads headers and body apart, through a stream and an abort signal of its own; that is most
 * of what a small call costs. Here a request that was given up is aborted, and one that has started is never started again.
 */
import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import type * as Undici from "@effect/platform-node/Undici"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { BodyTooLarge } from "./BoundedHttpClient.js"
import { concat } from "./concat.js"

class WholeResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId

  constructor(
    readonly request: HttpClientRequest.HttpClientRequest,
    readonly status: number,
    readonly headers: Headers.Headers,
    private readonly setCookies: ReadonlyArray<string>,
    private readonly bytes: Uint8Array<ArrayBuffer>
  ) {
    super()
  }

  /** The same answer as platform's own class has it, for the faces that are seldom asked for. */
  private get web(): HttpClientResponse.HttpClientResponse {
    return HttpClientResponse.fromWeb(
      this.request,
      new Response(this.bytes.byteLength === 0 ? null : this.bytes, { status: this.status, headers: this.headers })
    )
  }

  get cookies(): Cookies.Cookies {
    return Cookies.fromSetCookie(this.setCookies)
  }
  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }
  get arrayBuffer() {
    const { buffer, byteLength, byteOffset } = this.bytes
    return Effect.succeed(byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength))
  }
  get text() {
    return Effect.succeed(new TextDecoder().decode(this.bytes))
  }
  get json() {
    return this.web.json
  }
  get urlParamsBody() {
    return this.web.urlParamsBody
  }
  get formData() {
    return this.web.formData
  }
  get stream() {
    return Stream.succeed<Uint8Array>(this.bytes)
  }
  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, { _id: "@effect/platform/HttpClientResponse", status: this.status })
  }
}

const send = (
  dispatcher: Undici.Dispatcher,
  maxBytes: number,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  body: Uint8Array | null
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError> =>
  Effect.async((resume) => {
    let controller: Undici.Dispatcher.DispatchController | undefined
    let abandoned: Error | undefined
    let status = 0
    let headers: Headers.Headers = Headers.empty
    let setCookies: ReadonlyArray<string> = []
    let size = 0
    const chunks: Array<Uint8Array> = []

    const fail = (cause: unknown) =>
      resume(Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause })))

    const abandon = (reason: Error) => {
      abandoned = reason
      controller?.abort(reason)
    }

    const handler: Undici.Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        if (controller !== undefined) abandoned ??= new Error("the request was started a second time")
        controller = started
        if (abandoned !== undefined) started.abort(abandoned)
      },
      onResponseStart(_, statusCode, received) {
        status = statusCode
        headers = Headers.fromInput(received)
        const cookies = received["set-cookie"]
        setCookies = cookies === undefined ? [] : Array.isArray(cookies) ? cookies : [cookies]
      },
      onResponseData(_, chunk) {
        size += chunk.byteLength
        if (size > maxBytes) abandon(new BodyTooLarge({ status }))
        else chunks.push(chunk)
      },
      onResponseEnd() {
        resume(Effect.succeed(new WholeResponse(request, status, headers, setCookies, concat(chunks, size))))
      },
      onResponseError(_, error) {
        fail(error)
      }
    }
    try {
      dispatcher.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: request.method,
          headers: request.headers,
          body,
          // Time limits are the caller's.
          headersTimeout: 0,
          bodyTimeout: 0
        },
        handler
      )
    } catch (cause) {
      fail(cause)
    }
    return Effect.sync(() => abandon(new Error("the request was given up")))
  })

/** `fallback` takes the requests whose body is a stream or a form. */
export const make = (
  dispatcher: Undici.Dispatcher,
  options: { readonly maxBytes: number; readonly fallback: HttpClient.HttpClient }
): HttpClient.HttpClient =>
  HttpClient.makeWith(
    (prepared: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
      Effect.flatMap(prepared, (request) => {
        const url = UrlParams.makeUrl(request.url, request.urlParams, request.hash)
        if (Either.isLeft(url)) {
          return Effect.fail(new HttpClientError.RequestError({ request, reason: "InvalidUrl", cause: url.left }))
        }
        switch (request.body._tag) {
          case "Empty":
            return send(dispatcher, options.maxBytes, request, url.right, null)
          case "Uint8Array":
            return send(dispatcher, options.maxBytes, request, url.right, request.body.body)
          default:
            return options.fallback.execute(request)
        }
      }),
    Effect.succeed
  )
