/** Many processes that start at once, with a session that has to be renewed first. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  authFile,
  exchanges,
  foreign,
  leftovers,
  makeNursery,
  signInAt,
  storedIn,
  tokenStatus,
  triedAgain
} from "./nursery.js"
import type { Setup } from "./child.js"
import * as Fs from "node:fs"

const nursery = await makeNursery()
afterAll(nursery.close)

const count = 12

/** With `together` all are up and wait for the same moment; else each begins as soon as it is. */
const race = async (options: { readonly together: boolean } & Pick<Setup, "lease" | "rereads">) => {
  const { together, ...setup } = options
  const backend = await nursery.backend()
  const home = nursery.home()
  const refreshToken = signInAt(backend, home, { expired: true })
  const children = Array.from({ length: count }, () => nursery.start({ home, urls: backend.urls, ...setup }))
  if (together) await Promise.all(children.map(({ ready }) => ready))
  const answers = await Promise.all(children.map((child) => child.ask({ do: "usage" })))
  const exits = await Promise.all(children.map((child) => child.end()))
  return { backend, home, refreshToken, answers, exits }
}

describe(`${count} processes that start with an expired access token`, () => {
  it.each([
    ["one after the other, as they come up", false],
    ["in the same moment", true]
  ])("%s: one exchange, and all are served", async (_, together) => {
    const { answers, backend, exits, home, refreshToken } = await race({ together })
    const value = {
      identity: '["user-FAKE1","00000000-1111-4222-8333-444444444444"]',
      used: [37, 61],
      credits: 2
    }
    assert.deepStrictEqual(
      answers,
      answers.map(() => ({ ok: true, value }))
    )
    assert.deepStrictEqual(
      exits,
      exits.map(() => 0)
    )
    assert.deepStrictEqual(exchanges(backend), [200])
    assert.deepStrictEqual(triedAgain(backend), [])
    assert.deepStrictEqual(tokenStatus(backend, refreshToken), Option.some("used"))
    const reads = Effect.runSync(backend.calls("usage.read"))
    assert.deepStrictEqual(
      reads.map(({ status }) => status),
      answers.map(() => 200)
    )
    assert.lengthOf(new Set(reads.map(({ headers }) => headers["authorization"])), 1)

    const { tokens, ...rest } = storedIn(home)
    assert.deepStrictEqual(tokenStatus(backend, tokens["refresh_token"] ?? ""), Option.some("live"))
    assert.containSubset(rest, foreign)
    assert.deepStrictEqual(leftovers(home), [])
    assert.include(Fs.readFileSync(authFile(home), "utf8"), '"auth_mode": "chatgpt"')
  })

  it("control: with leases that everybody gets, and no second look, more than one goes out", async () => {
    const { answers, backend } = await race({ together: true, lease: "everybody", rereads: false })
    assert.isAbove(exchanges(backend).length, 1)
    assert.isAbove(answers.filter(({ ok }) => !ok).length, 0)
  })
})
