/** Which differences are wanted, and which entries of the list have lost their use. */
import type { Difference } from "./compare.js"
import { isWanted, wanted, type Wanted } from "./wanted.js"

export interface Judgement {
  readonly unwanted: ReadonlyArray<Difference>
  /** Entries whose scenarios were played, all of them, and that match nothing. */
  readonly stale: ReadonlyArray<Wanted>
}

/** `played` are the names of some of `all`. */
export const judge = (
  differences: ReadonlyArray<Difference>,
  played: ReadonlyArray<string>,
  all: ReadonlyArray<string>,
  list: ReadonlyArray<Wanted> = wanted
): Judgement => ({
  unwanted: differences.filter((difference) => !list.some(isWanted(difference))),
  stale: list.filter(
    (entry) =>
      entry.sometimes !== true &&
      all.every((name) => played.includes(name) || !entry.scenario.test(name)) &&
      !differences.some((difference) => isWanted(difference)(entry))
  )
})
