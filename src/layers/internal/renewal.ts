/** The exchange of a refresh token: once for each token, across all fibers and processes. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type { RefreshReason } from "../../contracts/OAuthApi.js"
import { AuthError } from "../../domain/AuthError.js"
import { BackendError } from "../../domain/BackendError.js"
import type { CallPolicy } from "../../domain/CallPolicy.js"
import { Session } from "../../domain/Session.js"
import { joined } from "../../domain/PlainText.js"
import type { AccountSettings } from "../../services/AccountConfig.js"
import { Patience } from "../../services/AuthSession.js"
import type { CredentialStore } from "../../services/CredentialStore.js"
import { type HeldLease, type Lease, underLease } from "../../services/Lease.js"
import * as Metrics from "../../services/Metrics.js"
import type { RenewalMode } from "../../services/SessionRenewal.js"
import { Progress, timeoutIn } from "./BoundedHttpClient.js"
import { type NoAnswer, type OAuthClient, refreshCall, shortestPauseMillis, unanswered } from "./OAuthClient.js"
import { makeKeeping } from "./keeping.js"
import { leaseName, mark, markOf } from "./renewalMark.js"
import { mayBeHalfWritten, sameBearer, type SessionState, type SignedIn } from "./SessionState.js"
import { renewalTarget, withNewTokens } from "./sessionRecord.js"

/** The part of a caller's patience that the lease is waited for, so that its holder can be told. */
const patienceForLease = 0.9

/** Time to store the new tokens, beyond the exchange itself. */
const savingTime = Duration.seconds(15)

/** The store has no newer readable record yet; with any other error it has been changed for good. */
const isInconclusive = (error: AuthError): boolean => error.reason === "Refused" || mayBeHalfWritten(error)

/** How a renewal went, for those who watch from outside. */
const ended = (outcome: "adopted" | "exchanged" | "refused" | "unanswered" | "unsaved") =>
  Effect.all(
    [
      Metric.increment(Metrics.renewals(outcome)),
      Effect.annotateCurrentSpan("codex.outcome", outcome),
      Effect.annotateLogs(Effect.logInfo(`Renewal of the session: ${outcome}.`), {
        service: "AuthSession",
        method: "renew"
      })
    ],
    { discard: true }
  )

export const makeRenewal = (parts: {
  readonly session: SessionState
  readonly store: CredentialStore["Type"]
  readonly lease: Lease["Type"]
  readonly oauth: OAuthClient
  readonly settings: AccountSettings
  readonly policy: CallPolicy
  readonly mode: RenewalMode
}) =>
  Effect.gen(function* () {
    const { lease, mode, oauth, policy, session, settings, store } = parts
    const attempts = yield* Ref.make(0)
    const { save, saveUnsaved, whyUnsaved } = yield* makeKeeping(session, store)

    /** No renewal is tried before `until`, except by somebody who forces one, or after a 401 if this one sent nothing. */
    const recordFailure = (base: SignedIn, error: AuthError, until: number, { hasSent = true, isSpent = false } = {}) =>
      Effect.gen(function* () {
        // Counted at the end, so that every caller who arrived meanwhile shares the failure.
        const attempt = yield* Ref.updateAndGet(attempts, (n) => n + 1)
        const known = yield* session.state
        const refused =
          known._tag === "SignedIn" && sameBearer(known, base) ? { ...known, session: base.session } : base
        yield* session.transition({ ...refused, failure: { error, until, attempt, hasSent, isSpent } })
        return yield* error
      })

    /** Another process may have renewed first: polls the store for its record. */
    const adoptFromOtherProcess = (base: SignedIn, polls = 2) =>
      session.reloadFromStore.pipe(
        Effect.filterOrFail(
          (found) => !sameBearer(found, base),
          () => AuthError.of("Refused")
        ),
        Effect.retry({
          schedule: Schedule.intersect(Schedule.spaced("200 millis"), Schedule.recurs(polls)),
          while: isInconclusive
        }),
        Effect.tap(ended("adopted"))
      )

    /** The mark stays when the server may have spent the token. */
    const notAnswered = (base: SignedIn, token: Redacted.Redacted, { failure, pauseMillis, sent }: NoAnswer) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const until = now + (pauseMillis ?? shortestPauseMillis)
        if (pauseMillis !== null) yield* Effect.ignore(mark(store, token, now, until))
        else if (!sent) yield* Effect.ignore(store.writeMark(Option.none()))
        yield* ended("unanswered")
        return yield* recordFailure(base, AuthError.unanswered(failure), until)
      })

    /** Nothing is permanent before a neighbour has had the time of an exchange to store what it got for the token. */
    const awaitNeighbour = (base: SignedIn, until: number) =>
      recordFailure(
        base,
        AuthError.of(
          "Unavailable",
          `another program has used the refresh token, and may store a new one until ${DateTime.formatIso(DateTime.unsafeMake(until))}`
        ),
        until,
        { isSpent: true }
      )

    const refused = (base: SignedIn, token: Redacted.Redacted, error: AuthError) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const until = now + Duration.toMillis(policy.attemptTimeout)
        const isSpent = error.reason === "Reused"
        yield* Effect.ignore(isSpent ? mark(store, token, now, until, true) : store.writeMark(Option.none()))
        return yield* Effect.catchAll(adoptFromOtherProcess(base), (found) =>
          !isInconclusive(found)
            ? Effect.fail(found)
            : Effect.zipRight(
                ended("refused"),
                isSpent ? awaitNeighbour(base, until) : recordFailure(base, error, Number.POSITIVE_INFINITY)
              )
        )
      })

    const exchange = (base: SignedIn, token: Redacted.Redacted, reason: RefreshReason) => {
      const target = renewalTarget(base.record, settings)
      const progress: Progress["Type"] = { phase: null }
      return oauth.refresh(token, target, reason).pipe(
        Effect.provideService(Progress, progress),
        // Ends by itself or at its time limit: a lost answer would cost the session.
        Effect.interruptible,
        Effect.timeoutFail({
          duration: policy.attemptTimeout,
          onTimeout: () => unanswered(BackendError.of(refreshCall, timeoutIn(progress)))
        }),
        Effect.matchEffect({
          onFailure: (error) =>
            error._tag === "NoAnswer" ? notAnswered(base, token, error) : refused(base, token, error),
          onSuccess: (tokens) =>
            Effect.gen(function* () {
              const record = withNewTokens(base.record, tokens, target, yield* DateTime.now)
              const renewed = { ...session.withRecord(base, record), failure: null, spent: base.spent ?? token }
              return yield* Effect.tap(save(yield* session.transition(renewed)), ({ spent }) =>
                ended(spent === null ? "exchanged" : "unsaved")
              )
            })
        })
      )
    }

    /** Fails while the last exchange of the token forbids another one, whichever process has made it. */
    const checkMark = (base: SignedIn, token: Redacted.Redacted, reason: RefreshReason) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const found = Option.getOrNull(yield* markOf(store, token))
        if (found === null) return
        // A clock that was set back makes no pause longer.
        const isOfNow = found.at <= now
        if (found.pausedUntil !== null && found.isSpent && isOfNow) {
          return yield* now < found.pausedUntil
            ? awaitNeighbour(base, found.pausedUntil)
            : recordFailure(base, AuthError.of("Reused"), Number.POSITIVE_INFINITY)
        }
        if (found.pausedUntil !== null) {
          const isPaused = isOfNow && now < found.pausedUntil
          const detail = `it is not tried again before ${DateTime.formatIso(DateTime.unsafeMake(found.pausedUntil))}`
          return isPaused
            ? yield* recordFailure(base, AuthError.of("Unavailable", detail), found.pausedUntil)
            : undefined
        }
        const expiresAt = base.session.accessExpiresAt?.epochMillis ?? Number.POSITIVE_INFINITY
        if (expiresAt <= now || reason === "unauthorized_recovery") return
        const session = new Session({ ...base.session, renewalInterrupted: true })
        const error = AuthError.of("Unavailable", "an earlier renewal was cut off, so the refresh token may be spent")
        return yield* recordFailure({ ...base, session }, error, expiresAt, { hasSent: false })
      })

    const asHolder = (seen: SignedIn, startedAt: number, reason: RefreshReason, holder: HeldLease) =>
      Effect.gen(function* () {
        const base = yield* session.reloadFromStore
        if (!sameBearer(base, seen)) return yield* Effect.as(ended("adopted"), base)
        const { failure } = base
        const isPaused =
          failure !== null &&
          failure.hasSent &&
          (failure.isSpent || reason === "unauthorized_recovery") &&
          (yield* Clock.currentTimeMillis) < failure.until
        if (failure !== null && (failure.error.isPermanent || failure.attempt > startedAt || isPaused)) {
          return yield* failure.error
        }
        if (Option.isNone(base.refreshToken)) return yield* AuthError.of("NotRefreshable")
        const token = base.refreshToken.value
        yield* checkMark(base, token, reason)
        const notWritable = Effect.mapError((error: Error) => AuthError.of("NotWritable", error.message))
        yield* notWritable(store.checkWritable)
        yield* holder.assertHeld
        yield* notWritable(Effect.flatMap(Clock.currentTimeMillis, (now) => mark(store, token, now)))
        return yield* exchange(base, token, reason)
      })

    const renewUnderLease = (seen: SignedIn, startedAt: number, reason: RefreshReason) =>
      Effect.flatMap(Patience, (patience) =>
        underLease(
          lease,
          "renewal",
          {
            name: leaseName(seen),
            timeToLive: Duration.sum(policy.attemptTimeout, savingTime),
            wait: Duration.min(
              Duration.sum(policy.overallTimeout, savingTime),
              Duration.times(patience, patienceForLease)
            )
          },
          (holder) => Effect.uninterruptible(asHolder(seen, startedAt, reason, holder))
        )
      ).pipe(
        Effect.catchTag("LeaseError", (error) =>
          error.reason === "Unavailable"
            ? Effect.fail(AuthError.of("Unavailable", `${error.problem}. ${error.advice}`))
            : // The process that took the lease is renewing the session now.
              Effect.catchIf(
                adoptFromOtherProcess(seen, error.reason === "Lost" ? 10 : 0),
                ({ reason }) => reason === "Refused",
                () => AuthError.of("Unavailable", joined(["another process is renewing it", error.detail], ": "))
              )
        )
      )

    const renewElsewhere = (seen: SignedIn, renew: Effect.Effect<void, AuthError>) =>
      Effect.gen(function* () {
        const before = yield* session.reloadFromStore
        if (!sameBearer(before, seen)) return before
        yield* renew
        const after = yield* session.reloadFromStore
        if (sameBearer(after, seen)) return yield* AuthError.of("Unavailable", "it has not been renewed yet")
        return yield* Effect.as(ended("adopted"), after)
      })

    /** A session newer than `seen`, renewed now or found in the store. Attempts after `startedAt` share their failure. */
    const renew = (seen: SignedIn, startedAt: number, reason: RefreshReason): Effect.Effect<SignedIn, AuthError> =>
      Effect.flatMap(saveUnsaved, (stored) => {
        if (!sameBearer(stored, seen)) return Effect.succeed(stored)
        switch (mode._tag) {
          case "Cooperate":
            return renewUnderLease(seen, startedAt, reason)
          case "ReadOnly":
            return renewElsewhere(seen, Effect.void)
          case "Delegate":
            return renewElsewhere(seen, mode.renew)
        }
      })

    return { renew, saveUnsaved, whyUnsaved, attempts: Ref.get(attempts) }
  })

export type Renewal = Effect.Effect.Success<ReturnType<typeof makeRenewal>>
