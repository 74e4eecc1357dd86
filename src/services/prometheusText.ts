/** The metrics of this process in the text format of Prometheus (version 0.0.4). */
import * as Metric from "effect/Metric"
import type * as MetricLabel from "effect/MetricLabel"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

const escaped = (text: string): string =>
  text.replace(/[\\\n"]/g, (letter) => (letter === "\n" ? "\\n" : `\\${letter}`))

const named = (text: string): string => text.replace(/[^\w:]/g, "_")

const numbered = (value: number | bigint): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)

const line = (name: string, labels: ReadonlyArray<readonly [string, string]>, value: number | bigint): string => {
  const pairs = labels.map(([key, text]) => `${named(key)}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numbered(value)}`
}

/** A counter that may also fall is a gauge elsewhere. */
const isIncremental = (type: unknown): boolean =>
  Predicate.hasProperty(type, "incremental") && type.incremental === true

/** Its type and its lines; null for what has no place in the format. */
const samplesOf = (
  name: string,
  tags: Iterable<MetricLabel.MetricLabel>,
  state: MetricState.MetricState.Untyped,
  isIncremental: boolean
): readonly [type: string, lines: ReadonlyArray<string>] | null => {
  const labels = Array.from(tags, ({ key, value }) => [key, value] as const)
  if (MetricState.isCounterState(state)) return [isIncremental ? "counter" : "gauge", [line(name, labels, state.count)]]
  if (MetricState.isGaugeState(state)) return ["gauge", [line(name, labels, state.value)]]
  if (!MetricState.isHistogramState(state)) return null
  const bounds = state.buckets.filter(([bound]) => Number.isFinite(bound))
  return [
    "histogram",
    [
      ...bounds.map(([bound, count]) => line(`${name}_bucket`, [...labels, ["le", numbered(bound)]], count)),
      line(`${name}_bucket`, [...labels, ["le", "+Inf"]], state.count),
      line(`${name}_sum`, labels, state.sum),
      line(`${name}_count`, labels, state.count)
    ]
  ]
}

/** Counters, gauges and histograms, each name once with its type and description. */
export const prometheusText = (
  pairs: ReadonlyArray<MetricPair.MetricPair.Untyped> = Metric.unsafeSnapshot()
): string => {
  const families = new Map<string, Array<string>>()
  for (const { metricKey, metricState } of pairs) {
    const name = named(metricKey.name)
    const samples = samplesOf(name, metricKey.tags, metricState, isIncremental(metricKey.keyType))
    if (samples === null) continue
    const [type, lines] = samples
    const help = Option.match(metricKey.description, {
      onNone: () => [],
      onSome: (text) => [`# HELP ${name} ${text.replace(/[\\\n]/g, (letter) => (letter === "\n" ? "\\n" : "\\\\"))}`]
    })
    const family = families.get(name) ?? [...help, `# TYPE ${name} ${type}`]
    family.push(...lines)
    families.set(name, family)
  }
  return Array.from(families.values(), (family) => `${family.join("\n")}\n`).join("")
}
