/** Watches everything that leaves an effect besides its requests: logs, spans, metrics, and its result in every form. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import type * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"

const asJson = (value: unknown): string => {
  const seen = new WeakSet<object>()
  return (
    JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === "bigint") return String(inner)
      if (typeof inner !== "object" || inner === null) return inner
      if (seen.has(inner)) return "seen"
      seen.add(inner)
      return inner instanceof Map || inner instanceof Set ? Array.from(inner) : inner
    }) ?? ""
  )
}

/** A value in every form in which it may be shown. */
export const forms = (value: unknown): ReadonlyArray<string> => [
  String(value),
  asJson(value),
  Inspectable.toStringUnknown(value),
  inspect(value, { depth: 12 }),
  ...(value instanceof Error ? [value.message, value.stack ?? "", ...forms(value.cause)] : [])
]

const formsOfExit = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> =>
  Exit.match(exit, {
    onSuccess: forms,
    onFailure: (cause) => [
      Cause.pretty(cause, { renderErrorCause: true }),
      ...forms(cause),
      ...Array.from(Cause.failures(cause)).flatMap(forms),
      ...Array.from(Cause.defects(cause)).flatMap(forms),
      ...forms(Cause.squash(cause))
    ]
  })

class WatchedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly spanId: string
  readonly traceId = "trace"
  readonly sampled = true
  readonly attributes = new Map<string, unknown>()
  readonly links: Array<Tracer.SpanLink>
  status: Tracer.SpanStatus

  constructor(
    readonly name: string,
    readonly parent: Option.Option<Tracer.AnySpan>,
    readonly context: Context.Context<never>,
    links: ReadonlyArray<Tracer.SpanLink>,
    startTime: bigint,
    readonly kind: Tracer.SpanKind,
    private readonly seen: Array<string>
  ) {
    this.spanId = `span-${seen.length}`
    this.links = [...links]
    this.status = { _tag: "Started", startTime }
    seen.push(name)
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
    this.seen.push(...formsOfExit(exit))
  }

  attribute(key: string, value: unknown): void {
    this.attributes.set(key, value)
    this.seen.push(key, ...forms(value))
  }

  event(name: string, _startTime: bigint, attributes?: Record<string, unknown>): void {
    this.seen.push(name, ...forms(attributes))
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.links.push(...links)
  }
}

export interface Watched {
  readonly logs: ReadonlyArray<string>
  readonly spans: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<string>
  readonly results: ReadonlyArray<string>
}

/** Logs and spans of everything that the layer is provided to, into these lists. */
const watching = (logs: Array<string>, spans: Array<string>) =>
  Layer.mergeAll(
    Logger.minimumLogLevel(LogLevel.All),
    Logger.add(
      Logger.make((line) => {
        logs.push(Logger.jsonLogger.log(line), Logger.stringLogger.log(line), Logger.logfmtLogger.log(line))
        logs.push(Cause.pretty(line.cause, { renderErrorCause: true }), ...forms(line.message))
        logs.push(...forms(Array.from(line.annotations)))
      })
    ),
    Layer.setTracer(
      Tracer.make({
        span: (name, parent, context, links, startTime, kind) =>
          new WatchedSpan(name, parent, context, links, startTime, kind, spans),
        context: (run) => run()
      })
    )
  )

/** Runs the effect with its layer, and gives all that was to be seen of them. */
export const watched = <A, E, R, E2>(
  effect: Effect.Effect<A, E, R>,
  layer: Layer.Layer<R, E2>
): Effect.Effect<Watched> =>
  Effect.gen(function* () {
    const logs: Array<string> = []
    const spans: Array<string> = []
    const exit = yield* effect.pipe(Effect.provide(layer), Effect.exit, Effect.provide(watching(logs, spans)))
    const metrics = forms(yield* Metric.snapshot)
    return { logs, spans, metrics, results: formsOfExit(exit) }
  })
