/**
 * The session of a stored auth record, renewed with its refresh token.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { AuthJson } from "../contracts/AuthJson.js"
import type { RefreshReason } from "../contracts/OAuthApi.js"
import { AuthError } from "../domain/AuthError.js"
import type { CredentialStoreError } from "../domain/CredentialStoreError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { SessionChange } from "../domain/Session.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession, type Authorization } from "../services/AuthSession.js"
import { CredentialStore, type StoredRecord } from "../services/CredentialStore.js"
import { Policies } from "../services/Policies.js"
import { boundedHttpClient } from "./internal/BoundedHttpClient.js"
import { makeOAuthClient, NoAnswer } from "./internal/OAuthClient.js"
import { checkForced, renewalReason } from "./internal/sessionRules.js"
import { authorizationOf, withNewTokens } from "./wire/authorization.js"
import { type LiveSession, sessionFromRecord } from "./wire/sessionFromRecord.js"

interface SignedIn {
  readonly _tag: "SignedIn"
  readonly live: LiveSession
  readonly authorization: Authorization
  readonly record: AuthJson
  /** The stored revision that the record goes back to. */
  readonly revision: string
  /** The record is newer than the stored one, which could not be replaced. */
  readonly unsaved: boolean
  /** The server's last word on this refresh token, where it was no success. */
  readonly failure: { readonly error: AuthError; readonly atMillis: number; readonly attempt: number } | null
}

type State = { readonly _tag: "Unread" } | { readonly _tag: "SignedOut" } | SignedIn

/** After a renewal that failed for now, how long the old token is used without another try. */
const renewalPauseMillis = 30_000

const unreadable = (error: CredentialStoreError): AuthError =>
  AuthError.of(error.reason === "Malformed" ? "Malformed" : "Unreadable", error.message)

const make = Effect.gen(function* () {
  const settings = yield* AccountConfig
  const store = yield* CredentialStore
  const policies = yield* Policies
  const scope = yield* Effect.scope
  const oauth = makeOAuthClient(
    boundedHttpClient(yield* HttpClient.HttpClient, {
      maxBytes: settings.maxResponseBytes,
      userAgent: settings.userAgent
    }),
    settings
  )
  const state = yield* Ref.make<State>({ _tag: "Unread" })
  const attempts = yield* Ref.make(0)
  const changes = yield* PubSub.sliding<SessionChange>(64)
  const one = yield* Effect.makeSemaphore(1)
  const exclusive = one.withPermits(1)

  /** Takes up a state, and tells when it is another identity's. */
  const become = <S extends State>(next: S): Effect.Effect<S> =>
    Effect.gen(function* () {
      const previous = yield* Ref.getAndSet(state, next)
      if (previous._tag === "Unread") return next
      if (next._tag === "SignedIn") {
        const same =
          previous._tag === "SignedIn" && sameIdentity(previous.live.session.identity, next.live.session.identity)
        if (!same) yield* PubSub.publish(changes, { _tag: "SignedIn", session: next.live.session })
      } else if (previous._tag === "SignedIn") {
        yield* PubSub.publish(changes, { _tag: "SignedOut" })
      }
      return next
    })

  const understand = (stored: StoredRecord): Effect.Effect<SignedIn, AuthError> =>
    sessionFromRecord(stored.record, store.kind).pipe(
      Effect.tap((live) => checkForced(live.session, settings)),
      Effect.map((live) => ({
        _tag: "SignedIn",
        live,
        authorization: authorizationOf(live),
        record: stored.record,
        revision: stored.revision,
        unsaved: false,
        failure: null
      }))
    )

  /** The stored record as it is now: what the state should be. A record that is the known one changes nothing. */
  const takeUpStored: Effect.Effect<SignedIn, AuthError> = Effect.gen(function* () {
    const stored = yield* Effect.mapError(store.read, unreadable)
    const known = yield* Ref.get(state)
    if (Option.isNone(stored)) {
      yield* become({ _tag: "SignedOut" })
      return yield* AuthError.of("NotSignedIn")
    }
    if (known._tag === "SignedIn" && known.revision === stored.value.revision) return known
    return yield* Effect.flatMap(understand(stored.value), become)
  }).pipe(Effect.uninterruptible)

  const signedIn: Effect.Effect<SignedIn, AuthError> = Effect.flatMap(Ref.get(state), (known) =>
    known._tag === "SignedIn"
      ? Effect.succeed(known)
      : exclusive(
          Effect.flatMap(Ref.get(state), (now) => (now._tag === "SignedIn" ? Effect.succeed(now) : takeUpStored))
        )
  )

  const save = (renewed: SignedIn): Effect.Effect<SignedIn, AuthError> =>
    store.write(renewed.record, { expected: Option.some(renewed.revision) }).pipe(
      Effect.matchEffect({
        onSuccess: (stored) => become({ ...renewed, revision: stored.revision, unsaved: false }),
        onFailure: (error) =>
          error.reason === "Conflict"
            ? // Somebody signed in or renewed meanwhile: theirs stands.
              takeUpStored
            : Effect.zipRight(
                Effect.logWarning(`The renewed session could not be stored and is kept in memory. ${error.message}`),
                become({ ...renewed, unsaved: true })
              )
      })
    )

  const exchange = (held: SignedIn, token: Redacted.Redacted, reason: RefreshReason) =>
    oauth.refresh(token, reason).pipe(
      // The exchange runs to its end or its time limit: an answer that is thrown away is a session lost.
      Effect.interruptible,
      Effect.timeoutFail({
        duration: policies.refreshSession.attemptTimeout,
        onTimeout: () => new NoAnswer({ detail: "no answer in time" })
      }),
      Effect.flatMap((tokens) =>
        Effect.flatMap(DateTime.now, (now) => save(withNewState(held, withNewTokens(held.record, tokens, now))))
      )
    )

  const withNewState = (held: SignedIn, record: AuthJson): SignedIn => {
    const live = Option.getOrElse(Option.getRight(sessionFromRecord(record, store.kind)), () => held.live)
    return { ...held, record, live, authorization: authorizationOf(live), failure: null }
  }

  const remember = (held: SignedIn, error: AuthError) =>
    Effect.gen(function* () {
      const atMillis = yield* Clock.currentTimeMillis
      const attempt = yield* Ref.get(attempts)
      yield* become({ ...held, failure: { error, atMillis, attempt } })
      return yield* error
    })

  /** A refusal may only mean that a neighbour was faster: its record then appears in the store. */
  const neighbour = (held: SignedIn) =>
    takeUpStored.pipe(
      Effect.filterOrFail(
        (found) => found.revision !== held.revision,
        () => AuthError.of("Refused")
      ),
      Effect.retry(Schedule.intersect(Schedule.spaced("200 millis"), Schedule.recurs(2)))
    )

  const renewNow = (seen: SignedIn, startedAt: number, reason: RefreshReason): Effect.Effect<SignedIn, AuthError> =>
    Effect.gen(function* () {
      const known = yield* Ref.get(state)
      if (known._tag === "SignedIn" && known.unsaved) {
        const saved = yield* save(known)
        if (saved.live.bearer !== seen.live.bearer) return saved
      }
      const held = yield* takeUpStored
      if (Redacted.value(held.live.bearer) !== Redacted.value(seen.live.bearer)) return held
      if (held.failure !== null && (held.failure.error.isPermanent || held.failure.attempt > startedAt)) {
        return yield* held.failure.error
      }
      if (Option.isNone(held.live.refreshToken)) return yield* AuthError.of("NotRefreshable")
      yield* store.checkWritable.pipe(Effect.mapError((error) => AuthError.of("NotWritable", error.message)))
      yield* Ref.update(attempts, (n) => n + 1)
      return yield* exchange(held, held.live.refreshToken.value, reason).pipe(
        Effect.catchTags({
          NoAnswer: ({ detail }) => remember(held, AuthError.of("Unavailable", detail)),
          AuthError: (error) => Effect.orElse(neighbour(held), () => remember(held, error))
        })
      )
    })

  /** Renews in a fiber of the layer's, so that a caller who leaves does not cut the exchange short. */
  const renew = (seen: SignedIn, reason: RefreshReason): Effect.Effect<SignedIn, AuthError> =>
    Effect.gen(function* () {
      const startedAt = yield* Ref.get(attempts)
      const fiber = yield* Effect.forkIn(exclusive(Effect.uninterruptible(renewNow(seen, startedAt, reason))), scope)
      return yield* Fiber.join(fiber)
    }).pipe(Effect.withSpan("AuthSession.renew", { attributes: { reason } }))

  const authorized = (held: SignedIn): Effect.Effect<Authorization, AuthError> =>
    held.live.session.usesBackend ? Effect.succeed(held.authorization) : Effect.fail(AuthError.of("WrongAuth"))

  const authorization: Effect.Effect<Authorization, AuthError> = Effect.flatMap(signedIn, (held) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const reason = renewalReason(held.live.session, now, settings.refreshBefore)
      if (reason === null && !held.unsaved) return authorized(held)
      const expiry = held.live.session.accessExpiresAt
      const isExpired = expiry !== null && expiry.epochMillis <= now
      const failure = held.failure
      if (failure !== null && failure.error.isPermanent && isExpired) return Effect.fail(failure.error)
      if (failure !== null && (failure.error.isPermanent || now - failure.atMillis < renewalPauseMillis)) {
        return authorized(held)
      }
      return renew(held, reason ?? "scheduled").pipe(
        Effect.catchAll((error) =>
          error.reason === "NotSignedIn" || error.reason === "Malformed" || (error.isPermanent && isExpired)
            ? Effect.fail(error)
            : Effect.as(Effect.logWarning(`The session was not renewed. ${error.message}`), held)
        ),
        Effect.flatMap(authorized)
      )
    })
  )

  return AuthSession.of({
    current: Effect.map(signedIn, (held) => held.live.session),
    authorization,
    refresh: signedIn.pipe(
      Effect.flatMap((held) => renew(held, "forced")),
      Effect.map((held) => held.live.session)
    ),
    recover: (refused) =>
      Effect.gen(function* () {
        const held = yield* signedIn
        const next = held.authorization === refused ? yield* renew(held, "unauthorized_recovery") : held
        if (!sameIdentity(next.live.session.identity, refused.session.identity)) {
          return yield* AuthError.of("AccountMismatch")
        }
        return yield* authorized(next)
      }),
    reload: Effect.map(exclusive(takeUpStored), (held) => held.live.session),
    signIn: (record) =>
      exclusive(
        Effect.gen(function* () {
          const trial = yield* understand({ record, revision: "" })
          const stored = yield* store
            .write(record)
            .pipe(Effect.mapError((error) => AuthError.of("NotWritable", error.message)))
          yield* become({ ...trial, revision: stored.revision })
          return trial.live.session
        }).pipe(Effect.uninterruptible)
      ),
    signOut: ({ revoke }) =>
      exclusive(
        Effect.gen(function* () {
          // A record that can't be understood is removed all the same: that is what was asked for.
          const held = yield* Effect.option(takeUpStored)
          const revoked =
            revoke && Option.isSome(held) && held.value.live.session.mode === "chatgpt"
              ? yield* oauth
                  .revoke(
                    Option.match(held.value.live.refreshToken, {
                      onNone: () => ({ access: held.value.live.bearer }),
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
          const removed = yield* store.remove.pipe(
            Effect.mapError((error) => AuthError.of("NotWritable", error.message))
          )
          yield* become({ _tag: "SignedOut" })
          return { removed, revoked }
        })
      ),
    changes: Stream.fromPubSub(changes)
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<AuthSession, never, AccountConfig | CredentialStore | HttpClient.HttpClient> =
  Layer.scoped(AuthSession, make)
