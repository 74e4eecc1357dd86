/** Tests whose body is a generator, run with what its setting gives; `each` runs it once for every row. */
import { it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { YieldWrap } from "effect/Utils"

export type Steps<R> = Generator<YieldWrap<Effect.Effect<unknown, unknown, R>>, unknown, never>

export type Body<R, Args extends ReadonlyArray<unknown> = []> = (...args: Args) => Steps<R>

export type Test<R = Scope.Scope> = Effect.Effect<unknown, unknown, R | Scope.Scope>

type Tester = typeof it.scopedLive

export const cases = <Given extends ReadonlyArray<unknown>, R = never>(
  tester: Tester,
  setting: (use: (...given: Given) => Test<R>) => Test
) => {
  const one = (title: string, body: Body<R | Scope.Scope, Given>, timeout?: number) =>
    tester(title, () => setting((...given) => Effect.gen(() => body(...given))), timeout)
  const each =
    <Row>(rows: ReadonlyArray<Row>) =>
    (title: string, body: Body<R | Scope.Scope, [...Given, row: Row]>) =>
      tester.each([...rows])(title, (row) => setting((...given) => Effect.gen(() => body(...given, row))))
  return Object.assign(one, { each })
}

/** Under virtual time. */
export const virtual = cases<[]>(it.scoped, (use) => use())

/** In real time. */
export const live = cases<[]>(it.scopedLive, (use) => use())

/** Runs the body with what the layer makes. What the body opens ends first. */
export const within = <R, E>(layer: Layer.Layer<R, E>, body: Test<R>) =>
  Effect.flatMap(Layer.build(layer), (built) =>
    Effect.mapInputContext(body, (outer: Context.Context<Scope.Scope>) => Context.merge(outer, built))
  )

const layered = (tester: Tester) =>
  Object.assign(
    <R, E>(title: string, layer: Layer.Layer<R, E>, body: Body<NoInfer<R> | Scope.Scope>) =>
      tester(title, () => within(layer, Effect.gen(body))),
    {
      each:
        <Row, R, E>(rows: ReadonlyArray<Row>, layer: Layer.Layer<R, E> | ((row: Row) => Layer.Layer<R, E>)) =>
        (title: string, body: Body<R | Scope.Scope, [row: Row]>) =>
          tester.each([...rows])(title, (row) =>
            within(
              typeof layer === "function" ? layer(row) : layer,
              Effect.gen(() => body(row))
            )
          )
    }
  )

/** With what a layer makes, under virtual time or in real time. */
export const test = Object.assign(layered(it.scoped), { live: layered(it.scopedLive) })

/** The same, for several tests of one layer. */
export const over = <R>(layer: Layer.Layer<R, unknown>) => cases<[], R>(it.scoped, (use) => within(layer, use()))
export const liveOver = <R>(layer: Layer.Layer<R, unknown>) =>
  cases<[], R>(it.scopedLive, (use) => within(layer, use()))

/** How often a property is tried: as often as `FC_RUNS` says, else as often as is usual for it. */
export const runs = (usual: number) => ({ fastCheck: { numRuns: Number(process.env.FC_RUNS ?? usual) } })
