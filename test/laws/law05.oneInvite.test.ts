/** Law 5: `sendInvite` puts at most one POST on the wire per confirmed invite, for every fault plan. */
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { CallPolicy, defaultPolicies } from "../../src/domain/CallPolicy.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { BackendHttp } from "../../src/services/BackendHttp.js"
import { Referrals } from "../../src/services/Referrals.js"
import { Arbitraries, FakeBackend, FakeState, Fault } from "../../src/testing/index.js"
import { account, count, done, ending, invitee, type Options, faulty } from "../programs/harness.js"
import { runs, test, virtual } from "../cases.js"

const invite = "referrals.invite"

const endpoints = [invite, "referrals.eligibility", "referrals.rules", "oauth.token"] as const

/** How many POSTs one confirmed invite has put on the wire, and how many invites came of it. */
const posts = (options: Options) =>
  Effect.gen(function* () {
    yield* ending(Effect.exit(inviteFriend({ email: invitee })))
    return { posts: yield* count(invite), invites: (yield* done).invite }
  }).pipe(Effect.provide(account(options)))

it.effect.prop(
  "at most one POST, whatever goes wrong",
  [Arbitraries.faultPlan({ endpoints })],
  ([plan]) =>
    Effect.gen(function* () {
      const found = yield* posts({ plan })
      assert.isAtMost(found.posts, 1)
      assert.isAtMost(found.invites, 1)
    }),
  runs(15)
)

/** What makes others send again. */
const table: ReadonlyArray<readonly [string, Fault.Fault]> = [
  ["a reset before it is done", Fault.resetBeforeCommit],
  ["a reset after it is done", Fault.resetAfterCommit],
  ["an error when done", Fault.status(500, { afterCommit: true })],
  ["silence", Fault.hangAfterCommit],
  ["half an answer", Fault.truncated],
  ["a wish to wait", Fault.rateLimited({ seconds: 1 })],
  ["a 401", Fault.status(401)]
]

const redirects = ([301, 302, 303, 307, 308] as const).flatMap((status) =>
  [false, true].map(
    (crossOrigin) => [`a ${status}, cross-origin ${crossOrigin}`, Fault.redirect(status, { crossOrigin })] as const
  )
)

const plan = (fault: Fault.Fault) => faulty(invite, fault)

virtual.each([...table, ...redirects])("exactly one POST under %s", function* ([, fault]) {
  assert.strictEqual((yield* posts(plan(fault))).posts, 1)
})

test(
  "exactly one POST when the token is refused in the very last moment",
  account(faulty("referrals.rules", Fault.delay("2 seconds", { afterCommit: true }), 2)),
  function* () {
    const backend = yield* FakeBackend.FakeBackend
    // The tokens go while the rules are read for the second time.
    yield* Effect.fork(Effect.delay(backend.update(FakeState.dropAccessTokens), "1 second"))
    yield* ending(Effect.exit(inviteFriend({ email: invitee })))
    assert.deepStrictEqual([yield* count(invite), yield* count("oauth.token"), (yield* done).invite], [1, 0, 0])
  }
)

const safe = new CallPolicy({ ...defaultPolicies.readOffer, name: "sendInvite" })

virtual.each(table)("exactly one POST under a policy that would repeat it, with %s", function* ([, fault]) {
  assert.strictEqual((yield* posts({ ...plan(fault), policies: { sendInvite: safe } })).posts, 1)
})

/** An invite that is sent as a keyed act is: as often as its policy allows. */
const repeating = Effect.provideServiceEffect(
  Referrals,
  Effect.gen(function* () {
    const backend = yield* BackendHttp
    return Referrals.of({
      ...(yield* Referrals),
      sendInvite: ({ as, email }) =>
        backend
          .act("referrals.invite", as, (client) =>
            client.referrals.invite({ payload: { referral_key: "persistent", emails: [email] } })
          )
          .pipe(Effect.as("unknown"))
    })
  })
)

test.each(table, ([, fault]) => account({ ...plan(fault), policies: { sendInvite: safe } }))(
  "control: an act that may be repeated is sent several times, with %s",
  function* () {
    yield* ending(Effect.exit(repeating(inviteFriend({ email: invitee }))))
    assert.isAbove(yield* count(invite), 1)
  }
)

virtual.each([307, 308] as const)(
  "control: a client that follows redirects sends several, with a %s",
  function* (status) {
    const following = { ...plan(Fault.redirect(status)), client: HttpClient.followRedirects(3) }
    assert.isAbove((yield* posts(following)).posts, 1)
  }
)
