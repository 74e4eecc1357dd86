/**
 * The in-memory face: an `HttpClient` that answers in the caller's own fiber, so that `TestClock` moves its waits and
 * interruption reaches them.
 */
import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Exchange } from "./FakeExchange.js"
import type { Answer } from "./FakeReply.js"

class SocketError extends Error {
  constructor(
    readonly code: string,
    message: string
  ) {
    super(message)
  }
}

const join = (chunks: Iterable<Uint8Array>): Uint8Array => {
  const all = Array.from(chunks)
  const bytes = new Uint8Array(all.reduce((length, chunk) => length + chunk.length, 0))
  let offset = 0
  for (const chunk of all) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

const pieces = (body: Uint8Array, size: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(body.length / size) }, (_, index) => body.slice(index * size, (index + 1) * size))

class FakeClientResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly status: number
  readonly headers: Headers.Headers
  readonly cookies = Cookies.empty
  readonly remoteAddress = Option.none<string>()

  constructor(
    readonly request: HttpClientRequest.HttpClientRequest,
    private readonly answer: Answer
  ) {
    super()
    this.status = answer.status
    this.headers = Headers.fromInput(answer.headers)
  }

  override toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, { _id: "@effect/platform/HttpClientResponse", status: this.status })
  }

  private readonly fail = (cause: unknown) =>
    new HttpClientError.ResponseError({ request: this.request, response: this, reason: "Decode", cause })

  get stream(): Stream.Stream<Uint8Array, HttpClientError.ResponseError> {
    const { body, cut, pace } = this.answer
    const sent = cut ? body.slice(0, body.length >> 1) : body
    const whole: Stream.Stream<Uint8Array> =
      pace === null
        ? Stream.make(sent)
        : Stream.fromIterable(pieces(sent, pace.chunkBytes)).pipe(
            Stream.rechunk(1),
            Stream.mapEffect((piece) => Effect.delay(Effect.succeed(piece), pace.gapMillis))
          )
    return cut
      ? Stream.concat(whole, Stream.fail(this.fail(new SocketError("UND_ERR_SOCKET", "other side closed"))))
      : whole
  }

  private get bytes(): Effect.Effect<Uint8Array, HttpClientError.ResponseError> {
    return Effect.map(Stream.runCollect(this.stream), join)
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.ResponseError> {
    return Effect.map(this.bytes, (bytes) => Uint8Array.from(bytes).buffer)
  }

  get text(): Effect.Effect<string, HttpClientError.ResponseError> {
    return Effect.map(this.bytes, (bytes) => new TextDecoder().decode(bytes))
  }

  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return Effect.tryMap(this.text, {
      try: (text): unknown => (text === "" ? null : JSON.parse(text)),
      catch: this.fail
    })
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.ResponseError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return Effect.fail(this.fail("the fake backend sends no forms"))
  }
}

const bodyBytes = (
  request: HttpClientRequest.HttpClientRequest,
  body: HttpBody.HttpBody
): Effect.Effect<Uint8Array, HttpClientError.RequestError> => {
  const refuse = (cause: unknown) => new HttpClientError.RequestError({ request, reason: "Encode", cause })
  switch (body._tag) {
    case "Empty":
      return Effect.succeed(new Uint8Array())
    case "Uint8Array":
      return Effect.succeed(body.body)
    case "Stream":
      return body.stream.pipe(Stream.mapError(refuse), Stream.runCollect, Effect.map(join))
    case "Raw":
      return typeof body.body === "string"
        ? Effect.succeed(new TextEncoder().encode(body.body))
        : Effect.fail(refuse("the fake backend takes raw bodies as text only"))
    case "FormData":
      return Effect.fail(refuse("the fake backend takes no forms"))
  }
}

/**
 * Whatever host is asked, the fake backend answers; the call log shows which one was meant. A reset fails with reason
 * `Transport` and the code `ECONNRESET` in its cause, a refused connection with `ECONNREFUSED`.
 */
export const makeClient = (exchange: Exchange): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    Effect.gen(function* () {
      const body = yield* bodyBytes(request, request.body)
      const reply = yield* exchange({
        method: request.method,
        url,
        headers: { host: url.host, ...request.headers },
        body,
        connection: 0
      })
      if (reply._tag === "Answer") return new FakeClientResponse(request, reply)
      const cause =
        reply._tag === "Reset"
          ? new SocketError("ECONNRESET", "read ECONNRESET")
          : new SocketError("ECONNREFUSED", "connect ECONNREFUSED")
      return yield* new HttpClientError.RequestError({ request, reason: "Transport", cause })
    })
  )
