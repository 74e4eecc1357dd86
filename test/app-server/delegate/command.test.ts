/** The built command: threads that outlive it, and another server that it leaves them to. */
import { assert, beforeAll, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { fileURLToPath } from "node:url"
import { spawnPeer } from "../../conformance/Peer.js"
import { bareEnvironment, bundle, temporaryFolder } from "../../e2e/cli/harness.js"
import { live } from "../../cases.js"

const script = fileURLToPath(new URL("./fakeAppServer.mjs", import.meta.url))

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

const started = (home: string, ...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const peer = yield* spawnPeer({ file: process.execPath, args: [bin, "app-server", ...args] }, home, {
      ...bareEnvironment(home),
      CODEX_HOME: home
    })
    let nextId = 0
    const call = (method: string, params: unknown) =>
      Effect.gen(function* () {
        const id = nextId++
        peer.send(JSON.stringify({ id, method, params }))
        const answer = yield* peer.answer(id, "15 seconds")
        assert(Option.isSome(answer) && answer.value._tag === "Response", JSON.stringify(answer))
        assert(Predicate.isRecord(answer.value.result))
        return answer.value.result
      })
    yield* call("initialize", { clientInfo: { name: "tester", version: "1" } })
    return { call, peer }
  })

describe("codex-account app-server", () => {
  live("lists the threads of a server before", function* () {
    const home = yield* temporaryFolder
    const first = yield* started(home)
    const { thread } = yield* first.call("thread/start", { cwd: home })
    assert.strictEqual(yield* first.peer.ended, 0)
    const second = yield* started(home)
    const { data } = yield* second.call("thread/list", {})
    assert.deepStrictEqual(data, [{ ...Object(thread), status: { type: "notLoaded" } }])
    assert.strictEqual(yield* second.peer.ended, 0)
  })

  live("leaves threads to another server where it is told to", function* () {
    const home = yield* temporaryFolder
    const { call, peer } = yield* started(home, "--delegate", `'${process.execPath}' '${script}' well "two words"`)
    assert.deepStrictEqual(yield* call("thread/start", {}), { thread: { id: "t" } })
    const { home: childHome, words } = yield* call("fake/look", {})
    assert.deepStrictEqual([childHome, words], [home, ["two words"]])
    const { account } = yield* call("account/read", {})
    assert.isNull(account)
    assert.strictEqual(yield* peer.ended, 0)
  })
})
