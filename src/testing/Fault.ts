/** What can go wrong with one call. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const or = <A, I, R>(schema: Schema.Schema<A, I, R>, value: NoInfer<A>) =>
  Schema.optionalWith(schema, { default: () => value })

/** An integer between two bounds, generated between two others. */
const bounded = (min: number, max: number, usual: readonly [min: number, max: number]) =>
  Schema.Int.pipe(Schema.between(min, max)).annotations({
    arbitrary: () => (fc) => fc.integer({ min: usual[0], max: usual[1] })
  })

/**
 * A `Retry-After` header: in seconds, as the HTTP date that many seconds ahead, or as any text.
 * @since 0.1.0
 * @category schemas
 */
export const RetryAfter = Schema.Union(
  Schema.Struct({ seconds: bounded(0, 1_000_000, [0, 30]) }),
  Schema.Struct({ dateInSeconds: bounded(-1_000_000, 1_000_000, [-5, 30]) }),
  Schema.Struct({ text: Schema.String.pipe(Schema.pattern(/^[\u0021-\u007e]*$/)) })
)

/**
 * @since 0.1.0
 * @category models
 */
export type RetryAfter = typeof RetryAfter.Type

const Millis = bounded(0, 86_400_000, [0, 60_000])

const StatusCode = Schema.Int.pipe(Schema.between(200, 599)).annotations({
  arbitrary: () => (fc) =>
    fc.constantFrom(200, 204, 304, 400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504)
})

const afterCommit = or(Schema.Boolean, false)

/**
 * One fault. With `afterCommit` the backend has done what was asked before the fault shows; without, it has done
 * nothing. The faults of the body (`Truncated`, `MalformedJson`, `UnknownEnum`, `HugeBody`, `SlowBody`) spoil the answer
 * of a call that was done.
 * @since 0.1.0
 * @category schemas
 */
export const Fault = Schema.Union(
  Schema.TaggedStruct("Pass", {}),
  Schema.TaggedStruct("Status", {
    status: StatusCode,
    body: or(Schema.String, ""),
    contentType: or(Schema.String.pipe(Schema.pattern(/^[\u0020-\u007e]*$/)), "application/json"),
    retryAfter: or(Schema.NullOr(RetryAfter), null),
    afterCommit
  }),
  Schema.TaggedStruct("Delay", { millis: Millis, afterCommit }),
  Schema.TaggedStruct("Hang", { afterCommit }),
  Schema.TaggedStruct("Refused", {}),
  Schema.TaggedStruct("Reset", { afterCommit }),
  Schema.TaggedStruct("Truncated", {}),
  Schema.TaggedStruct("HtmlPage", { status: StatusCode, afterCommit }),
  Schema.TaggedStruct("Redirect", { status: Schema.Literal(301, 302, 303, 307, 308), crossOrigin: Schema.Boolean }),
  Schema.TaggedStruct("MalformedJson", {}),
  Schema.TaggedStruct("UnknownEnum", {}),
  Schema.TaggedStruct("StaleRead", { millis: bounded(0, 86_400_000, [0, 1_200_000]) }),
  Schema.TaggedStruct("RateLimited", { retryAfter: or(Schema.NullOr(RetryAfter), null) }),
  Schema.TaggedStruct("Forbidden", {}),
  Schema.TaggedStruct("HugeBody", { bytes: bounded(0, 67_108_864, [1_048_577, 1_200_000]) }),
  Schema.TaggedStruct("SlowBody", { chunkBytes: bounded(1, 1_048_576, [1, 64]), gapMillis: Millis }),
  Schema.TaggedStruct("EchoSecrets", { status: StatusCode })
).annotations({ identifier: "Fault" })

/**
 * @since 0.1.0
 * @category models
 */
export type Fault = typeof Fault.Type

/**
 * @since 0.1.0
 * @category constructors
 */
export const pass: Fault = { _tag: "Pass" }

/**
 * A status with a body of your own instead of the answer.
 * @since 0.1.0
 * @category constructors
 */
export const status = (
  status: number,
  options?: {
    readonly body?: string
    readonly contentType?: string
    readonly retryAfter?: RetryAfter
    readonly afterCommit?: boolean
  }
): Fault => ({
  _tag: "Status",
  status,
  body: "",
  contentType: "application/json",
  retryAfter: null,
  afterCommit: false,
  ...options
})

const millis = (duration: Duration.DurationInput): number => Math.round(Duration.toMillis(duration))

/**
 * The call waits before it is done; with `afterCommit`, after it.
 * @since 0.1.0
 * @category constructors
 */
export const delay = (wait: Duration.DurationInput, options?: { readonly afterCommit?: boolean }): Fault => ({
  _tag: "Delay",
  millis: millis(wait),
  afterCommit: false,
  ...options
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const hang: Fault = { _tag: "Hang", afterCommit: false }

/**
 * @since 0.1.0
 * @category constructors
 */
export const hangAfterCommit: Fault = { _tag: "Hang", afterCommit: true }

/**
 * There is no connection: the call never arrives, and is not in the log. On a socket, which is open by then, the client
 * sees a reset.
 * @since 0.1.0
 * @category constructors
 */
export const refused: Fault = { _tag: "Refused" }

/**
 * @since 0.1.0
 * @category constructors
 */
export const resetBeforeCommit: Fault = { _tag: "Reset", afterCommit: false }

/**
 * Done, but the answer is lost.
 * @since 0.1.0
 * @category constructors
 */
export const resetAfterCommit: Fault = { _tag: "Reset", afterCommit: true }

/**
 * Done, but the connection breaks in the middle of the answer's body.
 * @since 0.1.0
 * @category constructors
 */
export const truncated: Fault = { _tag: "Truncated" }

/**
 * A page such as a proxy or a bot check shows.
 * @since 0.1.0
 * @category constructors
 */
export const htmlPage = (status = 403, options?: { readonly afterCommit?: boolean }): Fault => ({
  _tag: "HtmlPage",
  status,
  afterCommit: false,
  ...options
})

/**
 * A redirect to the same path, on this origin or on another; following it makes one more call.
 * @since 0.1.0
 * @category constructors
 */
export const redirect = (status: 301 | 302 | 303 | 307 | 308, options?: { readonly crossOrigin?: boolean }): Fault => ({
  _tag: "Redirect",
  status,
  crossOrigin: false,
  ...options
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const malformedJson: Fault = { _tag: "MalformedJson" }

/**
 * Every word of a known set becomes an unknown one, and unknown fields appear.
 * @since 0.1.0
 * @category constructors
 */
export const unknownEnum: Fault = { _tag: "UnknownEnum" }

/**
 * A read that does not show the acts within that time. The real backend has been seen to lag by up to 20 minutes.
 * @since 0.1.0
 * @category constructors
 */
export const staleRead = (lag: Duration.DurationInput): Fault => ({ _tag: "StaleRead", millis: millis(lag) })

/**
 * @since 0.1.0
 * @category constructors
 */
export const rateLimited = (retryAfter?: RetryAfter): Fault => ({ _tag: "RateLimited", retryAfter: retryAfter ?? null })

/**
 * The account lacks the capability: 403.
 * @since 0.1.0
 * @category constructors
 */
export const forbidden: Fault = { _tag: "Forbidden" }

/**
 * The answer with so much white space after it that it is larger than `bytes`; by default, than 1 MiB.
 * @since 0.1.0
 * @category constructors
 */
export const hugeBody = (bytes = 1_048_577): Fault => ({ _tag: "HugeBody", bytes })

/**
 * The answer's body in small pieces with a wait before each.
 * @since 0.1.0
 * @category constructors
 */
export const slowBody = (chunkBytes: number, gap: Duration.DurationInput): Fault => ({
  _tag: "SlowBody",
  chunkBytes,
  gapMillis: millis(gap)
})

/**
 * An error whose body repeats the request's headers and body: nothing of it may show anywhere.
 * @since 0.1.0
 * @category constructors
 */
export const echoSecrets = (status = 500): Fault => ({ _tag: "EchoSecrets", status })
