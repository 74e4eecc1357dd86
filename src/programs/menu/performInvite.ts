/** The command of the invite flow, done. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AuthSession } from "../../services/AuthSession.js"
import type { Lease } from "../../services/Lease.js"
import type { OperationJournal } from "../../services/OperationJournal.js"
import type { Referrals } from "../../services/Referrals.js"
import { earlierInvite, emailDigest, inviteConfirmed } from "../invite.js"
import type { Failure } from "./Failure.js"
import type { Command, Event } from "./InviteFlow.js"

/** Whether nothing was sent because of an earlier invite to the same address. */
const isForEarlier = (error: Failure): boolean =>
  error._tag === "ActError" && (error.reason === "Unresolved" || error.reason === "NotNeeded")

/** Sends the invite that was confirmed, or finds the earlier one that stands in its way. */
export const performInvite = ({
  again,
  email,
  id,
  offer
}: Command): Effect.Effect<Event, never, AuthSession | Lease | OperationJournal | Referrals> =>
  Effect.gen(function* () {
    const { key, reward } = yield* inviteConfirmed({ offer, email, again })
    yield* Effect.annotateCurrentSpan({ key, reward })
    return { _tag: "InviteSent", id, reward, key } satisfies Event
  }).pipe(
    Effect.catchIf(isForEarlier, (error) =>
      Effect.map(
        Effect.flatMap(emailDigest(offer.identity, email), (target) => earlierInvite(offer.identity, target)),
        Option.match({
          onNone: (): Event => ({ _tag: "SendFailed", id, error }),
          onSome: (operation): Event => ({ _tag: "EarlierFound", id, operation })
        })
      )
    ),
    Effect.catchAll((error) => Effect.succeed<Event>({ _tag: "SendFailed", id, error })),
    Effect.withSpan("usageMenu.invite")
  )
