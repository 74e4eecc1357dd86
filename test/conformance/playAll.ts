/** Plays scenarios: some at once, and then those that have to be alone. */
import * as Effect from "effect/Effect"
import { compare, type Difference } from "./compare.js"
import type { Command } from "./Peer.js"
import { play } from "./play.js"
import type { Scenario } from "./Scenario.js"

/** What was different in each, by name. */
export const playAll = (
  command: Command,
  scenarios: ReadonlyArray<Scenario>,
  atOnce: number
): Effect.Effect<ReadonlyMap<string, ReadonlyArray<Difference>>> =>
  Effect.gen(function* () {
    const found = new Map<string, ReadonlyArray<Difference>>()
    const one = (scenario: Scenario) =>
      Effect.map(play(command, scenario), (played) => void found.set(scenario.name, compare(scenario, played)))
    yield* Effect.forEach(
      scenarios.filter(({ alone }) => !alone),
      one,
      { concurrency: atOnce, discard: true }
    )
    yield* Effect.forEach(
      scenarios.filter(({ alone }) => alone),
      one,
      { discard: true }
    )
    return found
  })
