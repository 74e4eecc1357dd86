/** An act that somebody else has decided on: one request, with the journal around it. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { CallPolicy } from "../domain/CallPolicy.js"
import type { JournalError } from "../domain/JournalError.js"
import { AuthSession } from "../services/AuthSession.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import type { Around } from "../services/RateLimits.js"
import { applyPolicy } from "./applyPolicy.js"
import { isDefiniteRefusal, type JournaledAct, journaledAct } from "./journaledAct.js"

/**
 * The same call with one attempt, in the time of one attempt, and without a recovery after a 401: whoever decides on the
 * act decides on the next one too.
 */
export const onlyOnce = (policy: CallPolicy): CallPolicy =>
  new CallPolicy({
    ...policy,
    repeat: "never",
    keyField: null,
    attempts: 1,
    overallTimeout: policy.attemptTimeout,
    retryOn: []
  })

/**
 * Sends the act once and records it. A request that came to nothing, or to an unknown end, fails with what the backend or
 * the network said: the journal knows which of the two it is.
 */
export const actOnce = <A>(
  policy: CallPolicy,
  act: Omit<JournaledAct<A>, "before" | "isRejection" | "policy">
): Effect.Effect<A, ActError | AuthError | BackendError | JournalError, AuthSession | Lease | OperationJournal> =>
  Effect.gen(function* () {
    const once = applyPolicy(onlyOnce(policy), yield* AuthSession)
    const last = yield* Ref.make(Option.none<AuthError | BackendError>())
    const around: Around = (attempt) => Effect.tapError(once(attempt), (error) => Ref.set(last, Option.some(error)))
    return yield* journaledAct({ ...act, policy: around, isRejection: isDefiniteRefusal, before: Effect.void }).pipe(
      Effect.map(({ answer }) => answer),
      Effect.catchTag("ActError", (error) =>
        Effect.flatMap(Ref.get(last), (said) => Effect.fail(Option.getOrElse(said, () => error)))
      )
    )
  })
