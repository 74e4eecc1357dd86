/**
 * The session of a stored auth record, renewed with its refresh token.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { RefreshReason } from "../contracts/OAuthApi.js"
import { AuthError } from "../domain/AuthError.js"
import { sameIdentity } from "../domain/Identity.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession, type Authorization } from "../services/AuthSession.js"
import { CredentialStore } from "../services/CredentialStore.js"
import { Lease } from "../services/Lease.js"
import { Policies } from "../services/Policies.js"
import { SessionRenewal } from "../services/SessionRenewal.js"
import { boundedHttpClient } from "./internal/BoundedHttpClient.js"
import { makeHeldSession, type SignedIn } from "./internal/HeldSession.js"
import { makeOAuthClient } from "./internal/OAuthClient.js"
import { makeRenewal } from "./internal/renewal.js"
import { makeTokenOwner } from "./internal/tokenOwner.js"
import { renewalReason } from "./internal/sessionRules.js"

/** After a renewal that failed for now, how long the old token is used without another try. */
const renewalPauseMillis = 30_000

/**
 * How long a closing layer waits for an exchange to end and to be stored, on the wall clock also where a test has stopped
 * the other.
 */
const closingTime = "5 seconds"

/** How often the store is looked at for those who listen to `changes`. */
const watchInterval = "250 millis"

const make = Effect.gen(function* () {
  const settings = yield* AccountConfig
  const store = yield* CredentialStore
  const policies = yield* Policies
  const client = boundedHttpClient(yield* HttpClient.HttpClient, {
    maxBytes: settings.maxResponseBytes,
    userAgent: settings.userAgent
  })
  const oauth = makeOAuthClient(client, settings)
  const held = yield* makeHeldSession(store, settings, makeTokenOwner(client, settings))
  const renewal = yield* makeRenewal({
    held,
    store,
    lease: yield* Lease,
    oauth,
    policy: policies.refreshSession,
    mode: yield* SessionRenewal
  })

  /** Works in a fiber of the layer's, so that a caller who leaves does not cut an exchange short. */
  const working = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  const inLayer = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.flatMap(Effect.forkDaemon(held.exclusive(work)), (fiber) => {
      working.add(fiber)
      fiber.addObserver(() => working.delete(fiber))
      return Fiber.join(fiber)
    })
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => Fiber.awaitAll(working)).pipe(
      Effect.interruptible,
      Effect.timeoutOption(closingTime),
      Effect.withClock(Clock.make())
    )
  )

  const renew = (seen: SignedIn, reason: RefreshReason): Effect.Effect<SignedIn, AuthError> =>
    Effect.flatMap(renewal.attempts, (startedAt) => inLayer(renewal.renew(seen, startedAt, reason))).pipe(
      Effect.withSpan("AuthSession.renew", { attributes: { reason } })
    )

  const authorized = (known: SignedIn): Effect.Effect<Authorization, AuthError> =>
    known.live.session.usesBackend ? Effect.succeed(known.authorization) : Effect.fail(AuthError.of("WrongAuth"))

  /** The session in use where it need not be renewed, or can't be for now. */
  const dueFor = (
    known: SignedIn,
    now: number
  ): Effect.Effect<Extract<RefreshReason, "proactive_expiry" | "scheduled"> | null, AuthError> => {
    const reason = renewalReason(known.live.session, now, settings.refreshBefore)
    if (reason === null || known.failure === null) return Effect.succeed(reason)
    if (!known.failure.error.isPermanent) {
      return Effect.succeed(now - known.failure.atMillis < renewalPauseMillis ? null : reason)
    }
    return isExpired(known, now) ? Effect.fail(known.failure.error) : Effect.succeed(null)
  }

  const renewIfDue = (known: SignedIn): Effect.Effect<SignedIn, AuthError> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.flatMap(dueFor(known, now), (reason) => {
        if (reason === null) return known.unsaved ? inLayer(renewal.saveUnsaved) : Effect.succeed(known)
        return Effect.catchAll(renew(known, reason), (error) =>
          error.reason === "NotSignedIn" || error.reason === "Malformed" || (error.isPermanent && isExpired(known, now))
            ? Effect.fail(error)
            : Effect.as(Effect.logWarning(`The session was not renewed. ${error.message}`), known)
        )
      })
    )

  return AuthSession.of({
    current: Effect.map(held.signedIn, (known) => known.live.session),
    authorization: Effect.flatMap(held.signedIn, (known) => Effect.flatMap(renewIfDue(known), authorized)),
    refresh: held.signedIn.pipe(
      Effect.flatMap((known) => renew(known, "forced")),
      Effect.map((known) => known.live.session)
    ),
    recover: (refused) =>
      Effect.gen(function* () {
        const known = yield* held.signedIn
        const next = known.authorization === refused ? yield* renew(known, "unauthorized_recovery") : known
        if (!sameIdentity(next.live.session.identity, refused.session.identity)) {
          return yield* AuthError.of("AccountMismatch")
        }
        return yield* authorized(next)
      }),
    reload: Effect.map(held.exclusive(held.takeUpStored), (known) => known.live.session),
    signIn: (record) =>
      held.exclusive(
        Effect.gen(function* () {
          if (record.auth_mode === "chatgptAuthTokens" && store.kind !== "ephemeral") {
            return yield* AuthError.of("Forbidden", "tokens that a host supplies are not stored")
          }
          const trial = yield* held.understand({ record, revision: "" })
          const stored = yield* store
            .write(record)
            .pipe(Effect.mapError((error) => AuthError.of("NotWritable", error.message)))
          yield* held.become({ ...trial, revision: stored.revision })
          return trial.live.session
        }).pipe(Effect.uninterruptible)
      ),
    signOut: ({ revoke }) =>
      held.exclusive(
        Effect.gen(function* () {
          // A record that can't be understood is removed all the same: that is what was asked for.
          const known = yield* Effect.option(held.takeUpStored)
          const revoked =
            revoke && Option.isSome(known) && known.value.live.session.mode === "chatgpt"
              ? yield* oauth
                  .revoke(
                    Option.match(known.value.live.refreshToken, {
                      onNone: () => ({ access: known.value.live.bearer }),
                      onSome: (refresh) => ({ refresh })
                    })
                  )
                  .pipe(
                    Effect.timeoutTo({
                      duration: policies.revokeSession.attemptTimeout,
                      onTimeout: () => false,
                      onSuccess: (confirmed) => confirmed
                    })
                  )
              : null
          // The revocation takes its time: who has signed in meanwhile stays.
          const present = Option.flatten(yield* Effect.option(store.read))
          if (Option.isSome(known) && Option.exists(present, ({ revision }) => revision !== known.value.revision)) {
            yield* Effect.ignore(held.takeUpStored)
            return { removed: false, revoked }
          }
          const removed = yield* store.remove.pipe(
            Effect.mapError((error) => AuthError.of("NotWritable", error.message))
          )
          yield* held.become({ _tag: "SignedOut" })
          return { removed, revoked }
        })
      ),
    epoch: held.epoch,
    changes: Stream.unwrapScoped(
      Effect.gen(function* () {
        const boundaries = yield* Stream.fromPubSub(held.changes, { scoped: true })
        yield* Effect.ignore(held.signedIn).pipe(Effect.repeat(Schedule.spaced(watchInterval)), Effect.forkScoped)
        return boundaries
      })
    )
  })
})

const isExpired = (known: SignedIn, now: number): boolean => {
  const expiry = known.live.session.accessExpiresAt
  return expiry !== null && expiry.epochMillis <= now
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<AuthSession, never, AccountConfig | CredentialStore | HttpClient.HttpClient | Lease> =
  Layer.scoped(AuthSession, make)
