import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import type { AuthError } from "../../../src/domain/AuthError.js"
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
import { counts, memory, type Options, secret, stored } from "./harness.js"

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

const sameAccount: Give = () => tokensOf()

const supplied = (account?: string) =>
  Effect.flatMap(ExternalSession, (session) => Effect.flatMap(tokensOf(account), session.signIn))

/** The test with a host that gives what it is asked for, over a session in a store; gives what was asked, too. */
const withHost = <A, E>(
  give: Give,
  test: (
    asked: Ref.Ref<ReadonlyArray<Ask>>
  ) => Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof memory>> | AuthSession | ExternalSession>,
  options: Options = {}
) =>
  Effect.gen(function* () {
    const asked = yield* Ref.make<ReadonlyArray<Ask>>([])
    const beneath = yield* AuthSession
    const backend = yield* FakeBackend.FakeBackend
    const host = ExternalTokens.of({
      refresh: (request) =>
        Effect.zipRight(
          Ref.update(asked, (before) => [...before, request]),
          Effect.provideService(give(request), FakeBackend.FakeBackend, backend)
        )
    })
    const layer = Layer.effectContext(AuthSessionExternal.make(beneath)).pipe(
      Layer.provide(Layer.succeed(ExternalTokens, host)),
      Layer.provide(Layer.succeed(AccountConfig, yield* AccountConfig))
    )
    return yield* Effect.provide(test(asked), layer)
  }).pipe(
    Effect.provide(memory({ backend: { accounts: [{}, { userId: "user-FAKE2", accountId: "org-2" }] }, ...options }))
  )

const brief = (error: AuthError) => `${error.reason} ${error.detail ?? ""}`.trim()

describe("tokens that another application supplies", () => {
  it.effect("are in force over the stored session, and never in its store", () =>
    withHost(sameAccount, () =>
      Effect.gen(function* () {
        const before = yield* stored
        const session = yield* supplied()
        assert.deepInclude(session, { mode: "chatgptAuthTokens", source: "ephemeral", plan: "business" })
        const auth = yield* AuthSession
        assert.strictEqual((yield* auth.authorization).session.mode, "chatgptAuthTokens")
        assert.isFalse(session.isRefreshable)
        assert.strictEqual(yield* stored, before)
        assert.isTrue(yield* (yield* ExternalSession).isActive)
      })
    )
  )

  it.effect("stand back again when they are signed out, and what is beneath is as it was", () =>
    withHost(sameAccount, () =>
      Effect.gen(function* () {
        const before = yield* stored
        const auth = yield* AuthSession
        yield* supplied()
        assert.deepStrictEqual(yield* auth.signOut({ revoke: true }), { removed: true, revoked: null })
        assert.strictEqual((yield* auth.current).mode, "chatgpt")
        assert.strictEqual(yield* stored, before)
        assert.strictEqual(yield* (yield* FakeBackend.FakeBackend).count("oauth.revoke"), 0)
      })
    )
  )

  it.effect("name a plan that stands above the token's", () =>
    withHost(sameAccount, () =>
      Effect.gen(function* () {
        const external = yield* ExternalSession
        const tokens = yield* tokensOf()
        assert.strictEqual((yield* external.signIn({ ...tokens, chatgptPlanType: "pro" })).plan, "pro")
        assert.strictEqual((yield* external.signIn({ ...tokens, chatgptPlanType: null })).plan, "business")
        assert.strictEqual((yield* external.signIn({ ...tokens, chatgptPlanType: "new one" })).plan, "unknown")
      })
    )
  )

  it.effect("that are no JWT are refused, and the session is as it was", () =>
    withHost(sameAccount, () =>
      Effect.gen(function* () {
        const tokens = { accessToken: secret("hunter2"), chatgptAccountId: "a" }
        const error = yield* Effect.flip((yield* ExternalSession).signIn(tokens))
        assert.strictEqual(error.reason, "Malformed")
        assert.notInclude(error.message, "hunter2")
        assert.strictEqual((yield* (yield* AuthSession).current).mode, "chatgpt")
      })
    )
  )

  it.effect("of a workspace that is ruled out are refused", () =>
    withHost(
      sameAccount,
      () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(supplied())).reason, "Forbidden")
          assert.isFalse(yield* (yield* ExternalSession).isActive)
          assert.isTrue(Exit.isSuccess(yield* Effect.exit(supplied(other))))
        }),
      { signedOut: true, settings: { forcedWorkspaces: ["org-2"] } }
    )
  )

  it.effect("are refused where an API key is forced", () =>
    withHost(
      sameAccount,
      () => Effect.map(Effect.flip(supplied()), (error) => assert.strictEqual(error.reason, "Forbidden")),
      { signedOut: true, settings: { forcedLoginMethod: Option.some("api") } }
    )
  )

  it.effect("leave no room for another sign-in, and none is begun", () =>
    withHost(sameAccount, () =>
      Effect.gen(function* () {
        yield* supplied()
        const before = yield* stored
        const error = yield* Effect.flip(signIn({ method: "device" }))
        assert.strictEqual(`${error._tag} ${error.reason}`, "LoginError HostManaged")
        assert.deepStrictEqual(yield* counts, {})
        const auth = yield* AuthSession
        const record = { auth_mode: "apikey", OPENAI_API_KEY: secret("sk-1") } as const
        assert.strictEqual((yield* Effect.flip(auth.signIn(record))).reason, "Forbidden")
        assert.strictEqual(yield* stored, before)
      })
    )
  )

  it.effect("are a boundary when they come, change hands and go", () =>
    withHost(sameAccount, () =>
      Effect.gen(function* () {
        const auth = yield* AuthSession
        const seen = yield* Effect.fork(Stream.runCollect(Stream.take(auth.changes, 3)))
        yield* TestClock.adjust(0)
        const epoch = yield* auth.epoch
        yield* supplied()
        yield* supplied()
        yield* supplied(other)
        yield* auth.signOut({ revoke: false })
        const changes = Array.from(yield* Fiber.join(seen), (change): string | null =>
          change._tag === "SignedIn" ? change.session.identity.accountId : "nobody"
        )
        assert.deepStrictEqual(changes, [mine, "org-2", mine])
        assert.strictEqual((yield* auth.epoch) - epoch, 3)
      })
    )
  )
})

describe("a refusal of the backend", () => {
  const refusedOnce = Effect.gen(function* () {
    yield* supplied()
    const auth = yield* AuthSession
    const refused = yield* auth.authorization
    return { auth, refused }
  })

  it.effect("asks the host once for all, with the account of before", () =>
    withHost(
      () => Effect.delay(tokensOf(), "3 seconds"),
      (asked) =>
        Effect.gen(function* () {
          const { auth, refused } = yield* refusedOnce
          const fiber = yield* Effect.fork(
            Effect.all(
              Array.from({ length: 8 }, () => auth.recover(refused)),
              { concurrency: "unbounded" }
            )
          )
          yield* TestClock.adjust("3 seconds")
          const all = yield* Fiber.join(fiber)
          assert.strictEqual(new Set(all.map(({ headers }) => Redacted.value(headers)["authorization"])).size, 1)
          assert.notStrictEqual(all[0], refused)
          assert.deepStrictEqual(yield* Ref.get(asked), [{ reason: "unauthorized", previousAccountId: mine }])
          // Who comes late with the old token is given the new one.
          assert.strictEqual(yield* auth.recover(refused), all[0])
        })
    )
  )

  it.effect("is the only reason to ask", () =>
    withHost(sameAccount, (asked) =>
      Effect.gen(function* () {
        const { auth } = yield* refusedOnce
        yield* TestClock.adjust("30 days")
        yield* auth.authorization
        yield* auth.refresh
        yield* auth.reload
        assert.deepStrictEqual(yield* Ref.get(asked), [])
      })
    )
  )

  it.effect("fails for all who wait when the host does not answer within ten seconds, and is interrupted", () =>
    Effect.flatMap(Deferred.make<void>(), (cut) =>
      withHost(
        () => Effect.never.pipe(Effect.onInterrupt(() => Deferred.succeed(cut, undefined))),
        (asked) =>
          Effect.gen(function* () {
            const { auth, refused } = yield* refusedOnce
            const one = Effect.flip(auth.recover(refused))
            const fiber = yield* Effect.fork(Effect.all([one, one, one], { concurrency: "unbounded" }))
            yield* TestClock.adjust("9 seconds")
            assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
            yield* TestClock.adjust("1 second")
            assert.deepStrictEqual(
              (yield* Fiber.join(fiber)).map(({ reason }) => reason),
              ["Unavailable", "Unavailable", "Unavailable"]
            )
            assert.strictEqual((yield* Ref.get(asked)).length, 1)
            yield* Deferred.await(cut)
            assert.strictEqual(yield* auth.authorization, refused)
          })
      )
    )
  )

  it.effect("asks again the next time", () =>
    withHost(
      () => Effect.fail(new ExternalTokensError()),
      (asked) =>
        Effect.gen(function* () {
          const { auth, refused } = yield* refusedOnce
          for (const _ of [1, 2]) {
            assert.include(brief(yield* Effect.flip(auth.recover(refused))), "Unavailable")
          }
          assert.strictEqual((yield* Ref.get(asked)).length, 2)
        })
    )
  )

  it.effect.each([
    ["another account's tokens", other, "AccountMismatch"],
    ["another user's tokens for the same account", "user", "AccountMismatch"],
    ["no JWT", "opaque", "Malformed"]
  ] as const)("that the host answers with %s keeps the session as it is", ([, given, reason]) => {
    const give: Give = () =>
      given === "opaque"
        ? Effect.succeed({ accessToken: secret("opaque"), chatgptAccountId: mine })
        : given === "user"
          ? Effect.map(tokensOf(other), (tokens) => ({
              ...tokens,
              chatgptAccountId: mine
            }))
          : tokensOf(given)
    return withHost(give, () =>
      Effect.gen(function* () {
        const { auth, refused } = yield* refusedOnce
        assert.strictEqual((yield* Effect.flip(auth.recover(refused))).reason, reason)
        assert.strictEqual(yield* auth.authorization, refused)
      })
    )
  })

  it.effect("of tokens that another has replaced meanwhile is not that one's business", () =>
    withHost(sameAccount, (asked) =>
      Effect.gen(function* () {
        const { auth, refused } = yield* refusedOnce
        yield* supplied(other)
        assert.strictEqual((yield* Effect.flip(auth.recover(refused))).reason, "AccountMismatch")
        assert.deepStrictEqual(yield* Ref.get(asked), [])
      })
    )
  )

  it.effect("without tokens in force is the business of the session beneath", () =>
    withHost(sameAccount, (asked) =>
      Effect.gen(function* () {
        const auth = yield* AuthSession
        const refused = yield* auth.authorization
        const recovered = yield* auth.recover(refused)
        assert.strictEqual(recovered.session.mode, "chatgpt")
        assert.notStrictEqual(recovered, refused)
        assert.deepStrictEqual(yield* Ref.get(asked), [])
      })
    )
  )
})

describe("without a session beneath", () => {
  it.effect("nobody is signed in until tokens come, and no record is taken", () =>
    Effect.gen(function* () {
      const auth = yield* AuthSession
      assert.strictEqual((yield* Effect.flip(auth.current)).reason, "NotSignedIn")
      const record = { auth_mode: "apikey", OPENAI_API_KEY: secret("sk-1") } as const
      assert.isTrue(Exit.isFailure(yield* Effect.exit(auth.signIn(record))))
      assert.deepStrictEqual(yield* auth.signOut({ revoke: true }), { removed: false, revoked: null })
      yield* supplied()
      assert.strictEqual((yield* auth.current).email, "ada@example.test")
    }).pipe(
      Effect.provide(
        AuthSessionExternal.layer.pipe(
          Layer.provide(Layer.succeed(ExternalTokens, { refresh: () => Effect.fail(new ExternalTokensError()) })),
          Layer.provideMerge(memory({ signedOut: true }))
        )
      )
    )
  )
})
