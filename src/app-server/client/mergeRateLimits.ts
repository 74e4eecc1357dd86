/** Applies `account/rateLimits/updated`, which holds only what has changed, to rate limits that were read before. */
import type { GetAccountRateLimitsResponse, RateLimitSnapshot } from "../protocol/schemas/Usage.js"

type Window = NonNullable<RateLimitSnapshot["primary"]>
type Slot = "primary" | "secondary"

const theOther = (slot: Slot): Slot => (slot === "primary" ? "secondary" : "primary")

/** Where the window stood that this one goes on with: a window is known by its length, not by its slot. */
const placeOf = (last: RateLimitSnapshot, window: Window, slot: Slot): Slot => {
  const mins = window.windowDurationMins
  const elsewhere =
    mins !== null && last[slot]?.windowDurationMins !== mins && last[theOther(slot)]?.windowDurationMins === mins
  return elsewhere ? theOther(slot) : slot
}

const mergeWindow = (last: Window | null, update: Window): Window => {
  const mins = update.windowDurationMins ?? last?.windowDurationMins ?? null
  const isSame = last !== null && last.windowDurationMins === mins
  return { ...update, windowDurationMins: mins, resetsAt: update.resetsAt ?? (isSame ? last.resetsAt : null) }
}

const mergeWindows = (last: RateLimitSnapshot, update: RateLimitSnapshot): Pick<RateLimitSnapshot, Slot> => {
  const updated = (["primary", "secondary"] as const).flatMap((slot) => {
    const window = update[slot]
    return window === null ? [] : [{ slot, window, place: placeOf(last, window, slot) }]
  })
  const isClear = new Set(updated.map(({ place }) => place)).size === updated.length
  const merged = { primary: last.primary, secondary: last.secondary }
  for (const { place, slot, window } of updated) {
    const target = isClear ? place : slot
    merged[target] = mergeWindow(last[target], window)
  }
  return merged
}

/**
 * What the update leaves out stays. A window goes on with the one of the same length.
 * @since 0.1.0
 * @category combinators
 */
export const mergeSnapshot = (last: RateLimitSnapshot, update: RateLimitSnapshot): RateLimitSnapshot => ({
  limitId: update.limitId ?? last.limitId,
  limitName: update.limitName ?? last.limitName,
  normalModelSlug: update.normalModelSlug ?? last.normalModelSlug,
  ...mergeWindows(last, update),
  credits: update.credits ?? last.credits,
  individualLimit: update.individualLimit ?? last.individualLimit,
  spendControlReached: update.spendControlReached ?? last.spendControlReached,
  planType: update.planType ?? last.planType,
  rateLimitReachedType: update.rateLimitReachedType ?? last.rateLimitReachedType
})

const mainLimit = "codex"

const idOf = ({ limitId }: RateLimitSnapshot): string => limitId ?? mainLimit

/**
 * The last answer of `account/rateLimits/read` with an `account/rateLimits/updated` of the same account applied. A
 * null clears nothing: that a limit is reached no more is only known after the next read. A limit without an id is
 * Codex's own; one that is new is added.
 * @since 0.1.0
 * @category combinators
 */
export const mergeRateLimits = (
  last: GetAccountRateLimitsResponse,
  update: RateLimitSnapshot
): GetAccountRateLimitsResponse => {
  const id = idOf(update)
  const isMain = id === idOf(last.rateLimits)
  const byId = last.rateLimitsByLimitId ?? (isMain ? null : { [idOf(last.rateLimits)]: last.rateLimits })
  const main = isMain ? mergeSnapshot(last.rateLimits, update) : last.rateLimits
  if (byId === null) return { ...last, rateLimits: main }
  const known = Object.hasOwn(byId, id) ? byId[id] : undefined
  const merged = known === undefined ? (isMain ? main : update) : mergeSnapshot(known, update)
  return { ...last, rateLimits: main, rateLimitsByLimitId: { ...byId, [id]: merged } }
}
