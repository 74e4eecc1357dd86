/** The session that a process holds, beside the record in the store. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Ref from "effect/Ref"
import type { AuthJson } from "../../contracts/AuthJson.js"
import { AuthError } from "../../domain/AuthError.js"
import type { CredentialStoreError } from "../../domain/CredentialStoreError.js"
import { sameIdentity } from "../../domain/Identity.js"
import type { SessionChange } from "../../domain/Session.js"
import type { AccountSettings } from "../../services/AccountConfig.js"
import type { Authorization } from "../../services/AuthSession.js"
import type { CredentialStore, StoredRecord } from "../../services/CredentialStore.js"
import { authorizationOf } from "../wire/authorization.js"
import { type LiveSession, sessionFromRecord } from "../wire/sessionFromRecord.js"
import { checkForced } from "./sessionRules.js"

export interface SignedIn {
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

/** How long what is held is trusted before the store is looked at again. */
const lookAgainMillis = 500

const unreadable = (error: CredentialStoreError): AuthError =>
  AuthError.of(error.reason === "Malformed" ? "Malformed" : "Unreadable", error.message)

export const makeHeldSession = (
  store: CredentialStore["Type"],
  settings: AccountSettings,
  /** Finds out whose the session is, where its record does not tell. */
  identify: (live: LiveSession) => Effect.Effect<LiveSession>
) =>
  Effect.gen(function* () {
    const state = yield* Ref.make<State>({ _tag: "Unread" })
    const looked = yield* Ref.make<{ readonly atMillis: number; readonly stamp: string }>({ atMillis: 0, stamp: "" })
    const epoch = yield* Ref.make(0)
    const changes = yield* PubSub.sliding<SessionChange>(64)
    const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)

    /** Takes up a state, and tells when it is another identity's. */
    const boundary = (change: SessionChange) =>
      Effect.zipRight(
        Ref.update(epoch, (n) => n + 1),
        PubSub.publish(changes, change)
      )

    const become = <S extends State>(next: S): Effect.Effect<S> =>
      Effect.gen(function* () {
        const previous = yield* Ref.getAndSet(state, next)
        if (previous._tag === "Unread") return next
        if (next._tag === "SignedIn") {
          const same =
            previous._tag === "SignedIn" && sameIdentity(previous.live.session.identity, next.live.session.identity)
          if (!same) yield* boundary({ _tag: "SignedIn", session: next.live.session })
        } else if (previous._tag === "SignedIn") {
          yield* boundary({ _tag: "SignedOut" })
        }
        return next
      })

    const understand = (stored: StoredRecord): Effect.Effect<SignedIn, AuthError> =>
      sessionFromRecord(stored.record, store.kind).pipe(
        Effect.flatMap(identify),
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

    /** The stored record as it is now, taken up. A record that is the known one changes nothing. */
    const takeUpStored: Effect.Effect<SignedIn, AuthError> = Effect.gen(function* () {
      const stored = yield* Effect.mapError(store.read, unreadable)
      const known = yield* Ref.get(state)
      if (Option.isNone(stored)) {
        yield* become({ _tag: "SignedOut" })
        return yield* AuthError.of("NotSignedIn")
      }
      if (known._tag === "SignedIn" && known.revision === stored.value.revision) return known
      return yield* understand(stored.value).pipe(
        // Somebody who may not be acted as has taken the place of the one who was.
        Effect.tapError((error) => (error.reason === "Malformed" ? Effect.void : become({ _tag: "SignedOut" }))),
        Effect.flatMap(become)
      )
    }).pipe(Effect.uninterruptible)

    /** Looks whether the store may have changed since the last look. */
    const look: Effect.Effect<boolean> = Effect.gen(function* () {
      const atMillis = yield* Clock.currentTimeMillis
      const stamp = yield* store.stamp
      const before = yield* Ref.getAndSet(looked, { atMillis, stamp })
      return stamp !== before.stamp
    })

    const firstLook = exclusive(
      Effect.flatMap(Ref.get(state), (known) =>
        known._tag === "SignedIn" ? Effect.succeed(known) : Effect.zipRight(look, takeUpStored)
      )
    )

    /**
     * Takes up what somebody else has put into the store. A record that can't be read may be half-written: what is held
     * stands.
     */
    const lookAgain = (known: SignedIn): Effect.Effect<SignedIn, AuthError> =>
      Effect.flatMap(look, (changed) =>
        changed
          ? Effect.catchIf(
              exclusive(takeUpStored),
              (error) => error.reason === "Malformed" || error.reason === "Unreadable",
              (error) => Effect.as(Effect.logWarning(`The sign-in in use is kept. ${error.message}`), known)
            )
          : Effect.succeed(known)
      )

    const signedIn: Effect.Effect<SignedIn, AuthError> = Effect.flatMap(Ref.get(state), (known) =>
      known._tag === "SignedIn"
        ? Effect.flatMap(Clock.currentTimeMillis, (now) =>
            Effect.flatMap(Ref.get(looked), ({ atMillis }) =>
              Math.abs(now - atMillis) < lookAgainMillis ? Effect.succeed(known) : lookAgain(known)
            )
          )
        : firstLook
    )

    return {
      state: Ref.get(state),
      epoch: Ref.get(epoch),
      changes,
      exclusive,
      become,
      understand,
      takeUpStored,
      signedIn
    }
  })

export type HeldSession = Effect.Effect.Success<ReturnType<typeof makeHeldSession>>
