/** What a transport logs about messages that it can't use. */
import * as Effect from "effect/Effect"

/** A client may send any number of them: a warning comes with the first, and whenever their number has doubled. */
export const makeIgnored = (what: string): Effect.Effect<void> => {
  let count = 0
  return Effect.suspend(() => {
    count += 1
    return (count & (count - 1)) === 0 ? Effect.logWarning(`${what} (${count} so far)`) : Effect.void
  })
}
