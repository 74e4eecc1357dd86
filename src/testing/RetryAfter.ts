/** How a backend asks to wait. */
import * as Schema from "effect/Schema"

/** An integer between two bounds, generated between two others. */
export const bounded = (min: number, max: number, usual: readonly [min: number, max: number]) =>
  Schema.Int.pipe(Schema.between(min, max)).annotations({
    arbitrary: () => (fc) => fc.integer({ min: usual[0], max: usual[1] })
  })

/** The header in seconds, as the HTTP date that many seconds ahead, or as any text. */
export const RetryAfter = Schema.Union(
  Schema.Struct({ seconds: bounded(0, 1_000_000, [0, 30]) }),
  Schema.Struct({ dateInSeconds: bounded(-1_000_000, 1_000_000, [-5, 30]) }),
  Schema.Struct({ text: Schema.String.pipe(Schema.pattern(/^[\u0021-\u007e]*$/)) })
)

export type RetryAfter = typeof RetryAfter.Type
