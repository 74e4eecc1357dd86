import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as CredentialStoreEnvironment from "../../src/layers/CredentialStoreEnvironment.js"
import * as CredentialStoreEphemeral from "../../src/layers/CredentialStoreEphemeral.js"
import * as TestAccount from "../../src/testing/TestAccount.js"
import * as AuthSessionOAuth from "../../src/layers/AuthSessionOAuth.js"
import * as LeaseMemory from "../../src/layers/LeaseMemory.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { FakeBackend, FakeIssuer } from "../../src/testing/index.js"
import { jwt, record } from "./support/records.js"
import { bearerOf } from "./support/session.js"

/** The session of a token in the environment, and the record that is stored beneath it. */
const withToken = (token: (issuer: FakeIssuer.FakeIssuerService) => Effect.Effect<string>) =>
  Effect.gen(function* () {
    const issuer = yield* FakeIssuer.FakeIssuer
    const given = yield* token(issuer)
    const stored = yield* CredentialStoreEphemeral.make(record())
    const store = Layer.provide(
      CredentialStoreEnvironment.layerOver(Redacted.make(given)),
      Layer.succeed(CredentialStore, stored)
    )
    const context = yield* Layer.build(
      Layer.provide(AuthSessionOAuth.layer, [store, LeaseMemory.layer, TestAccount.layerSettings()])
    )
    return { given, stored, session: yield* Effect.provide(AuthSession, context) }
  })

const provided = Effect.provide(FakeIssuer.layerClient())

it.scoped("a personal access token signs in above what is stored, and is not stored", () =>
  Effect.gen(function* () {
    const { given, session, stored } = yield* withToken((issuer) => issuer.personalToken())
    const { session: found, ...authorization } = yield* session.authorization
    assert.strictEqual(bearerOf({ ...authorization, session: found }), given)
    assert.deepInclude(found, { mode: "personalAccessToken", source: "environment", isFedramp: false })
    assert.strictEqual(found.identity.accountId, (yield* (yield* FakeBackend.FakeBackend).account()).accountId)
    assert.deepStrictEqual((yield* Effect.flatten(stored.read)).record, record())
    assert.deepStrictEqual(yield* session.signOut({ revoke: true }), { removed: true, revoked: null })
    assert.isTrue(Option.isNone(yield* stored.read))
  }).pipe(provided)
)

it.scoped("an agent's token is said not to be supported", () =>
  Effect.gen(function* () {
    const { session, stored } = yield* withToken(() => Effect.succeed(jwt({ iss: "agent" })))
    const error = yield* Effect.flip(session.current)
    assert.deepStrictEqual([error.reason, error.message.includes("agentIdentity")], ["WrongAuth", true])
    assert.deepStrictEqual((yield* Effect.flatten(stored.read)).record, record())
  }).pipe(provided)
)
