/** Tests whose body is a generator, run with what its setting gives; `each` runs it once for every row. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { YieldWrap } from "effect/Utils"
import { temporaryHome } from "./home.js"

export type Steps<R> = Generator<YieldWrap<Effect.Effect<unknown, unknown, R>>, unknown, never>

export type Test<R = Scope.Scope> = Effect.Effect<unknown, unknown, R | Scope.Scope>

export const cases = <Given extends ReadonlyArray<unknown>, R = never>(
  tester: typeof it.scopedLive,
  setting: (use: (...given: Given) => Test<R>) => Test
) => {
  const one = (title: string, body: (...given: Given) => Steps<R | Scope.Scope>) =>
    tester(title, () => setting((...given) => Effect.gen(() => body(...given))))
  const each =
    <Row>(rows: ReadonlyArray<Row>) =>
    (title: string, body: (...given: [...Given, row: Row]) => Steps<R | Scope.Scope>) =>
      tester.each(rows)(title, (row) => setting((...given) => Effect.gen(() => body(...given, row))))
  return Object.assign(one, { each })
}

/** Under virtual time. */
export const virtual = cases<[]>(it.scoped, (use) => use())

/** In real time. */
export const live = cases<[]>(it.scopedLive, (use) => use())
export const over = <R>(layer: Layer.Layer<R, unknown>) =>
  cases<[], R>(it.scoped, (use) => Effect.provide(use(), layer))

export const liveOver = <R>(layer: Layer.Layer<R, unknown>) =>
  cases<[], R>(it.scopedLive, (use) => Effect.provide(use(), layer))

/** With a `CODEX_HOME` of its own. */
export const inHome = cases<[home: string]>(it.scoped, (use) => Effect.flatMap(temporaryHome(), use))
export const inHomeLive = cases<[home: string]>(it.scopedLive, (use) => Effect.flatMap(temporaryHome(), use))
