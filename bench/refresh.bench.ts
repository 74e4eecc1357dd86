/**
 * Processes that start at once with an expired access token, in one home, each to read the usage: how many exchanges go
 * out, and how long it takes until the first and the last of them is signed in. `together` begins when all are up.
 */
import * as Effect from "effect/Effect"
import { makeNursery, signInAt, triedAgain } from "../test/e2e/processes/nursery.js"

const counts = [2, 8, 32]
const repeats = 3

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const nursery = await makeNursery()

const run = async (count: number, together: boolean) => {
  const backend = await nursery.backend()
  const home = nursery.home()
  signInAt(backend, home, { expired: true })
  let start = performance.now()
  const children = Array.from({ length: count }, () => nursery.start({ home, urls: backend.urls }))
  if (together) {
    await Promise.all(children.map(({ ready }) => ready))
    start = performance.now()
  }
  const times = await Promise.all(
    children.map(async (child) => {
      const answer = await child.ask({ do: "usage" })
      if (!answer.ok) throw new Error(`${answer.tag}: ${answer.message}`)
      return performance.now() - start
    })
  )
  await Promise.all(children.map((child) => child.end()))
  return {
    exchanges: Effect.runSync(backend.count("oauth.token")),
    again: triedAgain(backend).length,
    first: Math.min(...times),
    last: Math.max(...times)
  }
}

try {
  await run(2, false)
  for (const together of [false, true]) {
    for (const count of counts) {
      const results = []
      for (let repeat = 0; repeat < repeats; repeat++) results.push(await run(count, together))
      const exchanges = results.map((result) => result.exchanges).join(", ")
      const again = results.reduce((sum, result) => sum + result.again, 0)
      console.log(
        `${count} processes${together ? ", from when all are up" : ""}: exchanges ${exchanges} (tokens sent twice: ${again}), ` +
          `first signed in after ${median(results.map(({ first }) => first)).toFixed(0)} ms, ` +
          `all after ${median(results.map(({ last }) => last)).toFixed(0)} ms (medians of ${repeats})`
      )
    }
  }
} finally {
  await nursery.close()
}
