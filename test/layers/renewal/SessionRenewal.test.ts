import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { fileURLToPath } from "node:url"
import * as AuthSessionOAuth from "../../../src/layers/AuthSessionOAuth.js"
import * as CredentialStoreFile from "../../../src/layers/CredentialStoreFile.js"
import * as LeaseMemory from "../../../src/layers/LeaseMemory.js"
import * as SessionRenewalDelegate from "../../../src/layers/SessionRenewalDelegate.js"
import { AccountConfig } from "../../../src/services/AccountConfig.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { SessionRenewal } from "../../../src/services/SessionRenewal.js"
import { FakeBackend, TestAccount } from "../../../src/testing/index.js"
import type { AuthJson } from "../../../src/contracts/AuthJson.js"
import { cases, liveOver } from "../../cases.js"
import { bearer, exchanges, listen } from "../support/session.js"
import * as Fs from "node:fs"
import { join } from "node:path"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"

const fakeCodex = fileURLToPath(new URL("./fakeCodex.mjs", import.meta.url))
const config = Layer.scoped(
  AccountConfig,
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { urls } = yield* FakeBackend.FakeBackend
    return TestAccount.settings(urls, { codexHome: yield* fs.makeTempDirectoryScoped() })
  })
)

const delegate = (what: string) => SessionRenewalDelegate.layerCommand([process.execPath, fakeCodex, what])
const readOnly = Layer.succeed(SessionRenewal, { _tag: "ReadOnly" })
const world = <E, R>(renewal: Layer.Layer<SessionRenewal, E, R>) =>
  AuthSessionOAuth.layer.pipe(
    Layer.provide(renewal),
    Layer.provide(LeaseMemory.layer),
    Layer.provideMerge(CredentialStoreFile.layer),
    Layer.provideMerge(config),
    Layer.provideMerge(FakeBackend.layerClient()),
    Layer.provideMerge(NodeContext.layer)
  )

/** Signed in on disk, with a bearer that can be told from a renewed one. */
const signedIn = Effect.gen(function* () {
  const backend = yield* FakeBackend.FakeBackend
  const { record } = yield* backend.signIn()
  yield* (yield* CredentialStore).write(record)
  return record
})

const isReadOnly = cases<[record: AuthJson], Layer.Layer.Success<ReturnType<typeof world>>>(it.scoped, (use) =>
  Effect.provide(Effect.flatMap(signedIn, use), world(readOnly))
)

describe("renewal that is delegated", () => {
  liveOver(world(delegate("renew")))("takes up what the other has stored, and exchanges nothing itself", function* () {
    yield* signedIn
    const before = yield* bearer
    yield* (yield* AuthSession).refresh
    assert.strictEqual(yield* bearer, `${before}-renewed`)
    assert.strictEqual(yield* exchanges, 0)
  })

  for (const [what, detail] of [
    ["nothing", "it has not been renewed yet"],
    ["crash", "ended without an answer"]
  ] as const) {
    liveOver(world(delegate(what)))(`fails for now when the other does ${what}, and keeps the session`, function* () {
      yield* signedIn
      const before = yield* bearer
      const error = yield* Effect.flip((yield* AuthSession).refresh)
      assert.strictEqual(error.reason, "Unavailable")
      assert.include(error.detail ?? "", detail)
      assert.strictEqual(yield* bearer, before)
      assert.strictEqual(yield* exchanges, 0)
    })
  }

  liveOver(world(SessionRenewalDelegate.layerCommand(["no-such-codex", "app-server"])))(
    "fails for now when there is no such command",
    function* () {
      yield* signedIn
      assert.strictEqual((yield* Effect.flip((yield* AuthSession).refresh)).reason, "Unavailable")
    }
  )
})

isReadOnly("a session that others renew is never exchanged, and takes up what they store", function* (record) {
  const session = yield* AuthSession
  const before = yield* bearer
  assert.strictEqual((yield* Effect.flip(session.refresh)).reason, "Unavailable")
  assert(record.tokens)
  const access_token = Redacted.make(`${before}-theirs`)
  yield* (yield* CredentialStore).write({ ...record, tokens: { ...record.tokens, access_token } })
  yield* session.refresh
  assert.strictEqual(yield* bearer, `${before}-theirs`)
  assert.strictEqual(yield* exchanges, 0)
})

/** A second passes for the session, in steps that leave the real files some time. */
const aSecond = Effect.repeatN(
  Effect.zipRight(TestClock.adjust("100 millis"), TestServices.provideLive(Effect.sleep("10 millis"))),
  9
)

const authJson = Effect.map(AccountConfig, ({ codexHome }) => join(codexHome, "auth.json"))

const anotherSignsIn = Effect.gen(function* () {
  const backend = yield* FakeBackend.make({ accounts: [{ userId: "user-OTHER", accountId: "acct-OTHER" }] })
  yield* (yield* CredentialStore).write((yield* backend.signIn()).record)
})

isReadOnly.each([
  ["of another account, also when the file was replaced by renaming", anotherSignsIn, "in acct-OTHER"],
  ["of a sign-out", Effect.map(authJson, (file) => Fs.rmSync(file)), "out"]
] as const)("changes tell within a second %s", function* (_, [, deed, expected]) {
  yield* (yield* AuthSession).current
  const heard = yield* listen
  yield* deed
  yield* aSecond
  // The clock stands still: what comes now was under way.
  const all = Effect.repeat(Effect.delay(heard, "5 millis"), { until: (changes) => changes.length > 0 })
  assert.deepStrictEqual(yield* TestServices.provideLive(Effect.timeout(all, "15 seconds")), [expected])
})

isReadOnly("changes say nothing of a renewal, nor of a file that is half-written", function* (record) {
  const session = yield* AuthSession
  yield* session.current
  const heard = yield* listen
  Fs.writeFileSync(yield* authJson, '{"tokens": {"id_')
  yield* aSecond
  yield* (yield* CredentialStore).write({ ...record, last_refresh: "2026-11-20T00:00:00Z" })
  yield* aSecond
  assert.deepStrictEqual(yield* heard, [])
  assert.strictEqual((yield* session.current).mode, "chatgpt")
})
