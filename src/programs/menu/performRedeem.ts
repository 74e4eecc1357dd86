/** The commands of the redemption flow, done. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ActError } from "../../domain/ActError.js"
import { type Identity, sameIdentity } from "../../domain/Identity.js"
import { RedeemKey } from "../../domain/ResetCredit.js"
import { AuthSession } from "../../services/AuthSession.js"
import type { Lease } from "../../services/Lease.js"
import type { OperationJournal } from "../../services/OperationJournal.js"
import { OperationKeys } from "../../services/OperationKeys.js"
import type { RateLimits } from "../../services/RateLimits.js"
import { readUsage } from "../usage.js"
import { earlierRedemption, quietReset, redeemConfirmed } from "../redeemConfirmed.js"
import { withoutSummary } from "./Failure.js"
import type { Command, Confirmed, Event } from "./RedeemFlow.js"

const usageOf = (as: Identity) =>
  Effect.filterOrFail(
    readUsage({ fresh: true }),
    (usage) => sameIdentity(usage.identity, as),
    () => ActError.of("redeem", "IdentityChanged")
  )

/** A redemption whose outcome is open is carried on first, whatever the backend says is available now. */
const load = (id: number, as: Identity) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const { session } = yield* auth.authorization
    if (!sameIdentity(session.identity, as)) return yield* ActError.of("redeem", "IdentityChanged")
    const open = yield* earlierRedemption(as, undefined)
    if (Option.isSome(open)) return { _tag: "OpenFound", id, operation: open.value } satisfies Event
    const usage = yield* usageOf(as)
    if (usage.resetCredits === null) return { _tag: "LoadFailed", id, error: withoutSummary } satisfies Event
    const quiet = yield* quietReset(as)
    const quietUntil = Option.match(quiet, { onNone: () => null, onSome: ({ until }) => until })
    return { _tag: "Loaded", id, usage, quietUntil } satisfies Event
  })

/** The key goes with every answer, so that another attempt has the same one. */
const consume = (id: number, as: Identity, { again, creditId, key: given }: Confirmed) =>
  Effect.gen(function* () {
    const keys = yield* OperationKeys
    const key = given ?? RedeemKey.make(yield* keys.next)
    yield* Effect.annotateCurrentSpan({ key })
    return yield* Effect.match(redeemConfirmed({ as, key, creditId: creditId ?? undefined, again }), {
      onFailure: (error): Event => ({ _tag: "ConsumeFailed", id, key, error }),
      onSuccess: ({ outcome }): Event => ({ _tag: "Consumed", id, key, outcome })
    })
  })

/** Looks up what there is to redeem, redeems what was confirmed, or reads what is left. */
export const performRedeem = (
  command: Command
): Effect.Effect<Event, never, AuthSession | Lease | OperationJournal | RateLimits> => {
  const { as, id } = command
  switch (command._tag) {
    case "Load":
      return Effect.catchAll(load(id, as), (error) => Effect.succeed<Event>({ _tag: "LoadFailed", id, error })).pipe(
        Effect.withSpan("usageMenu.loadResets")
      )
    case "Consume":
      return consume(id, as, command.confirmed).pipe(Effect.withSpan("usageMenu.redeem"))
    case "Refresh":
      return Effect.match(usageOf(as), {
        onFailure: (error): Event => ({ _tag: "RefreshFailed", id, error }),
        onSuccess: (usage): Event => ({ _tag: "Refreshed", id, usage })
      }).pipe(Effect.withSpan("usageMenu.readAfterReset"))
  }
}
