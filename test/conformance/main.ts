/**
 * `npm run conformance`: plays the recorded scenarios against the built command, or with `--peer` against another, and
 * prints what is different.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"
import { bundle } from "../e2e/cli/harness.js"
import { type Difference, render } from "./compare.js"
import type { Command } from "./Peer.js"
import { playAll } from "./playAll.js"
import { judge } from "./wanted.js"
import { loadScenarios } from "./Scenario.js"

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    peer: { type: "string" },
    command: { type: "string" },
    fast: { type: "boolean", default: false },
    jobs: { type: "string", default: "3" }
  }
})

const words = (command: string): Command => {
  const [file = "", ...args] = command.split(" ").filter((word) => word !== "")
  return { file, args }
}

const commandOf = (): Command => {
  if (values.peer !== undefined) {
    const { args, file } = words(values.peer)
    return { file, args: args.length === 0 ? ["app-server"] : args }
  }
  return values.command === undefined
    ? { file: process.execPath, args: [bundle(), "app-server"] }
    : words(values.command)
}

const program = Effect.gen(function* () {
  const only = new RegExp(values.only ?? "")
  const all = loadScenarios(Math.floor((yield* Clock.currentTimeMillis) / 1000))
  const chosen = all.filter(({ name, slow }) => only.test(name) && !(values.fast && slow))
  const found = yield* playAll(commandOf(), chosen, Number(values.jobs))
  const differences = Array.from(found.values()).flat()
  if (values.peer !== undefined) {
    print(differences)
    console.log(`${chosen.length} scenarios, ${differences.length} differences from what was recorded`)
    return
  }
  const { stale, unwanted } = judge(
    differences,
    chosen.map(({ name }) => name),
    all.map(({ name }) => name)
  )
  print(unwanted)
  for (const { why } of stale) console.log(`wanted, but not there any more: ${why}`)
  console.log(
    `${chosen.length} scenarios: ${differences.length - unwanted.length} wanted differences, ${unwanted.length} others, ${stale.length} entries without use`
  )
  if (unwanted.length + stale.length > 0) process.exitCode = 1
})

const print = (differences: ReadonlyArray<Difference>): void => {
  for (const difference of differences) console.log(render(difference))
}

await Effect.runPromise(program)
