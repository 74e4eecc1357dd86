/** The exchange of a refresh token: once for each token, whatever the number of fibers and processes. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type { AuthJson } from "../../contracts/AuthJson.js"
import type { RefreshReason } from "../../contracts/OAuthApi.js"
import { AuthError } from "../../domain/AuthError.js"
import type { CallPolicy } from "../../domain/CallPolicy.js"
import type { CredentialStore } from "../../services/CredentialStore.js"
import type { HeldLease, Lease } from "../../services/Lease.js"
import type { RenewalMode } from "../../services/SessionRenewal.js"
import { authorizationOf, withNewTokens } from "../wire/authorization.js"
import { sessionFromRecord } from "../wire/sessionFromRecord.js"
import type { HeldSession, SignedIn } from "./HeldSession.js"
import { NoAnswer, type OAuthClient } from "./OAuthClient.js"

/** Time to store what the exchange brought, beyond the exchange itself. */
const savingTime = Duration.seconds(15)

const sameBearer = (a: SignedIn, b: SignedIn): boolean =>
  Redacted.value(a.live.bearer) === Redacted.value(b.live.bearer)

/** The store holds no newer record yet, or none that can be read; anything else is the store's last word. */
const leavesOpen = (error: AuthError): boolean =>
  error.reason === "Refused" || error.reason === "Malformed" || error.reason === "Unreadable"

export const makeRenewal = (parts: {
  readonly held: HeldSession
  readonly store: CredentialStore["Type"]
  readonly lease: Lease["Type"]
  readonly oauth: OAuthClient
  readonly policy: CallPolicy
  readonly mode: RenewalMode
}) =>
  Effect.gen(function* () {
    const { held: session, lease, mode, oauth, policy, store } = parts
    const attempts = yield* Ref.make(0)

    /** Puts a renewed record in the place of the one it was made from; anybody else's record stands. */
    const save = (renewed: SignedIn): Effect.Effect<SignedIn, AuthError> =>
      store.write(renewed.record, { expected: Option.some(renewed.revision) }).pipe(
        Effect.matchEffect({
          onSuccess: (stored) => session.become({ ...renewed, revision: stored.revision, unsaved: false }),
          onFailure: (error) =>
            error.reason === "Conflict"
              ? session.takeUpStored
              : Effect.zipRight(
                  Effect.logWarning(`The renewed session could not be stored and is kept in memory. ${error.message}`),
                  session.become({ ...renewed, unsaved: true })
                )
        })
      )

    const withRecord = (base: SignedIn, record: AuthJson): SignedIn => {
      const live = Option.getOrElse(Option.getRight(sessionFromRecord(record, store.kind)), () => base.live)
      return { ...base, record, live, authorization: authorizationOf(live), failure: null }
    }

    const remember = (base: SignedIn, error: AuthError) =>
      Effect.gen(function* () {
        const atMillis = yield* Clock.currentTimeMillis
        // Counted when it ends, so that whoever came while it ran shares the failure.
        const attempt = yield* Ref.updateAndGet(attempts, (n) => n + 1)
        const known = yield* session.state
        const refused = known._tag === "SignedIn" && sameBearer(known, base) ? known : base
        yield* session.become({ ...refused, failure: { error, atMillis, attempt } })
        return yield* error
      })

    /** A neighbour was faster, or may have been: its record then appears in the store. */
    const neighbour = (base: SignedIn, looks = 2) =>
      session.takeUpStored.pipe(
        Effect.filterOrFail(
          (found) => !sameBearer(found, base),
          () => AuthError.of("Refused")
        ),
        Effect.retry({
          schedule: Schedule.intersect(Schedule.spaced("200 millis"), Schedule.recurs(looks)),
          while: leavesOpen
        })
      )

    const exchange = (base: SignedIn, token: Redacted.Redacted, reason: RefreshReason) =>
      oauth.refresh(token, reason).pipe(
        // The exchange runs to its end or its time limit: an answer that is thrown away is a session lost.
        Effect.interruptible,
        Effect.timeoutFail({
          duration: policy.attemptTimeout,
          onTimeout: () => new NoAnswer({ detail: "no answer in time" })
        }),
        Effect.matchEffect({
          onFailure: (error) =>
            error._tag === "NoAnswer"
              ? remember(base, AuthError.of("Unavailable", error.detail))
              : Effect.catchAll(neighbour(base), (found) =>
                  leavesOpen(found) ? remember(base, error) : Effect.fail(found)
                ),
          onSuccess: (tokens) =>
            Effect.flatMap(DateTime.now, (now) => save(withRecord(base, withNewTokens(base.record, tokens, now))))
        })
      )

    const asHolder = (seen: SignedIn, startedAt: number, reason: RefreshReason, holder: HeldLease) =>
      Effect.gen(function* () {
        const base = yield* session.takeUpStored
        if (!sameBearer(base, seen)) return base
        if (base.failure !== null && (base.failure.error.isPermanent || base.failure.attempt > startedAt)) {
          return yield* base.failure.error
        }
        if (Option.isNone(base.live.refreshToken)) return yield* AuthError.of("NotRefreshable")
        yield* store.checkWritable.pipe(Effect.mapError((error) => AuthError.of("NotWritable", error.message)))
        yield* holder.assertHeld
        return yield* exchange(base, base.live.refreshToken.value, reason)
      })

    const cooperate = (seen: SignedIn, startedAt: number, reason: RefreshReason) =>
      lease
        .withLease(
          {
            name: `session ${seen.live.session.identity.key}`,
            timeToLive: Duration.sum(policy.attemptTimeout, savingTime),
            wait: Duration.sum(policy.overallTimeout, savingTime)
          },
          (holder) => Effect.uninterruptible(asHolder(seen, startedAt, reason, holder))
        )
        .pipe(
          Effect.catchTag("LeaseError", (error) =>
            error.reason === "Unavailable"
              ? Effect.fail(AuthError.of("NotWritable", error.message))
              : // Whoever took the lease away is renewing the session just now.
                Effect.catchIf(
                  neighbour(seen, error.reason === "Lost" ? 10 : 0),
                  ({ reason }) => reason === "Refused",
                  () => AuthError.of("Unavailable", error.message)
                )
          )
        )

    const byOthers = (seen: SignedIn, renew: Effect.Effect<void, AuthError>) =>
      Effect.gen(function* () {
        const before = yield* session.takeUpStored
        if (!sameBearer(before, seen)) return before
        yield* renew
        const after = yield* session.takeUpStored
        return sameBearer(after, seen) ? yield* AuthError.of("Unavailable", "nobody has renewed it yet") : after
      })

    /** Tries again to store what could not be stored. */
    const saveUnsaved = Effect.flatMap(session.state, (known) =>
      known._tag === "SignedIn" && known.unsaved ? Effect.uninterruptible(save(known)) : session.takeUpStored
    )

    /** Gives a session newer than `seen`, made now or found. A failure since the attempt `startedAt` is shared. */
    const renew = (seen: SignedIn, startedAt: number, reason: RefreshReason): Effect.Effect<SignedIn, AuthError> =>
      Effect.flatMap(saveUnsaved, (stored) => {
        if (!sameBearer(stored, seen)) return Effect.succeed(stored)
        switch (mode._tag) {
          case "Cooperate":
            return cooperate(seen, startedAt, reason)
          case "ReadOnly":
            return byOthers(seen, Effect.void)
          case "Delegate":
            return byOthers(seen, mode.renew)
        }
      })

    return { renew, saveUnsaved, attempts: Ref.get(attempts) }
  })
