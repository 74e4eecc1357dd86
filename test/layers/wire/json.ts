/** Raw JSON as the backend sends it, and the way from there through the contract and the mapping. */
import { deepStrictEqual } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { UsageResponse } from "../../../src/contracts/BackendEndpoints.js"
import { AccountId, Identity, UserId } from "../../../src/domain/Identity.js"
import type { UsageSnapshot } from "../../../src/domain/UsageSnapshot.js"
import { usageFromWire } from "../../../src/layers/internal/usageFromWire.js"

export const identity = new Identity({ userId: UserId.make("user-1"), accountId: AccountId.make("acct-1") })
export const fetchedAt = DateTime.unsafeMake("2026-06-20T12:00:00Z")
export type Json = Readonly<Record<string, unknown>>

export const window: Json = {
  used_percent: 37,
  limit_window_seconds: 18_000,
  reset_after_seconds: 5400,
  reset_at: 1_783_000_000
}

export const weekly: Json = {
  used_percent: 61,
  limit_window_seconds: 604_800,
  reset_after_seconds: 260_000,
  reset_at: 1_783_254_600
}

export const rateLimit = (primary: unknown = window, secondary: unknown = weekly): Json => ({
  allowed: true,
  limit_reached: false,
  primary_window: primary,
  secondary_window: secondary
})

export const usage = (fields: Json = {}): Json => ({ plan_type: "plus", ...fields })

/** Parses the JSON text and decodes it, as an answer's body is. */
export const decoder = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(Schema.parseJson(schema))
  return (json: unknown) => decode(JSON.stringify(json))
}

const decodeUsage = decoder(UsageResponse)
export const read = (json: unknown): UsageSnapshot =>
  usageFromWire(Either.getOrThrow(decodeUsage(json)), { identity, fetchedAt })

export const without = (json: Json, key: string): Json =>
  Object.fromEntries(Object.entries(json).filter(([k]) => k !== key))

/** The answer reads as the other one does, but for what is named. */
export const readsAs = (json: Json, other: Json, ...unread: ReadonlyArray<string>) =>
  deepStrictEqual({ ...read(json) }, { ...read(other), unread })
