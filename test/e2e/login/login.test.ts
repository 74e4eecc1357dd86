/** A sign-in in the browser over real HTTP, with `auth.json`. The other ways are signed in with by the command's own test. */
import { assert } from "@effect/vitest"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as BackendHttpContract from "../../../src/layers/BackendHttpContract.js"
import * as RateLimitsHttp from "../../../src/layers/RateLimitsHttp.js"
import { readUsage } from "../../../src/programs/usage.js"
import { signIn } from "../../../src/programs/signIn.js"
import { AccountConfig } from "../../../src/services/AccountConfig.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { FakeBackend, Fault } from "../../../src/testing/index.js"
import { counts, issuer, real, visit } from "../../layers/signIn/harness.js"
import { test } from "../../cases.js"

const withUsage = Layer.provideMerge(
  RateLimitsHttp.layer,
  Layer.provideMerge(
    BackendHttpContract.layer,
    real({ browse: (url) => visit(url), signedOut: true, issuer: { apiKeys: true } })
  )
)

const onDisk = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { codexHome } = yield* AccountConfig
  const file = `${codexHome}/auth.json`
  return { text: yield* fs.readFileString(file), mode: (yield* fs.stat(file)).mode & 0o777 }
})

test.live(
  "is used and renewed, and the file is the Codex CLI's, in a home that was not there yet",
  withUsage,
  function* () {
    const fs = yield* FileSystem.FileSystem
    yield* fs.remove((yield* AccountConfig).codexHome, { recursive: true })
    const outcome = yield* signIn({ method: "browser" })
    assert.deepInclude(outcome, { method: "browser", email: "ada@example.test", replaced: null })
    const { mode, text } = yield* onDisk
    const record = JSON.parse(text)
    assert.strictEqual(mode, 0o600)
    assert.deepStrictEqual(Object.keys(record), ["auth_mode", "OPENAI_API_KEY", "tokens", "last_refresh"])
    assert.match(record.OPENAI_API_KEY, /^sk-fake-/)
    assert.strictEqual(record.tokens.account_id, "00000000-1111-4222-8333-444444444444")

    assert.strictEqual((yield* readUsage()).plan, "business")
    yield* (yield* AuthSession).refresh
    assert.notStrictEqual((yield* onDisk).text, text)
    const backend = yield* FakeBackend.FakeBackend
    assert.strictEqual(yield* backend.count("oauth.token"), 1)
    assert.strictEqual((yield* readUsage({ fresh: true })).plan, "business")
  }
)

test.live.each(
  [
    ["a refused exchange", Fault.status(400, { body: '{"error":"invalid_grant"}' })],
    ["a cut exchange", Fault.resetAfterCommit],
    ["half an answer", Fault.truncated],
    ["a redirect", Fault.redirect(307, { crossOrigin: true })],
    ["an answer above all bounds", Fault.hugeBody()]
  ] as const,
  real({ browse: (url) => visit(url) })
)("%s leaves the file as it was", function* ([, fault]) {
  const before = yield* onDisk
  yield* (yield* issuer).failNext("exchange", fault)
  assert.isTrue(Exit.isFailure(yield* Effect.exit(signIn({ method: "browser" }))))
  assert.deepStrictEqual(yield* onDisk, before)
  assert.strictEqual((yield* counts).exchange, 1)
})
