import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import { prometheusText } from "../../src/services/prometheusText.js"

describe("prometheusText", () => {
  it.effect("says each name once, with its type, its labels and its buckets", () =>
    Effect.gen(function* () {
      const counter = Metric.counter("test_text_total", { description: 'Of "two"\nlines.', incremental: true })
      yield* Metric.update(Metric.tagged(counter, "kind", 'a"b\\c\nd'), 2)
      yield* Metric.update(Metric.tagged(counter, "kind", "plain"), 1)
      yield* Metric.set(Metric.gauge("test.text gauge"), -1.5)
      yield* Metric.incrementBy(Metric.counter("test_text_level"), -2)
      const histogram = Metric.histogram("test_text_seconds", MetricBoundaries.fromIterable([0.1, 1]))
      yield* Effect.forEach([0.05, 0.5, 5], (value) => Metric.update(histogram, value))
      yield* Metric.update(Metric.frequency("test_text_frequency"), "left out")
      const lines = prometheusText()
        .split("\n")
        .filter((text) => text.includes("test_text"))
      assert.deepStrictEqual(lines.toSorted(), [
        '# HELP test_text_total Of "two"\\nlines.',
        "# TYPE test_text_gauge gauge",
        "# TYPE test_text_level gauge",
        "# TYPE test_text_seconds histogram",
        "# TYPE test_text_total counter",
        "test_text_gauge -1.5",
        "test_text_level -2",
        'test_text_seconds_bucket{le="+Inf"} 3',
        'test_text_seconds_bucket{le="0.1"} 1',
        'test_text_seconds_bucket{le="1"} 2',
        "test_text_seconds_count 3",
        "test_text_seconds_sum 5.55",
        'test_text_total{kind="a\\"b\\\\c\\nd"} 2',
        'test_text_total{kind="plain"} 1'
      ])
    })
  )
})
