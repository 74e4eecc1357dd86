/** Notifications about usage that another client has read. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { sameIdentity } from "../../domain/Identity.js"
import type { UsageSnapshot } from "../../domain/UsageSnapshot.js"
import { AuthSession } from "../../services/AuthSession.js"
import { type GetAccountRateLimitsResponse, RateLimitSnapshot } from "../protocol/schemas/Usage.js"
import { Connections } from "./Connections.js"
import { CurrentSession } from "./CurrentSession.js"

const isSame = Schema.equivalence(RateLimitSnapshot)

/** Every limit of the answer, the main one first. */
const limitsOf = ({
  rateLimits,
  rateLimitsByLimitId
}: GetAccountRateLimitsResponse): ReadonlyMap<string, RateLimitSnapshot> =>
  new Map([
    [rateLimits.limitId ?? "", rateLimits] as const,
    ...Object.entries(rateLimitsByLimitId ?? {}).filter(([id]) => id !== rateLimits.limitId)
  ])

export class UsageEvents extends Effect.Service<UsageEvents>()("effect-codex-account/app-server/server/UsageEvents", {
  effect: Effect.gen(function* () {
    const auth = yield* AuthSession
    const connections = yield* Connections
    const sessions = yield* CurrentSession
    let last: {
      readonly epoch: number
      readonly snapshot: UsageSnapshot
      readonly limits: ReadonlyMap<string, RateLimitSnapshot>
    } | null = null

    return {
      /**
       * Notifies the other clients of what a reading of `connection` has changed: each limit whose numbers differ from the
       * previous reading of the same identity. A first reading, or one older than the previous, changes nothing.
       */
      read: (connection: number, snapshot: UsageSnapshot, result: GetAccountRateLimitsResponse) =>
        Effect.gen(function* () {
          const session = yield* sessions.present
          const epoch = yield* auth.epoch
          if (session === null || !sameIdentity(session.identity, snapshot.identity)) return
          const before = last
          const goesOn =
            before !== null && before.epoch === epoch && sameIdentity(before.snapshot.identity, snapshot.identity)
          if (goesOn && before.snapshot.fetchedAt.epochMillis > snapshot.fetchedAt.epochMillis) return
          const limits = limitsOf(result)
          last = { epoch, snapshot, limits }
          if (!goesOn) return
          for (const [id, limit] of limits) {
            const known = before.limits.get(id)
            if (known !== undefined && isSame(known, limit)) continue
            yield* connections.broadcast(
              "account/rateLimits/updated",
              { rateLimits: limit },
              (one) => one.id !== connection
            )
          }
        })
    }
  })
}) {}
