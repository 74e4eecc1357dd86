/** The session of a stored auth record, renewed with its refresh token. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { RefreshReason } from "../contracts/OAuthApi.js"
import { AuthError } from "../domain/AuthError.js"
import { sameIdentity } from "../domain/Identity.js"
import { type DueReason, dueReason } from "../domain/RenewalPolicy.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession, type Authorization, Patience } from "../services/AuthSession.js"
import { CredentialStore } from "../services/CredentialStore.js"
import { Lease } from "../services/Lease.js"
import { Policies } from "../services/Policies.js"
import { SessionRenewal } from "../services/SessionRenewal.js"
import { boundedHttpClient } from "./internal/BoundedHttpClient.js"
import { perAccount } from "./internal/perAccount.js"
import { makeOAuthClient } from "./internal/OAuthClient.js"
import { identifyWith } from "./internal/owner.js"
import { makeSessionState, sameBearer, type SignedIn } from "./internal/SessionState.js"
import { wasCutOff } from "./internal/renewalMark.js"
import { makeRenewal } from "./internal/renewal.js"
import { makeEnterWorkspace } from "./internal/workspaceSwitch.js"

/** How long a closing layer waits for an exchange to end and to be stored. */
const closingTime = "5 seconds"

/** How often the store is polled for subscribers of `changes`. */
const watchInterval = "250 millis"

const isExpired = ({ session }: SignedIn, nowMillis: number): boolean =>
  session.accessExpiresAt !== null && session.accessExpiresAt.epochMillis <= nowMillis

const authorized = (known: SignedIn): Effect.Effect<Authorization, AuthError> =>
  known.session.usesBackend ? Effect.succeed(known.authorization) : Effect.fail(AuthError.of("WrongAuth"))

const make = Effect.gen(function* () {
  const settings = yield* AccountConfig
  const store = yield* CredentialStore
  const policies = yield* Policies
  const oauth = makeOAuthClient(boundedHttpClient(yield* HttpClient.HttpClient, settings), settings)
  const lease = yield* Lease
  const session = yield* makeSessionState(store, settings, identifyWith(oauth), wasCutOff(store, lease))
  const share = yield* Random.next
  const renewal = yield* makeRenewal({
    session,
    store,
    lease,
    oauth,
    settings,
    policy: policies.refreshSession,
    mode: yield* SessionRenewal
  })

  /** Works in a fiber of the layer, so that a caller who is interrupted does not cut an exchange short. */
  const working = yield* FiberSet.make()
  const inLayer = <A>(work: Effect.Effect<A, AuthError>): Effect.Effect<A, AuthError> =>
    Effect.flatMap(FiberSet.run(working, session.exclusive(work)), Fiber.join)
  yield* Effect.addFinalizer(() =>
    FiberSet.awaitEmpty(working).pipe(
      Effect.zipRight(renewal.whyUnsaved),
      Effect.interruptible,
      Effect.timeoutOption(closingTime)
    )
  )

  /** At once, whatever another program may be about to store. */
  const renewNow = (seen: SignedIn, reason: RefreshReason): Effect.Effect<SignedIn, AuthError> =>
    Effect.gen(function* () {
      const startedAt = yield* renewal.attempts
      return yield* Effect.timeoutFail(inLayer(renewal.renew(seen, startedAt, reason)), {
        duration: yield* Patience,
        onTimeout: () => AuthError.of("Unavailable", "the renewal under way takes longer than this can wait")
      })
    }).pipe(Effect.withSpan("codex.AuthSession.renew", { attributes: { "codex.reason": reason } }))

  /** Until when another program may store what it got for the refresh token of `seen`; null if none has used it. */
  const neighbourHasUntil = (seen: SignedIn) =>
    Effect.map(session.state, (known) =>
      known._tag === "SignedIn" && sameBearer(known, seen) && known.failure?.isSpent === true
        ? known.failure.until
        : null
    )

  /** Waits for what another program may store. Without it in that time, there is an end of it. */
  const renew = (seen: SignedIn, reason: RefreshReason): Effect.Effect<SignedIn, AuthError> =>
    Effect.gen(function* () {
      const patience = Duration.toMillis(yield* Patience)
      const start = yield* Clock.currentTimeMillis
      return yield* Effect.catchAll(renewNow(seen, reason), (error) =>
        Effect.gen(function* () {
          const until = yield* neighbourHasUntil(seen)
          if (until === null) return yield* error
          const longest = Math.min(patience, Duration.toMillis(policies.refreshSession.attemptTimeout))
          const left = Math.min(until, start + longest) - (yield* Clock.currentTimeMillis)
          const found = yield* session.signedIn.pipe(
            Effect.repeat(
              Schedule.addDelay(
                Schedule.recurUntil((found: SignedIn) => !sameBearer(found, seen)),
                () => watchInterval
              )
            ),
            Effect.timeoutOption(Math.max(0, left))
          )
          if (Option.isSome(found)) return found.value
          return (yield* Clock.currentTimeMillis) < until ? yield* error : yield* renewNow(seen, reason)
        })
      )
    })

  /** Null if the session in use is not due for renewal, or can't be renewed for now. */
  const dueFor = (known: SignedIn, now: number): Effect.Effect<DueReason | null, AuthError> => {
    const reason = dueReason(settings.renewal, share, known.session, now)
    if (reason === null || known.failure === null) return Effect.succeed(reason)
    if (!known.failure.error.isPermanent) {
      const mayBeStored = known.failure.isSpent && isExpired(known, now)
      return Effect.succeed(now < known.failure.until && !mayBeStored ? null : reason)
    }
    return isExpired(known, now) ? Effect.fail(known.failure.error) : Effect.succeed(null)
  }

  const renewIfDue = (known: SignedIn): Effect.Effect<SignedIn, AuthError> =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const reason = yield* dueFor(known, now)
      if (reason === null) return known.spent !== null ? yield* inLayer(renewal.saveUnsaved) : known
      const isOver = isExpired(known, now)
      // A token that still holds is used in time for the call.
      const briefly = Duration.times(yield* Patience, 0.5)
      const renewed = isOver ? renew(known, reason) : Effect.provideService(renewNow(known, reason), Patience, briefly)
      return yield* Effect.catchAll(renewed, (error) =>
        Effect.gen(function* () {
          const isDead = isOver && (error.isPermanent || (yield* neighbourHasUntil(known)) !== null)
          if (isDead || error.reason === "NotSignedIn" || error.reason === "Malformed") return yield* error
          return yield* Effect.as(Effect.logWarning(`The session was not renewed. ${error.message}`), known)
        })
      )
    })

  const revoke = ({ bearer, refreshToken }: SignedIn): Effect.Effect<boolean> =>
    oauth.revoke(bearer, refreshToken).pipe(
      Effect.timeoutTo({
        duration: policies.revokeSession.attemptTimeout,
        onTimeout: () => false,
        onSuccess: (confirmed) => confirmed
      })
    )

  const notWritable = Effect.mapError((error: Error) => AuthError.of("NotWritable", error.message))

  return AuthSession.of({
    current: Effect.map(session.signedIn, (known) => known.session),
    authorization: session.signedIn.pipe(Effect.flatMap(renewIfDue), Effect.flatMap(authorized)),
    refresh: session.signedIn.pipe(
      Effect.flatMap((known) => renew(known, "forced")),
      Effect.map((known) => known.session)
    ),
    recover: (refused) =>
      Effect.gen(function* () {
        const known = yield* session.signedIn
        const next = known.authorization === refused ? yield* renew(known, "unauthorized_recovery") : known
        if (!sameIdentity(next.session.identity, refused.session.identity)) {
          return yield* AuthError.of("AccountMismatch")
        }
        return yield* authorized(next)
      }),
    enterWorkspace: makeEnterWorkspace(session, store, renewal),
    reload: Effect.map(session.exclusive(session.reloadFromStore), (known) => known.session),
    signIn: (record) =>
      session.exclusive(
        Effect.gen(function* () {
          if (record.auth_mode === "chatgptAuthTokens" && store.kind !== "ephemeral") {
            return yield* AuthError.of("Forbidden", "tokens that a host supplies are not stored")
          }
          const parsed = yield* session.parse({ record, revision: "" })
          const { revision } = yield* notWritable(store.write(record))
          yield* session.transition({ ...parsed, revision })
          return parsed.session
        }).pipe(Effect.uninterruptible)
      ),
    signOut: (options) =>
      session.exclusive(
        Effect.gen(function* () {
          // A record that can't be parsed is removed as well.
          const known = yield* Effect.option(session.reloadFromStore)
          const revoked =
            options.revoke && Option.isSome(known) && known.value.session.mode === "chatgpt"
              ? yield* revoke(known.value)
              : null
          // A sign-in that was stored during the revocation stays.
          const present = Option.flatten(yield* Effect.option(store.read))
          if (Option.isSome(known) && Option.exists(present, ({ revision }) => revision !== known.value.revision)) {
            yield* Effect.ignore(session.reloadFromStore)
            return { removed: false, revoked }
          }
          const removed = yield* notWritable(store.remove)
          yield* Effect.ignore(store.writeMark(Option.none()))
          yield* session.transition({ _tag: "SignedOut" })
          return { removed, revoked }
        })
      ),
    unsaved: renewal.whyUnsaved,
    epoch: session.epoch,
    changes: Stream.unwrapScoped(
      Effect.gen(function* () {
        const changes = yield* Stream.fromPubSub(session.changes, { scoped: true })
        yield* Effect.ignore(session.signedIn).pipe(Effect.repeat(Schedule.spaced(watchInterval)), Effect.forkScoped)
        return changes
      })
    )
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<AuthSession, never, AccountConfig | CredentialStore | HttpClient.HttpClient | Lease> =
  perAccount(Layer.scoped(AuthSession, make), AccountConfig, CredentialStore, HttpClient.HttpClient, Lease)
