import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
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

const fakeCodex = fileURLToPath(new URL("./fakeCodex.mjs", import.meta.url))

const config = Layer.scoped(
  AccountConfig,
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { urls } = yield* FakeBackend.FakeBackend
    return TestAccount.settings(urls, { codexHome: yield* fs.makeTempDirectoryScoped() })
  })
)

const delegate = (what: string) => SessionRenewalDelegate.layer([process.execPath, fakeCodex, what])
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

const bearer = Effect.map(
  Effect.flatMap(AuthSession, (session) => session.authorization),
  ({ headers }) => Redacted.value(headers)["authorization"]
)

const exchanges = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.count("oauth.token"))

describe("renewal that is delegated", () => {
  it.live("takes up what the other has stored, and exchanges nothing itself", () =>
    Effect.gen(function* () {
      yield* signedIn
      const before = yield* bearer
      yield* (yield* AuthSession).refresh
      assert.strictEqual(yield* bearer, `${before}-renewed`)
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world(delegate("renew"))))
  )

  for (const [what, detail] of [
    ["nothing", "it has not been renewed yet"],
    ["crash", "ended without an answer"]
  ] as const) {
    it.live(`fails for now when the other does ${what}, and keeps the session`, () =>
      Effect.gen(function* () {
        yield* signedIn
        const before = yield* bearer
        const error = yield* Effect.flip((yield* AuthSession).refresh)
        assert.strictEqual(error.reason, "Unavailable")
        assert.include(error.detail ?? "", detail)
        assert.strictEqual(yield* bearer, before)
        assert.strictEqual(yield* exchanges, 0)
      }).pipe(Effect.provide(world(delegate(what))))
    )
  }

  it.live("fails for now when there is no such command", () =>
    Effect.gen(function* () {
      yield* signedIn
      const error = yield* Effect.flip((yield* AuthSession).refresh)
      assert.strictEqual(error.reason, "Unavailable")
    }).pipe(Effect.provide(world(SessionRenewalDelegate.layer(["no-such-codex", "app-server"]))))
  )
})

describe("a session that others renew", () => {
  it.live("is never exchanged, and takes up what they have stored", () =>
    Effect.gen(function* () {
      const record = yield* signedIn
      const session = yield* AuthSession
      const before = yield* bearer
      assert.strictEqual((yield* Effect.flip(session.refresh)).reason, "Unavailable")
      const tokens = record.tokens
      if (tokens === null || tokens === undefined) return yield* Effect.dieMessage("signed in without tokens")
      yield* (yield* CredentialStore).write({
        ...record,
        tokens: { ...tokens, access_token: Redacted.make(`${Redacted.value(tokens.access_token)}-theirs`) }
      })
      yield* session.refresh
      assert.strictEqual(yield* bearer, `${before}-theirs`)
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world(readOnly)))
  )
})

describe("changes", () => {
  /** What a listener gets within a second of each deed, and when. */
  const heard = (
    deed: Effect.Effect<void, unknown, CredentialStore | AccountConfig | FileSystem.FileSystem | Path.Path>
  ) =>
    Effect.gen(function* () {
      yield* signedIn
      const session = yield* AuthSession
      yield* session.current
      const listener = yield* Effect.fork(Stream.runHead(session.changes))
      yield* Effect.sleep("200 millis")
      yield* deed
      const [took, change] = yield* Effect.timed(Effect.timeout(Fiber.join(listener), "5 seconds"))
      assert.isBelow(Duration.toMillis(took), 1000)
      return change
    })

  const other = Effect.gen(function* () {
    const backend = yield* FakeBackend.make({ accounts: [{ userId: "user-OTHER", accountId: "acct-OTHER" }] })
    return (yield* backend.signIn()).record
  })

  it.live("tell of another account within a second, also when the file was replaced by renaming", () =>
    Effect.gen(function* () {
      const change = yield* heard(
        Effect.flatMap(other, (record) => Effect.flatMap(CredentialStore, (store) => store.write(record)))
      )
      assert.strictEqual(change._tag === "Some" && change.value._tag, "SignedIn")
      assert.strictEqual((yield* (yield* AuthSession).current).identity.userId, "user-OTHER")
    }).pipe(Effect.provide(world(readOnly)))
  )

  it.live("tell of a sign-out within a second", () =>
    Effect.gen(function* () {
      const change = yield* heard(
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* Path.Path
          yield* fs.remove(path.join((yield* AccountConfig).codexHome, "auth.json"))
        })
      )
      assert.strictEqual(change._tag === "Some" && change.value._tag, "SignedOut")
    }).pipe(Effect.provide(world(readOnly)))
  )

  it.live("say nothing of a renewal, nor of a file that is half-written", () =>
    Effect.gen(function* () {
      const record = yield* signedIn
      const session = yield* AuthSession
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      yield* session.current
      const listener = yield* Effect.fork(Stream.runHead(session.changes))
      yield* Effect.sleep("200 millis")
      yield* fs.writeFileString(path.join((yield* AccountConfig).codexHome, "auth.json"), '{"tokens": {"id_')
      yield* Effect.sleep("1200 millis")
      yield* (yield* CredentialStore).write({ ...record, last_refresh: "2026-11-20T00:00:00Z" })
      yield* Effect.sleep("1200 millis")
      assert.isTrue((yield* Fiber.poll(listener))._tag === "None")
      assert.strictEqual((yield* session.current).mode, "chatgpt")
    }).pipe(Effect.provide(world(readOnly)))
  )
})
