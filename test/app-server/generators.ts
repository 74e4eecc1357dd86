/** Tests whose body is a generator, and whose scope ends with them. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { YieldWrap } from "effect/Utils"

export type Body<R, Args extends ReadonlyArray<unknown> = []> = (
  ...args: Args
) => Generator<YieldWrap<Effect.Effect<unknown, unknown, R>>, unknown, never>

const generated = (register: typeof it.scopedLive) =>
  Object.assign(
    (name: string, body: Body<Scope.Scope>, timeout?: number) => register(name, () => Effect.gen(body), timeout),
    {
      each:
        <Case>(cases: ReadonlyArray<Case>) =>
        (name: string, body: Body<Scope.Scope, [Case]>) =>
          register.each(cases)(name, (one) => Effect.gen(() => body(one)))
    }
  )

/** Under the clock of the test. */
export const scoped = generated(it.scoped)

/** Under the real clock. */
export const live = generated(it.scopedLive)
