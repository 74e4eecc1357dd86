/** Tests that are written as generators; what they acquire is released at their end. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { YieldWrap } from "effect/Utils"
import type { TestContext } from "vitest"

type Steps = Generator<YieldWrap<Effect.Effect<unknown, unknown, Scope.Scope>>, unknown, never>

const scenarios = (run: typeof it.scopedLive | typeof it.scoped) =>
  Object.assign(
    (name: string, body: (context: TestContext) => Steps) => run(name, (context) => Effect.gen(() => body(context))),
    {
      each:
        <T>(rows: ReadonlyArray<T>) =>
        (name: string, body: (row: T) => Steps) =>
          run.each([...rows])(name, (row) => Effect.gen(() => body(row)))
    }
  )

/** In real time. */
export const live = scenarios(it.scopedLive)

/** In virtual time. */
export const virtual = scenarios(it.scoped)
