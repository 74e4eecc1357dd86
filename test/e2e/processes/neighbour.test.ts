/** A program that renews as Codex does: it takes no lease of ours, sends the refresh token, and stores what it got later. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { authFile, brief, checkLive, exchanges, makeNursery, signInAt, tokenIn, until } from "./nursery.js"

const nursery = await makeNursery()
afterAll(nursery.close)

const program = `
const [file, url, wait] = process.argv.slice(1)
const fs = require("node:fs")
const record = JSON.parse(fs.readFileSync(file, "utf8"))
const body = JSON.stringify({ client_id: "app_EMoamEEZ73f0CkXaXp7hrann", grant_type: "refresh_token", refresh_reason: "scheduled", refresh_token: record.tokens.refresh_token })
fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body }).then(async (response) => {
  const tokens = await response.json()
  await new Promise((resolve) => setTimeout(resolve, Number(wait)))
  fs.writeFileSync(file + ".theirs", JSON.stringify({ ...record, tokens: { ...record.tokens, ...tokens } }), { mode: 0o600 })
  fs.renameSync(file + ".theirs", file)
})
`

describe("a neighbour that has renewed the session and stores it seconds later", () => {
  it.each([0, 700, 4000])("after %s ms: we go on with what it stores, and ask the server once", async (wait) => {
    const backend = await nursery.backend()
    const home = nursery.home()
    const token = signInAt(backend, home, { expired: true })
    const ours = nursery.start({ home, urls: backend.urls })
    await ours.ready
    const theirs = spawn(process.execPath, ["-e", program, authFile(home), backend.urls.refresh, String(wait)])
    const ended = once(theirs, "exit")
    await until(() => exchanges(backend).length === 1)
    const answers = [await ours.ask({ do: "usage" }), await ours.ask({ do: "refresh" })]
    assert.deepStrictEqual(answers.map(brief), ["done", "done"], ours.log())
    assert.deepStrictEqual(await ended, [0, null])
    // Theirs, ours in vain if we were too early for their record, and the one that was forced.
    assert.include(["200 200", "200 401 200"], exchanges(backend).join(" "))
    if (wait >= 4000) assert.include(exchanges(backend), 401)
    assert.notStrictEqual(tokenIn(home), token)
    checkLive(backend, home)
    assert.strictEqual(await ours.end(), 0)
  })
})
