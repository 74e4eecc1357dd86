/** Usage and reset credits over the backend's HTTP API. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { BackendError } from "../domain/BackendError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession } from "../services/AuthSession.js"
import { BackendHttp } from "../services/BackendHttp.js"
import * as Metrics from "../services/Metrics.js"
import { RateLimits, type ReadUsage } from "../services/RateLimits.js"
import { ensureStill } from "./internal/callUnderPolicy.js"
import { makeEpochCache, makeSharedRead } from "./internal/SharedRead.js"
import { consumeOutcomeFromWire, logUnread, usageFromWire, withResetCredits } from "./internal/usageFromWire.js"
import { perAccount } from "./internal/perAccount.js"

/** A snapshot, with the number of the read that brought it: a higher one began later. */
interface Kept {
  readonly snapshot: UsageSnapshot
  readonly read: number
}

/** The longest that a `Retry-After` is remembered. */
const maxQuietMillis = Duration.toMillis(Duration.minutes(10))

const make = Effect.gen(function* () {
  const backend = yield* BackendHttp
  const session = yield* AuthSession
  const config = yield* AccountConfig
  const shared = yield* makeSharedRead<UsageSnapshot, Effect.Effect.Error<ReturnType<RateLimits["Type"]["read"]>>>()
  const intervalMillis = Duration.toMillis(config.usageInterval)

  /** The last snapshot, and until when the backend wants to be left alone, by identity and kind of read. */
  const recent = makeEpochCache<Kept>()
  const quietUntil = new Map<string, number>()
  let reads = 0
  /** Reads numbered up to this one are stale: they are delivered to their waiters and not kept. */
  let forgotten = 0
  const invalidate = () => {
    forgotten = reads
    recent.clear()
  }

  const readUsage = backend.read("usage.read", (client, { session: reader }) =>
    Effect.zipWith(Effect.tap(client.usage.read(), logUnread("usage.read")), DateTime.now, (response, fetchedAt) =>
      usageFromWire(response, { identity: reader.identity, fetchedAt })
    )
  )
  const readCredits = backend.read("resetCredits.list", (client, { session: reader }) =>
    Effect.map(Effect.tap(client.resetCredits.list(), logUnread("resetCredits.list")), (response) => ({
      reader: reader.identity,
      response
    }))
  )

  const readBoth = (options: ReadUsage): ReturnType<RateLimits["Type"]["read"]> => {
    if (options.details === false) return readUsage
    const credits = readCredits.pipe(
      Effect.catchAll((error) =>
        Effect.as(Effect.logDebug(`Only the number of reset credits is known. ${error.message}`), null)
      )
    )
    // A fork costs a fifth of a concurrent zip.
    return Effect.flatMap(Effect.fork(credits), (fiber) =>
      Effect.zipWith(
        Effect.onError(readUsage, () => Fiber.interruptFork(fiber)),
        Fiber.join(fiber),
        (snapshot, found) =>
          found === null || !sameIdentity(found.reader, snapshot.identity)
            ? snapshot
            : withResetCredits(snapshot, found.response)
      )
    )
  }

  const keep = (key: string, epoch: number, options: ReadUsage): ReturnType<RateLimits["Type"]["read"]> =>
    Effect.suspend(() => {
      const read = ++reads
      return Effect.tapBoth(readBoth(options), {
        onFailure: (error) =>
          error._tag === "BackendError" && error.reason === "RateLimited" && error.retryAfterMillis !== null
            ? Effect.map(Clock.currentTimeMillis, (now) =>
                quietUntil.set(key, now + Math.min(error.retryAfterMillis ?? 0, maxQuietMillis))
              )
            : Effect.void,
        onSuccess: (snapshot) =>
          Effect.zipRight(
            Metrics.recordReading(snapshot),
            Effect.sync(() => {
              if (!key.startsWith(snapshot.identity.key)) return
              if (read > Math.max(forgotten, recent.get(key)?.read ?? 0)) recent.set(epoch, key, { snapshot, read })
            })
          )
      })
    })

  const ensureSameReader = (snapshot: UsageSnapshot) => ensureStill(session, snapshot.identity, "usage.read")

  const ensureNotQuiet = (key: string, now: number) => {
    const retryAfterMillis = (quietUntil.get(key) ?? 0) - now
    const error = { operation: "usage.read", reason: "RateLimited", status: 429, requestId: null } as const
    return retryAfterMillis <= 0 ? Effect.void : Effect.fail(new BackendError({ ...error, retryAfterMillis }))
  }

  return RateLimits.of({
    read: (options = {}) =>
      Effect.gen(function* () {
        const reader = yield* session.current
        const epoch = yield* session.epoch
        const now = yield* Clock.currentTimeMillis
        recent.enter(epoch)
        const key = `${reader.identity.key}${options.details === false ? " count" : ""}`
        yield* ensureNotQuiet(key, now)
        const read = keep(key, epoch, options)
        if (options.fresh === true) return yield* Effect.tap(read, ensureSameReader)
        const known = options.fresh === "join" ? undefined : recent.get(key)
        if (known !== undefined && now - known.snapshot.fetchedAt.epochMillis < intervalMillis) return known.snapshot
        return yield* Effect.tap(shared(`${epoch} ${forgotten} ${key}`, read), ensureSameReader)
      }),
    consume: ({ as, creditId, key }) =>
      backend
        .act("resetCredits.consume", as, (client) =>
          client.resetCredits.consume({
            payload: { redeem_request_id: key, ...(creditId === undefined ? {} : { credit_id: creditId }) }
          })
        )
        .pipe(Effect.map(consumeOutcomeFromWire), Effect.ensuring(Effect.sync(invalidate)))
  })
})

export const layer = perAccount(Layer.scoped(RateLimits, make), AccountConfig, AuthSession, BackendHttp)
