/** Storing renewed tokens: the refresh token that they replace is spent, so they are kept until that works. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { AuthError } from "../../domain/AuthError.js"
import type { CredentialStore } from "../../services/CredentialStore.js"
import { mayBeHalfWritten, type SessionState, type SignedIn } from "./SessionState.js"

/** How often a save starts again from what another program has written meanwhile. */
export const maxConflicts = 20

export const makeKeeping = (session: SessionState, store: CredentialStore["Type"]) =>
  Effect.gen(function* () {
    const problem = yield* Ref.make("")

    const unsaved = (renewed: SignedIn, { message }: Error) =>
      Ref.set(problem, message).pipe(
        Effect.zipRight(
          Effect.logWarning(`The renewed session could not be stored, and ends with this process. ${message}`)
        ),
        Effect.as(renewed)
      )

    /**
     * Replaces the record that the renewed one is based on. If another program has changed that meanwhile, its record gets
     * the new tokens, unless it is that of another sign-in.
     */
    const save = (renewed: SignedIn, conflicts = 0): Effect.Effect<SignedIn, AuthError> =>
      store.write(renewed.record, { expected: Option.some(renewed.revision) }).pipe(
        Effect.matchEffect({
          onSuccess: (stored) =>
            Effect.zipRight(
              Effect.ignore(store.writeMark(Option.none())),
              session.transition({ ...renewed, revision: stored.revision, spent: null })
            ),
          onFailure: (error) =>
            error.reason === "Conflict" && conflicts < maxConflicts
              ? session.reloadFromStore.pipe(
                  Effect.flatMap((found) =>
                    found.spent === null ? Effect.succeed(found) : save(found, conflicts + 1)
                  ),
                  Effect.catchIf(mayBeHalfWritten, (unreadable) => unsaved(renewed, unreadable))
                )
              : unsaved(renewed, error)
        })
      )

    const unsavedSession = Effect.map(session.state, (known) =>
      known._tag === "SignedIn" && known.spent !== null ? Option.some(known) : Option.none()
    )

    /** The session in memory, stored now if it could not be before; else what the store holds. */
    const saveUnsaved = Effect.flatMap(
      unsavedSession,
      Option.match({ onNone: () => session.reloadFromStore, onSome: (known) => Effect.uninterruptible(save(known)) })
    )

    /** Why the session in memory can't be stored, after another try; null when there is nothing to store. */
    const whyUnsaved: Effect.Effect<string | null> = Effect.gen(function* () {
      if (Option.isNone(yield* unsavedSession)) return null
      yield* Effect.ignore(session.exclusive(saveUnsaved))
      return Option.isSome(yield* unsavedSession) ? yield* Ref.get(problem) : null
    })

    return { save, saveUnsaved, whyUnsaved }
  })
