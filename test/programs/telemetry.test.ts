/** What is seen from outside: the tree of spans for each program, and metrics that agree with the backend's log of calls. */
import { assert, describe, it } from "@effect/vitest"
import * as Array from "effect/Array"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { inviteFriend } from "../../src/programs/invite.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { readUsage, showUsage } from "../../src/programs/usage.js"
import { Arbitraries, Fault, FaultPlan } from "../../src/testing/index.js"
import { runs, test } from "../cases.js"
import { account, count, faulty, finish, invitee, type Services, states } from "./harness.js"

interface Seen {
  readonly span: Tracer.Span
  readonly attributes: Map<string, unknown>
}

/** The work's spans as lines, indented below their parents, with the attributes that say how they went. */
const treeOf = <A, E>(work: Effect.Effect<A, E, Services>) =>
  Effect.gen(function* () {
    const spans: globalThis.Array<Seen> = []
    const native = yield* Effect.tracer
    const watching = Tracer.make({
      span: (...args) => {
        const span = native.span(...args)
        spans.push({ span, attributes: span.attributes as Map<string, unknown> })
        return span
      },
      context: (run, fiber) => native.context(run, fiber)
    })
    yield* finish(Effect.withTracer(Effect.exit(work), watching))
    const shown = (parent: Option.Option<string>, indent: string): ReadonlyArray<string> =>
      spans
        .filter(
          ({ span }) => Option.getOrNull(Option.map(span.parent, (one) => one.spanId)) === Option.getOrNull(parent)
        )
        .flatMap(({ attributes, span }) => {
          const words = ["codex.operation", "codex.attempt", "codex.lease", "codex.state", "codex.outcome"].flatMap(
            (name) => (attributes.has(name) ? [String(attributes.get(name))] : [])
          )
          return [
            `${indent}${[span.name.replace("codex.", ""), ...words].join(" ")}`,
            ...shown(Option.some(span.spanId), `${indent}  `)
          ]
        })
    return shown(Option.none(), "")
  })

const reading = [
  "  BackendHttp.read usage.read",
  "    BackendHttp.attempt usage.read 1 Answered",
  "  BackendHttp.read resetCredits.list",
  "    BackendHttp.attempt resetCredits.list 1 Answered"
]

describe("the spans of", () => {
  const threeAttempts = account({
    plan: [
      FaultPlan.on("usage.read", 1, Fault.status(500)),
      FaultPlan.on("usage.read", 2, Fault.rateLimited({ seconds: 1 })),
      FaultPlan.on("resetCredits.list", "every", Fault.status(404))
    ]
  })
  test("a reading that takes three attempts", threeAttempts, function* () {
    assert.deepStrictEqual(yield* treeOf(showUsage), [
      "program.showUsage",
      "  BackendHttp.read usage.read",
      "    BackendHttp.attempt usage.read 1 ServerError",
      "    BackendHttp.attempt usage.read 2 RateLimited",
      "    BackendHttp.attempt usage.read 3 Answered",
      "  BackendHttp.read resetCredits.list",
      "    BackendHttp.attempt resetCredits.list 1 NotFound"
    ])
  })

  test("a reading that renews the session", account(faulty("usage.read", Fault.status(401), 1)), function* () {
    assert.deepStrictEqual(yield* treeOf(readUsage({ details: false })), [
      "BackendHttp.read usage.read",
      "  BackendHttp.attempt usage.read 1 Unauthorized",
      "  AuthSession.renew exchanged",
      "    Lease.wait renewal",
      "  BackendHttp.attempt usage.read 2 Answered"
    ])
  })

  test("a redemption", account(), function* () {
    assert.deepStrictEqual(yield* treeOf(redeemReset()), [
      "program.redeemReset",
      ...reading,
      "  Lease.wait redeem",
      "  OperationJournal.intend intended",
      "  OperationJournal.advance sent",
      "  BackendHttp.act resetCredits.consume",
      "    BackendHttp.attempt resetCredits.consume 1 Answered",
      "  OperationJournal.advance succeeded",
      ...reading
    ])
  })

  test("an invite without an answer", account(faulty("referrals.invite", Fault.hang)), function* () {
    assert.deepStrictEqual(yield* treeOf(inviteFriend({ email: invitee })), [
      "program.inviteFriend",
      "  BackendHttp.read referrals.eligibility",
      "    BackendHttp.attempt referrals.eligibility 1 Answered",
      "  Lease.wait invite",
      "  BackendHttp.read referrals.eligibility",
      "    BackendHttp.attempt referrals.eligibility 1 Answered",
      "  OperationJournal.intend intended",
      "  OperationJournal.advance sent",
      "  BackendHttp.actOnce referrals.invite",
      "    BackendHttp.attempt referrals.invite 1 CutShort",
      "  OperationJournal.advance unknown"
    ])
  })
})

/** The sum of a counter over the labels that are not asked for, without what was never sent. */
const sumOf = (name: string, label: string, value: string) =>
  Effect.map(Metric.snapshot, (pairs) =>
    pairs.reduce(
      (sum, { metricKey, metricState }) =>
        metricKey.name === name &&
        metricKey.tags.some((tag) => tag.key === label && tag.value === value) &&
        !metricKey.tags.some((tag) => tag.value === "notSent") &&
        MetricState.isCounterState(metricState)
          ? sum + Number(metricState.count)
          : sum,
      0
    )
  )

it.effect.prop(
  "the metrics agree with what the backend was asked, whatever goes wrong",
  {
    plan: Arbitraries.faultPlan({ endpoints: ["usage.read", "resetCredits.list", "resetCredits.consume"], maxCall: 3 })
  },
  ({ plan }) =>
    Effect.gen(function* () {
      const counted = Effect.forEach(["usage.read", "resetCredits.list", "resetCredits.consume"], (operation) =>
        sumOf("codex_backend_attempts_total", "operation", operation)
      )
      const ended = Effect.zip(counted, sumOf("codex_acts_total", "act", "redeem"))
      const [before, actsBefore] = yield* ended
      yield* finish(Effect.exit(redeemReset()))
      const [after, actsAfter] = yield* ended
      const sent = yield* Effect.all([count("usage.read"), count("resetCredits.list"), count("resetCredits.consume")])
      assert.deepStrictEqual(
        Array.zipWith(after, before, (a, b) => a - b),
        sent
      )
      assert.strictEqual(actsAfter - actsBefore, (yield* states).length)
    }).pipe(Effect.provide(account({ plan }))),
  runs(30)
)
