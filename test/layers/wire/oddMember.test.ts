/** One odd member costs its place alone: whatever stands in one or two places, everything else reads as before. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, notDeepStrictEqual, ok } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Equal from "effect/Equal"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { rateLimitsResult } from "../../../src/app-server/server/results.js"
import { GetAccountRateLimitsResponse } from "../../../src/app-server/protocol/schemas/Usage.js"
import { usageFields, usageValue } from "../../../src/cli/json/outputs.js"
import {
  AccountsCheckResponse,
  ProfileResponse,
  ResetCreditsResponse,
  WorkspaceMessagesResponse
} from "../../../src/contracts/BackendEndpoints.js"
import type { UsageSnapshot } from "../../../src/domain/UsageSnapshot.js"
import { verdict } from "../../../src/domain/Verdict.js"
import { withResetCredits } from "../../../src/layers/internal/usageFromWire.js"
import { tokenActivityFromWire } from "../../../src/layers/TokenUsageHttp.js"
import { workspaceMessagesFromWire } from "../../../src/layers/WorkspaceMessagesHttp.js"
import { WorkspacesResponse } from "../../../src/contracts/WorkspaceEndpoints.js"
import { workspacesFromWire } from "../../../src/layers/WorkspacesHttp.js"
import { roleFromWire } from "../../../src/layers/WorkspaceRoleHttp.js"
import * as WireArbitraries from "../../testing/wireArbitraries.js"
import { fetchedAt, identity, type Json, rateLimit, read, usage } from "./json.js"

const runs = { fastCheck: { numRuns: 300 } }
type Path = ReadonlyArray<string | number>

/** Every member and entry of an answer that the contract knows. */
const places = (json: unknown, at: Path = []): ReadonlyArray<Path> => {
  const inner: ReadonlyArray<readonly [string | number, unknown]> = Array.isArray(json)
    ? json.map((value: unknown, index) => [index, value] as const)
    : Predicate.isRecord(json) && !opaque.has(String(at.at(-1)))
      ? Object.entries(json)
      : []
  return inner.flatMap(([name, value]) => [[...at, name], ...places(value, [...at, name])])
}

const opaque = new Set(["rate_limit_upsell", "source", "approx_local_messages", "approx_cloud_messages"])

const replaced = (json: unknown, [name, ...rest]: Path, value: unknown): unknown => {
  if (name === undefined) return value
  if (Array.isArray(json)) return json.map((entry: unknown, at) => (at === name ? replaced(entry, rest, value) : entry))
  if (!Predicate.isRecord(json)) return json
  return { ...json, [name]: replaced(json[name], rest, value) }
}

const anything = FastCheck.oneof(
  FastCheck.constantFrom(null, true, "", "x", "12.5", 0, -1, 12.5, 1e13, 1e300, [], {}, [null], { type: 1 }),
  FastCheck.jsonValue()
)

interface Spoilt {
  readonly json: Json
  readonly odd: unknown
  readonly at: ReadonlyArray<string>
}

/** An answer, with one or two of its places replaced. */
const spoilt = (answer: FastCheck.Arbitrary<Json>): FastCheck.Arbitrary<Spoilt> =>
  answer.chain((json): FastCheck.Arbitrary<Spoilt> => {
    const all = places(json)
    if (all.length === 0) return FastCheck.constant({ json, odd: json, at: [] })
    const place = FastCheck.record({ path: FastCheck.constantFrom(...all), value: anything })
    return FastCheck.array(place, { minLength: 1, maxLength: 2 }).map((changes) => ({
      json,
      odd: changes.reduce<unknown>((whole, { path, value }) => replaced(whole, path, value), json),
      at: changes.map(({ path }) => path.join("."))
    }))
  })

const within = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}.`)
const touches = (a: string, b: string) => within(a, b) || within(b, a)

/** A value that is read, and the places that it is read from. */
type View = readonly [from: ReadonlyArray<string>, value: unknown]

const compare = (before: ReadonlyArray<View>, after: ReadonlyArray<View>, at: ReadonlyArray<string>) => {
  for (const [index, [from, value]] of before.entries()) {
    if (from.some((place) => at.some((odd) => touches(place, odd)))) continue
    deepStrictEqual(after[index]?.[1], value, `${from.join(" ")} after ${at.join(" ")}`)
  }
}

const limitViews = (limit: UsageSnapshot["main"] | undefined, path: string): ReadonlyArray<View> => [
  [[`${path}.allowed`, `${path}.limit_reached`], limit?.allowed],
  ...(["primary", "secondary"] as const).flatMap((slot): ReadonlyArray<View> => {
    const window = limit?.windows.find((one) => one.slot === slot)
    const place = `${path}.${slot}_window`
    const used = `${place}.used_percent`
    return [
      [[used], window?.usedPercent],
      [[used, `${place}.limit_window_seconds`], window?.durationMinutes],
      [[used, `${place}.reset_at`, `${place}.reset_after_seconds`], window?.resetsAt]
    ]
  })
]

const encodeJson = Schema.encodeSync(Schema.Struct(usageFields))
const encodeResult = Schema.encodeSync(GetAccountRateLimitsResponse)
const known = ["plan_type", "rate_limit", "credits", "spend_control", "rate_limit_reached_type"]
const resets = "rate_limit_reset_credits"

/** A snapshot in the library, in `usage --json`, in the guard and in the app-server's result. */
const views = (snapshot: UsageSnapshot, json: unknown): ReadonlyArray<View> => {
  const judged = verdict(snapshot, { now: DateTime.add(fetchedAt, { minutes: 1 }) })
  const shown = encodeJson(usageValue({ snapshot, verdict: judged })).usage
  const result = encodeResult(rateLimitsResult(snapshot, { isFedramp: false }))
  const entries = Predicate.isRecord(json) ? json["additional_rate_limits"] : null
  let next = 0
  const further = (Array.isArray(entries) ? entries : []).flatMap((entry: unknown, index): ReadonlyArray<View> => {
    const limit = Predicate.isRecord(entry) ? snapshot.additional[next++] : undefined
    const path = `additional_rate_limits.${index}`
    return [
      [[`${path}.metered_feature`, `${path}.limit_name`], limit?.id],
      [[`${path}.limit_name`], limit?.name],
      [[`${path}.normal_model_slug`], limit?.normalModelSlug],
      ...limitViews(limit, `${path}.rate_limit`)
    ]
  })
  const own = snapshot.spendControl?.individualLimit
  const allowance = "spend_control.individual_limit"
  return [
    [["plan_type"], snapshot.plan],
    ...limitViews(snapshot.main, "rate_limit"),
    [["credits.unlimited"], snapshot.credits?.unlimited],
    [["credits.balance"], snapshot.credits?.balance],
    [["credits.has_credits", "credits.balance", "credits.unlimited"], snapshot.credits?.hasCredits],
    [["spend_control.reached"], snapshot.spendControl?.reached],
    [[allowance], own],
    [["rate_limit_reached_type"], snapshot.reachedType],
    [[resets], snapshot.resetCredits],
    [["account_id"], snapshot.backendAccountId],
    [["user_id"], snapshot.backendUserId],
    [["rate_limit_upsell"], snapshot.upsell],
    [["rate_limit"], shown.limits[0]],
    [["additional_rate_limits", "code_review_rate_limit"], shown.limits.slice(1)],
    [["credits"], [shown.credits, result.rateLimits.credits]],
    [["spend_control"], [shown.spendControl, result.rateLimits.individualLimit]],
    [[resets], [shown.resetCredits, result.rateLimitResetCredits]],
    [["rate_limit.primary_window"], result.rateLimits.primary],
    [["rate_limit.secondary_window"], result.rateLimits.secondary],
    [known, judged.isUsable],
    ...further
  ]
}

describe("usage", () => {
  it.prop(
    "everything else reads as before, and what does not is named",
    [spoilt(WireArbitraries.usage)],
    ([{ at, json, odd }]) => {
      const [before, after] = [read(json), read(odd)]
      compare(views(before, json), views(after, odd), at)
      for (const path of after.unread.filter((name) => !before.unread.includes(name)))
        ok(
          at.some((place) => touches(place, path)),
          `${path} after ${at.join(" ")}`
        )
    },
    runs
  )

  it.prop(
    "a member that can't be anything is named",
    [WireArbitraries.usage, FastCheck.nat()],
    ([json, pick]) => {
      const told = places(json).filter((path) => {
        const value = path.reduce<unknown>((inner, name) => (inner as Json)[name], json)
        return value !== null && !path.some((name) => opaque.has(String(name)))
      })
      const path = told[pick % Math.max(1, told.length)]
      if (path === undefined) return
      const { unread } = read(replaced(json, path, [[]]))
      // A list takes a list, whose entry is then the odd one.
      ok(
        unread.some((name) => within(name, path.join(".")) || within(path.join("."), name)),
        path.join(".")
      )
    },
    runs
  )

  it("control: a window that is left out is seen", () => {
    const json = usage({ rate_limit: rateLimit() })
    const odd = replaced(json, ["rate_limit", "primary_window", "used_percent"], null)
    notDeepStrictEqual(views(read(odd), odd), views(read(json), json))
    deepStrictEqual(read(odd).unread, ["rate_limit.primary_window.used_percent"])
  })
})

/** The entries of a list that are read from objects, or null where there are none. */
const entries = (json: unknown, name: string): ReadonlyArray<unknown> => {
  const list = Predicate.isRecord(json) ? json[name] : null
  return Array.isArray(list) ? list : []
}

/** Of a list, whose entries are worth nothing without `needed`: what is read of each that is not touched itself. */
const untouched = (name: string, json: unknown, at: ReadonlyArray<string>, values: ReadonlyArray<unknown>) => {
  const kept = entries(json, name).flatMap((_, index) =>
    at.some((odd) => touches(`${name}.${index}`, odd)) ? [] : [index]
  )
  ok(values.length >= kept.length)
  return kept
}

const decoding = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownOption(schema)
  return (json: unknown) => Option.getOrThrow(decode(json))
}

describe("lists", () => {
  const creditsOf = decoding(ResetCreditsResponse)
  const resetsOf = (json: unknown) => withResetCredits(read(usage()), creditsOf(json)).resetCredits

  it.prop(
    "an odd member of a credit leaves the others",
    [spoilt(WireArbitraries.resetCredits)],
    ([{ at, json, odd }]) => {
      const [before, after] = [resetsOf(json), resetsOf(odd)]
      for (const index of untouched("credits", json, at, before?.credits ?? [])) {
        const credit = before?.credits?.[index]
        ok(after?.credits?.some((one) => JSON.stringify(one) === JSON.stringify(credit)))
      }
      if (!at.some((odd) => touches("available_count", odd) || touches("credits", odd))) {
        deepStrictEqual(after?.availableCount, before?.availableCount)
      }
    },
    runs
  )

  const messagesOf = decoding(WorkspaceMessagesResponse)
  it.prop(
    "an odd member of a message leaves the others",
    [spoilt(WireArbitraries.messages)],
    ([{ at, json, odd }]) => {
      const [before, after] = [json, odd].map((body) => workspaceMessagesFromWire(messagesOf(body)).messages)
      for (const index of untouched("messages", json, at, before ?? [])) {
        ok(after?.some((one) => JSON.stringify(one) === JSON.stringify(before?.[index])))
      }
    },
    runs
  )

  const profileOf = decoding(ProfileResponse)
  it.prop(
    "an odd total or day leaves the others",
    [spoilt(WireArbitraries.profile)],
    ([{ at, json, odd }]) => {
      const [before, after] = [json, odd].map((body): ReadonlyArray<View> => {
        const activity = tokenActivityFromWire(profileOf(body), { identity, fetchedAt })
        return [
          [["stats.lifetime_tokens"], activity.lifetimeTokens],
          [["stats.peak_daily_tokens"], activity.peakDailyTokens],
          [["stats.longest_running_turn_sec"], activity.longestRunningTurnSeconds],
          [["stats.current_streak_days"], activity.currentStreakDays],
          [["stats.longest_streak_days"], activity.longestStreakDays],
          [["stats.daily_usage_buckets"], activity.daily]
        ]
      })
      compare(before ?? [], after ?? [], at)
    },
    runs
  )

  const accountsOf = decoding(AccountsCheckResponse)
  it.prop(
    "an odd account leaves the others their role",
    [spoilt(WireArbitraries.accountsCheck)],
    ([{ at, json, odd }]) => {
      const accounts = Predicate.isRecord(json["accounts"]) ? Object.keys(json["accounts"]) : []
      for (const id of accounts) {
        if (at.some((place) => touches(`accounts.${id}`, place) || place.startsWith("accounts."))) continue
        deepStrictEqual(roleFromWire(accountsOf(odd), id), roleFromWire(accountsOf(json), id))
      }
    },
    runs
  )

  const workspacesOf = decoding(WorkspacesResponse)
  const named = (json: unknown) => workspacesFromWire(workspacesOf(json), "https://chatgpt.com")
  it.prop(
    "an odd workspace leaves the others as they are",
    [spoilt(WireArbitraries.workspaces)],
    ([{ at, json, odd }]) => {
      const accounts = json["accounts"]
      if (!Array.isArray(accounts)) return
      const present = named(odd)
      for (const index of accounts.keys()) {
        if (at.some((place) => touches(`accounts.${index}`, place))) continue
        // By itself it reads as it does among the others.
        for (const alone of named({ accounts: [accounts[index]] })) {
          ok(present.some((one) => Equal.equals(one, alone)))
        }
      }
    },
    runs
  )
})
