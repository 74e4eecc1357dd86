/** The session in memory, kept in step with the record in the store. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { AuthJson } from "../../contracts/AuthJson.js"
import { AuthError } from "../../domain/AuthError.js"
import { sameIdentity } from "../../domain/Identity.js"
import { Session, type SessionChange } from "../../domain/Session.js"
import type { AccountSettings } from "../../services/AccountConfig.js"
import type { Authorization } from "../../services/AuthSession.js"
import type { CredentialStore, StoredRecord } from "../../services/CredentialStore.js"
import { authorizationOf, checkForced, type LiveSession, sessionFromRecord, withTokensOf } from "./sessionRecord.js"

export interface SignedIn extends LiveSession {
  readonly _tag: "SignedIn"
  readonly authorization: Authorization
  readonly record: AuthJson
  /** The stored revision that the record is based on. */
  readonly revision: string
  /** The refresh token that the stored record still holds, if the renewed record could not be stored. */
  readonly spent: Redacted.Redacted | null
  /**
   * Why the last renewal with this refresh token failed, until when another would too, and whether it sent anything.
   * `isSpent`: somebody has exchanged the token, and may store what they got until then.
   */
  readonly failure: {
    readonly error: AuthError
    readonly until: number
    readonly attempt: number
    readonly hasSent: boolean
    readonly isSpent: boolean
  } | null
}

export const sameBearer = (a: SignedIn, b: SignedIn): boolean => Redacted.value(a.bearer) === Redacted.value(b.bearer)

type State = { readonly _tag: "Unread" } | { readonly _tag: "SignedOut" } | SignedIn

/** A record that can't be read now may be readable in a moment. */
export const mayBeHalfWritten = ({ reason }: AuthError): boolean => reason === "Malformed" || reason === "Unreadable"

/** How long the session in memory is used before the store is polled again. */
const pollMillis = 500

export const makeSessionState = (
  store: CredentialStore["Type"],
  settings: AccountSettings,
  /** Finds the identity of a session whose record does not hold it. */
  identify: (live: LiveSession) => Effect.Effect<LiveSession>,
  /** Whether a renewal of the session was cut off. */
  wasCutOff: (live: LiveSession) => Effect.Effect<boolean>
) =>
  Effect.gen(function* () {
    const state = yield* Ref.make<State>({ _tag: "Unread" })
    const polled = yield* Ref.make<{ readonly atMillis: number; readonly stamp: string }>({ atMillis: 0, stamp: "" })
    const epoch = yield* Ref.make(0)
    const changes = yield* PubSub.sliding<SessionChange>(64)
    const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)

    const announce = (change: SessionChange) =>
      Effect.zipRight(
        Ref.update(epoch, (n) => n + 1),
        PubSub.publish(changes, change)
      )

    /** Replaces the state, and announces a change of identity. */
    const transition = <S extends State>(next: S): Effect.Effect<S> =>
      Effect.gen(function* () {
        const previous = yield* Ref.getAndSet(state, next)
        if (previous._tag === "Unread") return next
        if (next._tag === "SignedIn") {
          const same = previous._tag === "SignedIn" && sameIdentity(previous.session.identity, next.session.identity)
          if (!same) yield* announce({ _tag: "SignedIn", session: next.session })
        } else if (previous._tag === "SignedIn") {
          yield* announce({ _tag: "SignedOut" })
        }
        return next
      })

    const parse = ({ record, revision }: StoredRecord): Effect.Effect<SignedIn, AuthError> =>
      sessionFromRecord(record, store.kind).pipe(
        Effect.flatMap(identify),
        Effect.flatMap((live) =>
          Effect.map(wasCutOff(live), (renewalInterrupted) => ({
            ...live,
            session: new Session({ ...live.session, renewalInterrupted })
          }))
        ),
        Effect.tap((live) => checkForced(live.session, settings)),
        Effect.map((live) => ({
          _tag: "SignedIn",
          ...live,
          authorization: authorizationOf(live),
          record,
          revision,
          spent: null,
          failure: null
        }))
      )

    /** The session as it is with another record, where that can be used. */
    const withRecord = (known: SignedIn, record: AuthJson): SignedIn => {
      const live = Either.getOrElse(sessionFromRecord(record, store.kind), () => known)
      return { ...known, ...live, record, authorization: authorizationOf(live) }
    }

    /**
     * Renewed tokens that are not stored yet, in what another program has written meanwhile. None if the stored refresh
     * token is not the one that they replace: somebody else has signed in, or renewed.
     */
    const rebased = (known: SignedIn, { record, revision }: StoredRecord): Option.Option<SignedIn> => {
      const stored = Either.getOrNull(sessionFromRecord(record, store.kind))
      return known.spent !== null &&
        Equal.equals(record.tokens?.refresh_token, known.spent) &&
        stored?.session.identity.userId === known.session.identity.userId
        ? Option.some({ ...withRecord(known, withTokensOf(record, known.record)), revision })
        : Option.none()
    }

    /** Reads the stored record. One of the revision in memory changes nothing. */
    const reloadFromStore: Effect.Effect<SignedIn, AuthError> = Effect.gen(function* () {
      const stored = yield* Effect.mapError(store.read, (error) =>
        AuthError.of(error.reason === "Malformed" ? "Malformed" : "Unreadable", error.message)
      )
      const known = yield* Ref.get(state)
      if (Option.isNone(stored)) {
        yield* transition({ _tag: "SignedOut" })
        return yield* AuthError.of("NotSignedIn")
      }
      if (known._tag === "SignedIn" && known.revision === stored.value.revision) return known
      const unsaved = known._tag === "SignedIn" ? rebased(known, stored.value) : Option.none()
      if (Option.isSome(unsaved)) return yield* transition(unsaved.value)
      return yield* parse(stored.value).pipe(
        // A sign-in that may not be used has replaced the one in memory.
        Effect.tapError((error) => (error.reason === "Malformed" ? Effect.void : transition({ _tag: "SignedOut" }))),
        Effect.flatMap(transition)
      )
    }).pipe(Effect.uninterruptible)

    /** Whether the store may have changed since the last poll. */
    const pollStore: Effect.Effect<boolean> = Effect.gen(function* () {
      const atMillis = yield* Clock.currentTimeMillis
      const stamp = yield* store.stamp
      const before = yield* Ref.getAndSet(polled, { atMillis, stamp })
      return stamp !== before.stamp
    })

    /** A record that can't be read may be half-written: the session in memory stays in use. */
    const reloadIfChanged = (known: SignedIn): Effect.Effect<SignedIn, AuthError> =>
      Effect.flatMap(pollStore, (changed) =>
        changed
          ? Effect.catchIf(exclusive(reloadFromStore), mayBeHalfWritten, (error) =>
              Effect.as(Effect.logWarning(`The sign-in in use is kept. ${error.message}`), known)
            )
          : Effect.succeed(known)
      )

    const firstRead = exclusive(
      Effect.flatMap(Ref.get(state), (known) =>
        known._tag === "SignedIn" ? Effect.succeed(known) : Effect.zipRight(pollStore, reloadFromStore)
      )
    )

    const signedIn: Effect.Effect<SignedIn, AuthError> = Effect.gen(function* () {
      const known = yield* Ref.get(state)
      if (known._tag !== "SignedIn") return yield* firstRead
      const age = (yield* Clock.currentTimeMillis) - (yield* Ref.get(polled)).atMillis
      return Math.abs(age) < pollMillis ? known : yield* reloadIfChanged(known)
    })

    return {
      state: Ref.get(state),
      epoch: Ref.get(epoch),
      changes,
      exclusive,
      transition,
      parse,
      withRecord,
      reloadFromStore,
      signedIn
    }
  })

export type SessionState = Effect.Effect.Success<ReturnType<typeof makeSessionState>>
