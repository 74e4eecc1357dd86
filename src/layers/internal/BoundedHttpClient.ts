/** The HTTP client as every part of this package uses it: whole answers, of bounded size, without tracing headers. */
import * as Cookies from "@effect/platform/Cookies"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { exposesTokens } from "../../domain/plainHttp.js"
import { type AccountSettings, ConfigurationError } from "../../services/AccountConfig.js"
import { withCloudflareCookies } from "./cloudflareCookies.js"

/** The body is longer than allowed; reading stopped there. */
export class BodyTooLarge extends Data.TaggedError("BodyTooLarge")<{ readonly status: number }> {}

/**
 * How far the request in hand has come, which the client notes: null where it doesn't say. Nothing has left while it is
 * connecting.
 */
export class Progress extends Context.Reference<Progress>()("effect-codex-account/layers/Progress", {
  defaultValue: (): { phase: "connecting" | "reading" | "waiting" | null } => ({ phase: null })
}) {}

/** What a time limit means, by how far the request had come. */
export const timeoutIn = ({ phase }: Progress["Type"]) =>
  phase === "connecting" ? "ConnectTimeout" : phase === "reading" ? "BodyTimeout" : "Timeout"

/** The chunks, `size` bytes in all, in one piece. */
export const concat = (chunks: ReadonlyArray<Uint8Array>, size: number): ArrayBuffer => {
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes.buffer
}

/** An answer whose body has been read. */
export class WholeResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId

  constructor(
    readonly request: HttpClientRequest.HttpClientRequest,
    readonly status: number,
    readonly headers: Headers.Headers,
    readonly bytes: ArrayBuffer,
    private readonly setCookies: ReadonlyArray<string> = []
  ) {
    super()
  }

  get isSuccess(): boolean {
    return this.status >= 200 && this.status < 300
  }
  get bodyText(): string {
    return new TextDecoder().decode(this.bytes)
  }

  /** The same answer in platform's own class, for the members that are seldom used. */
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
    return Effect.succeed(this.bytes)
  }
  get text() {
    return Effect.succeed(this.bodyText)
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
    return Stream.succeed(new Uint8Array(this.bytes))
  }
  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, { _id: "@effect/platform/HttpClientResponse", status: this.status })
  }
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
      Effect.map(() => concat(chunks, size)),
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
  const isWhole = response instanceof WholeResponse
  return isWhole || (declared <= maxBytes && response.headers["content-encoding"] === undefined)
    ? Effect.filterOrFail(
        response.arrayBuffer,
        (bytes) => bytes.byteLength <= maxBytes,
        () => new BodyTooLarge({ status: response.status })
      )
    : counted(response, maxBytes)
}

/** Everything that is sent here carries a token or a code. */
const plainHttp = new ConfigurationError({
  reason: "InvalidValue",
  detail: "a token would go over plain http to another machine; CODEX_ACCOUNT_ALLOW_HTTP=true allows it"
})

/** Fetch follows redirects by default; other clients don't read this. */
const unfollowed = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.mapInputContext(work, (context: Context.Context<never>) =>
    Context.add(context, FetchHttpClient.RequestInit, {
      ...Option.getOrUndefined(Context.getOption(context, FetchHttpClient.RequestInit)),
      redirect: "manual"
    })
  )

/** A client that has followed one all the same has it in fetch's own response, which platform's wrap. */
const isRedirected = (response: unknown): boolean =>
  Predicate.hasProperty(response, "redirected")
    ? response.redirected === true
    : Predicate.hasProperty(response, "original")
      ? isRedirected(response.original)
      : Predicate.hasProperty(response, "source") && isRedirected(response.source)

/**
 * The client as one account uses it, with a jar of its own for cookies.
 *
 * It may be any client. Fetch is asked not to follow redirects, and an answer that came after one is an error. What can't
 * be seen from here is the client's duty: not to be wrapped in `followRedirects`, and to repeat nothing by itself.
 */
export const boundedHttpClient = (
  client: HttpClient.HttpClient,
  {
    allowHttp = false,
    maxResponseBytes,
    userAgent
  }: Pick<AccountSettings, "maxResponseBytes" | "userAgent"> & { readonly allowHttp?: boolean }
): WholeHttpClient => {
  // Its span would carry every header and the whole URL, and tell the backend about our trace.
  const plain = HttpClient.withTracerDisabledWhen(withCloudflareCookies(client), () => true)
  return (request) =>
    !allowHttp && exposesTokens(request.url)
      ? Effect.fail(new HttpClientError.RequestError({ request, reason: "InvalidUrl", cause: plainHttp }))
      : unfollowed(plain.execute(HttpClientRequest.setHeader(request, "user-agent", userAgent))).pipe(
          Effect.filterOrFail(Predicate.not(isRedirected), (response) => {
            const description = "a redirect was followed"
            return new HttpClientError.ResponseError({ request, response, reason: "StatusCode", description })
          }),
          Effect.flatMap((response) =>
            Effect.flatMap(Progress, (progress) => {
              progress.phase = "reading"
              return Effect.map(
                body(response, maxResponseBytes),
                (bytes) => new WholeResponse(response.request, response.status, response.headers, bytes)
              )
            })
          ),
          // A stream runs in a fiber of its own. If the connection breaks, the runtime would log that fiber's error, with
          // the whole URL, before the caller can classify it.
          Effect.withUnhandledErrorLogLevel(Option.none()),
          Effect.mapError((error) =>
            error._tag === "RequestError" && error.cause instanceof BodyTooLarge ? error.cause : error
          )
        )
}
