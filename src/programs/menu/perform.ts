/**
 * The menu's commands, done.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { BackendError } from "../../domain/BackendError.js"
import { type Identity, sameIdentity } from "../../domain/Identity.js"
import { AuthSession } from "../../services/AuthSession.js"
import type { Lease } from "../../services/Lease.js"
import { OperationJournal } from "../../services/OperationJournal.js"
import type { RateLimits } from "../../services/RateLimits.js"
import type { Referrals } from "../../services/Referrals.js"
import type { TokenUsage } from "../../services/TokenUsage.js"
import type { WorkspaceRole } from "../../services/WorkspaceRole.js"
import { loadOffer } from "../invite.js"
import { readUsage } from "../usage.js"
import { performInvite } from "./performInvite.js"
import { performNudge } from "./performNudge.js"
import { performRedeem } from "./performRedeem.js"
import { performUsage } from "./performUsage.js"
import type { Command, Event } from "./UsageMenu.js"

/**
 * What the menu's commands need.
 *
 * @since 0.1.0
 * @category models
 */
export type MenuServices = AuthSession | Lease | OperationJournal | RateLimits | Referrals | TokenUsage | WorkspaceRole

/** Whether a redemption can be carried on; without the journal none can. */
const hasOpenRedemption = (as: Identity) =>
  Effect.flatMap(OperationJournal, (journal) => journal.list({ act: "redeem", identity: as, open: true })).pipe(
    Effect.map((open) => open.length > 0),
    Effect.orElseSucceed(() => false)
  )

const readCount = (
  id: number,
  as: Identity
): Effect.Effect<Event, never, AuthSession | OperationJournal | RateLimits> =>
  Effect.zip(readUsage({ fresh: true }), hasOpenRedemption(as)).pipe(
    Effect.match({
      onFailure: (error): Event => ({ _tag: "CountFailed", id, error }),
      onSuccess: ([usage, isOpen]): Event => ({ _tag: "CountLoaded", id, usage, isOpen })
    })
  )

/** An offer has to name the user and the account. */
const offerFor = (as: Identity) =>
  Effect.gen(function* () {
    if (as.userId === null || as.accountId === null) return null
    const offer = yield* loadOffer
    if (Option.isSome(offer) && !sameIdentity(offer.value.identity, as)) {
      return yield* BackendError.of("referrals.eligibility", "IdentityChanged")
    }
    return Option.getOrNull(offer)
  })

const readOffer = (id: number, as: Identity): Effect.Effect<Event, never, AuthSession | Referrals> =>
  Effect.match(offerFor(as), {
    onFailure: (error): Event => ({ _tag: "OfferFailed", id, error }),
    onSuccess: (offer): Event => ({ _tag: "OfferLoaded", id, offer })
  })

/** How long the wait for a point in time goes on without a look at the clock, which a machine that sleeps puts forward. */
const longestSleep = Duration.seconds(30)

const waitUntil = (time: DateTime.Utc): Effect.Effect<void> =>
  Effect.flatMap(DateTime.now, (now) =>
    DateTime.greaterThanOrEqualTo(now, time)
      ? Effect.void
      : Effect.zipRight(Effect.sleep(Duration.min(DateTime.distanceDuration(now, time), longestSleep)), waitUntil(time))
  )

/**
 * Does what the menu wants done, and tells what became of it: a failure is an event too. To interrupt it is to interrupt
 * the act, whose outcome the journal then has as unknown, if anything had left.
 *
 * @since 0.1.0
 * @category programs
 */
export const perform = (command: Command): Effect.Effect<Event, never, MenuServices> => {
  switch (command._tag) {
    case "ReadCount":
      return readCount(command.id, command.as)
    case "LoadOffer":
      return readOffer(command.id, command.as)
    case "AwaitExpiry":
      return Effect.as(waitUntil(command.until), { _tag: "OfferExpired", id: command.id })
    case "Usage":
      return Effect.map(performUsage(command.command), (event) => ({ _tag: "Usage", event }))
    case "Redeem":
      return Effect.map(performRedeem(command.command), (event) => ({ _tag: "Redeem", event }))
    case "Invite":
      return Effect.map(performInvite(command.command), (event) => ({ _tag: "Invite", event }))
    case "Nudge":
      return Effect.map(performNudge(command.command), (event) => ({ _tag: "Nudge", event }))
  }
}

/**
 * Every identity boundary, for the menu. Listen to it before anything is performed.
 *
 * @since 0.1.0
 * @category programs
 */
export const changes: Stream.Stream<Event, never, AuthSession> = Stream.unwrap(
  Effect.map(AuthSession, (session) =>
    Stream.map(session.changes, (change): Event => ({ _tag: "AccountChanged", change }))
  )
)
