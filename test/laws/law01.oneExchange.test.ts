/** Law 1, in one process: at most one exchange per refresh token, and all callers end with the winner's token. */
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as AuthSessionOAuth from "../../src/layers/AuthSessionOAuth.js"
import * as LeaseMemory from "../../src/layers/LeaseMemory.js"
import * as CredentialStoreEphemeral from "../../src/layers/CredentialStoreEphemeral.js"
import { showUsage } from "../../src/programs/usage.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { CallLog, FakeBackend, FakeState, Fault } from "../../src/testing/index.js"
import { account, brief, calls, finish, type ProgramError, type Services, faulty } from "../programs/harness.js"
import { runs, test } from "../cases.js"

/** Every refresh token with how often an exchange was tried, and every exchange by the token that it sent. */
const exchanges = Effect.gen(function* () {
  const { refreshTokens } = yield* (yield* FakeBackend.FakeBackend).state
  const sent = (yield* calls("oauth.token")).map((call) =>
    typeof call.body === "object" && call.body !== null && "refresh_token" in call.body ? call.body.refresh_token : null
  )
  return { uses: Array.from(HashMap.values(refreshTokens), (token) => token.uses), sent }
})

const bearer = Effect.map(
  Effect.flatMap(AuthSession, (auth) => auth.authorization),
  ({ headers }) => Redacted.value(headers)["authorization"]
)

const stored = Effect.flatMap(CredentialStore, (store) => Effect.flatten(store.read)).pipe(
  Effect.map(({ record }) => `Bearer ${Redacted.value(record.tokens?.access_token ?? Redacted.make(""))}`)
)

/** Ways to need a new session. */
type Caller = "refresh" | "a 401" | "authorization"

const callers: Readonly<Record<Caller, Effect.Effect<void, ProgramError, Services>>> = {
  refresh: Effect.flatMap(AuthSession, (auth) => Effect.asVoid(auth.refresh)),
  "a 401": Effect.asVoid(showUsage),
  authorization: Effect.asVoid(bearer)
}

const caller = FastCheck.record({
  how: FastCheck.constantFrom<Caller>("refresh", "a 401", "authorization"),
  at: FastCheck.integer({ min: 0, max: 1_500 })
})

it.effect.prop(
  "whatever the number of fibers",
  {
    fibers: FastCheck.array(caller, { minLength: 2, maxLength: 12 }),
    late: FastCheck.integer({ min: 0, max: 3_000 }),
    afterCommit: FastCheck.boolean()
  },
  ({ afterCommit, fibers, late }) =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
      const work = fibers.map(({ at, how }) => Effect.delay(callers[how], at))
      const { exit } = yield* finish(Effect.all(work, { concurrency: "unbounded" }))
      yield* exit
      const { sent, uses } = yield* exchanges
      assert.isTrue(uses.every((times) => times <= 1))
      assert.strictEqual(new Set(sent).size, sent.length)
      // A request from now on carries the stored token, which is the last winner's.
      assert.strictEqual(yield* bearer, yield* stored)
    }).pipe(Effect.provide(account(faulty("oauth.token", Fault.delay(Duration.millis(late), { afterCommit }))))),
  runs(10)
)

test(
  "twenty at once make one exchange, and all go on with its token",
  account(faulty("oauth.token", Fault.delay("1 second"))),
  function* () {
    const backend = yield* FakeBackend.FakeBackend
    yield* backend.update(FakeState.dropAccessTokens)
    const { exit } = yield* finish(
      Effect.all(
        Array.from({ length: 20 }, () => showUsage),
        { concurrency: "unbounded" }
      )
    )
    yield* exit
    assert.lengthOf(yield* calls("oauth.token"), 1)
    const winner = CallLog.mask((yield* stored).slice("Bearer ".length))
    const after = (yield* calls("usage.read")).filter((call) => call.status === 200)
    assert.deepStrictEqual(new Set(after.map((call) => call.headers["authorization"])), new Set([`Bearer ${winner}`]))
  }
)

it.effect.prop(
  "one failure is shared by all callers, and the token is not sent again meanwhile",
  {
    fibers: FastCheck.integer({ min: 2, max: 12 }),
    fault: FastCheck.constantFrom(
      Fault.status(500),
      Fault.resetBeforeCommit,
      Fault.resetAfterCommit,
      Fault.hangAfterCommit,
      Fault.truncated,
      Fault.malformedJson,
      Fault.htmlPage(403)
    )
  },
  ({ fault, fibers }) =>
    Effect.gen(function* () {
      const auth = yield* AuthSession
      const refresh = Effect.either(auth.refresh)
      const { exit } = yield* finish(
        Effect.all(
          Array.from({ length: fibers }, () => refresh),
          { concurrency: "unbounded" }
        )
      )
      const said = (yield* exit).map(Either.match({ onLeft: brief, onRight: () => "renewed" }))
      assert.deepStrictEqual(new Set(said), new Set(["AuthError Unavailable"]))
      assert.lengthOf(yield* calls("oauth.token"), 1)
    }).pipe(Effect.provide(account(faulty("oauth.token", fault)))),
  runs(8)
)

test(
  "control: two sessions of one record, each with a memory of its own, would send it twice",
  account(),
  function* () {
    const record = yield* Effect.flatten((yield* CredentialStore).read)
    const alone = Effect.flatMap(AuthSession, (auth) => auth.refresh).pipe(
      Effect.provide(AuthSessionOAuth.layer),
      Effect.provide(Layer.merge(CredentialStoreEphemeral.layerMemory(record.record), LeaseMemory.layer)),
      Effect.exit
    )
    yield* finish(Effect.all([alone, alone], { concurrency: "unbounded" }))
    const { sent, uses } = yield* exchanges
    assert.deepStrictEqual([sent.length, new Set(sent).size, Math.max(...uses)], [2, 1, 2])
  }
)
