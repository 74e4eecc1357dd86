import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import type { AuthErrorReason } from "../../../src/domain/AuthError.js"
import * as AuthSessionExternal from "../../../src/layers/AuthSessionExternal.js"
import { signIn } from "../../../src/programs/signIn.js"
import { AccountConfig } from "../../../src/services/AccountConfig.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import {
  ExternalSession,
  ExternalTokens,
  ExternalTokensError,
  type ExternalTokenSet
} from "../../../src/services/ExternalSession.js"
import { FakeBackend } from "../../../src/testing/index.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { counts, memory, type Options, secret, stored } from "./harness.js"
import { during } from "../../programs/harness.js"
import { cases, over } from "../../cases.js"
import { apiKeyRecord } from "../support/records.js"
import { bearerOf, listen } from "../support/session.js"

type Ask = Parameters<ExternalTokens["Type"]["refresh"]>[0]
type Give = (asked: Ask) => Effect.Effect<ExternalTokenSet, ExternalTokensError, FakeBackend.FakeBackend>

const mine = "00000000-1111-4222-8333-444444444444"
const other = "user-FAKE2/org-2"

/** The tokens of a new session of an account. */
const tokensOf = (account?: string): Effect.Effect<ExternalTokenSet, never, FakeBackend.FakeBackend> =>
  Effect.gen(function* () {
    const backend = yield* FakeBackend.FakeBackend
    const { tokens } = yield* backend.signIn(account)
    const { accountId } = yield* backend.account(account)
    return { accessToken: secret(tokens.accessToken), chatgptAccountId: accountId }
  })

const supplied = (account?: string) =>
  Effect.flatMap(ExternalSession, (session) => Effect.flatMap(tokensOf(account), session.signIn))

interface Given {
  readonly auth: AuthSession["Type"]
  readonly external: ExternalSession["Type"]
  /** What the host was asked for. */
  readonly asked: Effect.Effect<ReadonlyArray<Ask>>
}

type World = Layer.Layer.Success<ReturnType<typeof memory>> | AuthSession | ExternalSession

/** A host that gives what it is asked for, over a session in a store. */
const withHost = (give: Give, options: Options = {}) =>
  cases<[Given], World>(it.scoped, (use) =>
    Effect.gen(function* () {
      const asked = yield* Ref.make<ReadonlyArray<Ask>>([])
      const backend = yield* FakeBackend.FakeBackend
      const host = ExternalTokens.of({
        refresh: (request) =>
          Effect.zipRight(
            Ref.update(asked, (before) => [...before, request]),
            Effect.provideService(give(request), FakeBackend.FakeBackend, backend)
          )
      })
      const layer = Layer.effectContext(AuthSessionExternal.make(yield* AuthSession)).pipe(
        Layer.provide(Layer.succeed(ExternalTokens, host)),
        Layer.provide(Layer.succeed(AccountConfig, yield* AccountConfig))
      )
      const given = Effect.all({ auth: AuthSession, external: ExternalSession, asked: Effect.succeed(Ref.get(asked)) })
      return yield* Effect.provide(Effect.flatMap(given, use), layer)
    }).pipe(
      Effect.provide(memory({ backend: { accounts: [{}, { userId: "user-FAKE2", accountId: "org-2" }] }, ...options }))
    )
  )

const withSameAccount = withHost(() => tokensOf())

describe("tokens that another application supplies", () => {
  withSameAccount("are in force over the stored session, and never in its store", function* ({ auth, external }) {
    const before = yield* stored
    const session = yield* supplied()
    assert.deepInclude(session, { mode: "chatgptAuthTokens", source: "ephemeral", plan: "business" })
    assert.strictEqual((yield* auth.authorization).session.mode, "chatgptAuthTokens")
    assert.isFalse(session.isRefreshable)
    assert.strictEqual(yield* stored, before)
    assert.isTrue(yield* external.isActive)
  })

  withSameAccount("are signed out together with what is beneath", function* ({ auth }) {
    yield* supplied()
    assert.deepStrictEqual(yield* auth.signOut({ revoke: true }), { removed: true, revoked: true })
    assert.strictEqual((yield* Effect.flip(auth.current)).reason, "NotSignedIn")
    assert.isTrue(Option.isNone(yield* (yield* CredentialStore).read))
    assert.strictEqual(yield* (yield* FakeBackend.FakeBackend).count("oauth.revoke"), 1)
  })

  withSameAccount.each([
    ["pro", "pro"],
    [null, "business"],
    ["new one", "unknown"]
  ] as const)("name a plan that stands above the token's: %s", function* ({ external }, [chatgptPlanType, plan]) {
    assert.strictEqual((yield* external.signIn({ ...(yield* tokensOf()), chatgptPlanType })).plan, plan)
  })

  withSameAccount("that are no JWT are refused, and the session is as it was", function* ({ auth, external }) {
    const error = yield* Effect.flip(external.signIn({ accessToken: secret("hunter2"), chatgptAccountId: "a" }))
    assert.strictEqual(error.reason, "Malformed")
    assert.notInclude(error.message, "hunter2")
    assert.strictEqual((yield* auth.current).mode, "chatgpt")
  })

  withHost(() => tokensOf(), { signedOut: true, settings: { forcedWorkspaces: ["org-2"] } })(
    "of a workspace that is ruled out are refused",
    function* ({ external }) {
      assert.strictEqual((yield* Effect.flip(supplied())).reason, "Forbidden")
      assert.isFalse(yield* external.isActive)
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(supplied(other))))
    }
  )

  withHost(() => tokensOf(), { signedOut: true, settings: { forcedLoginMethod: Option.some("api") } })(
    "are refused where an API key is forced",
    function* () {
      assert.strictEqual((yield* Effect.flip(supplied())).reason, "Forbidden")
    }
  )

  withSameAccount("leave no room for another sign-in, and none is begun", function* ({ auth }) {
    yield* supplied()
    const before = yield* stored
    const error = yield* Effect.flip(signIn({ method: "device" }))
    assert.strictEqual(`${error._tag} ${error.reason}`, "LoginError HostManaged")
    assert.deepStrictEqual(yield* counts, {})
    assert.strictEqual((yield* Effect.flip(auth.signIn(apiKeyRecord))).reason, "Forbidden")
    assert.strictEqual(yield* stored, before)
  })

  withSameAccount("are a boundary when they come, change hands and go", function* ({ auth }) {
    const seen = yield* listen
    const epoch = yield* auth.epoch
    yield* supplied()
    yield* supplied()
    yield* supplied(other)
    yield* auth.signOut({ revoke: false })
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(yield* seen, [`in ${mine}`, "in org-2", "out"])
    assert.isAtLeast((yield* auth.epoch) - epoch, 3)
  })
})

describe("a refusal of the backend", () => {
  const refusal = Effect.zipRight(
    supplied(),
    Effect.flatMap(AuthSession, (session) => session.authorization)
  )

  withHost(() => Effect.delay(tokensOf(), "3 seconds"))(
    "asks once for all, with the account",
    function* ({ auth, asked }) {
      const refused = yield* refusal
      const recovering = Array.from({ length: 8 }, () => auth.recover(refused))
      const all = yield* yield* during(Effect.all(recovering, { concurrency: "unbounded" }), "3 seconds")
      assert.strictEqual(new Set(all.map(bearerOf)).size, 1)
      assert.notStrictEqual(all[0], refused)
      assert.deepStrictEqual(yield* asked, [{ reason: "unauthorized", previousAccountId: mine }])
      // One who comes late with the old token is given the new one.
      assert.strictEqual(yield* auth.recover(refused), all[0])
    }
  )

  withSameAccount("is the only reason to ask", function* ({ auth, asked }) {
    yield* refusal
    yield* TestClock.adjust("30 days")
    yield* auth.authorization
    yield* auth.refresh
    yield* auth.reload
    assert.deepStrictEqual(yield* asked, [])
  })

  let cut = 0
  withHost(() => Effect.onInterrupt(Effect.never, () => Effect.sync(() => (cut += 1))))(
    "fails for all who wait when the host does not answer within ten seconds, and is interrupted",
    function* ({ auth, asked }) {
      const refused = yield* refusal
      const one = Effect.map(Effect.flip(auth.recover(refused)), ({ reason }) => reason)
      const fiber = yield* during(Effect.all([one, one, one], { concurrency: "unbounded" }), "9 seconds")
      assert.isNull(fiber.unsafePoll())
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* fiber, ["Unavailable", "Unavailable", "Unavailable"])
      assert.deepStrictEqual([(yield* asked).length, cut], [1, 1])
      assert.strictEqual(yield* auth.authorization, refused)
    }
  )

  withHost(() => Effect.fail(new ExternalTokensError()))("asks again the next time", function* ({ auth, asked }) {
    const refused = yield* refusal
    for (const times of [1, 2]) {
      assert.strictEqual((yield* Effect.flip(auth.recover(refused))).reason, "Unavailable")
      assert.strictEqual((yield* asked).length, times)
    }
  })

  const unfit: ReadonlyArray<readonly [label: string, give: Give, reason: AuthErrorReason]> = [
    ["another account's tokens", () => tokensOf(other), "AccountMismatch"],
    [
      "another user's tokens for the same account",
      () => Effect.map(tokensOf(other), (tokens) => ({ ...tokens, chatgptAccountId: mine })),
      "AccountMismatch"
    ],
    ["no JWT", () => Effect.succeed({ accessToken: secret("opaque"), chatgptAccountId: mine }), "Malformed"]
  ]
  for (const [label, give, reason] of unfit) {
    withHost(give)(`that the host answers with ${label} keeps the session as it is`, function* ({ auth }) {
      const refused = yield* refusal
      assert.strictEqual((yield* Effect.flip(auth.recover(refused))).reason, reason)
      assert.strictEqual(yield* auth.authorization, refused)
    })
  }

  withSameAccount("of tokens that another has replaced is not the other's business", function* ({ auth, asked }) {
    const refused = yield* refusal
    yield* supplied(other)
    assert.strictEqual((yield* Effect.flip(auth.recover(refused))).reason, "AccountMismatch")
    assert.deepStrictEqual(yield* asked, [])
  })

  withSameAccount("without tokens in force is the business of the session beneath", function* ({ auth, asked }) {
    const refused = yield* auth.authorization
    const recovered = yield* auth.recover(refused)
    assert.strictEqual(recovered.session.mode, "chatgpt")
    assert.notStrictEqual(recovered, refused)
    assert.deepStrictEqual(yield* asked, [])
  })
})

over(
  AuthSessionExternal.layer.pipe(
    Layer.provide(Layer.succeed(ExternalTokens, { refresh: () => Effect.fail(new ExternalTokensError()) })),
    Layer.provideMerge(memory({ signedOut: true }))
  )
)("without a session beneath nobody is signed in until tokens come, and no record is taken", function* () {
  const auth = yield* AuthSession
  assert.strictEqual((yield* Effect.flip(auth.current)).reason, "NotSignedIn")
  assert.isTrue(Exit.isFailure(yield* Effect.exit(auth.signIn(apiKeyRecord))))
  assert.deepStrictEqual(yield* auth.signOut({ revoke: true }), { removed: false, revoked: null })
  yield* supplied()
  assert.strictEqual((yield* auth.current).email, "ada@example.test")
})
