/** The backend's answers, through our own contracts and domain, come out as codex-cli 0.169.0 put them. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { methods } from "../../../src/app-server/protocol/methods.js"
import { serverNotifications } from "../../../src/app-server/protocol/notifications.js"
import {
  accountResult,
  accountUpdated,
  authStatusResult,
  rateLimitsResult,
  tokenUsageResult,
  workspaceMessagesResult
} from "../../../src/app-server/server/results.js"
import {
  ConsumeResponse,
  ProfileResponse,
  ResetCreditsResponse,
  UsageResponse,
  WorkspaceMessagesResponse
} from "../../../src/contracts/BackendEndpoints.js"
import { AccountId, Identity, UserId } from "../../../src/domain/Identity.js"
import { Session } from "../../../src/domain/Session.js"
import { RateLimit, UsageSnapshot } from "../../../src/domain/UsageSnapshot.js"
import { claimedRole, liveRole } from "../../../src/domain/WorkspaceRole.js"
import { tokenActivityFromWire } from "../../../src/layers/TokenUsageHttp.js"
import { consumeOutcomeFromWire, withResetCredits, usageFromWire } from "../../../src/layers/internal/usageFromWire.js"
import { noWorkspaceMessages, workspaceMessagesFromWire } from "../../../src/layers/WorkspaceMessagesHttp.js"
import type { Answer } from "../protocol/fixtures.js"
import * as recorded from "../protocol/fixtures.js"

const reader = {
  identity: new Identity({ userId: UserId.make("user-1"), accountId: AccountId.make("acct-1") }),
  fetchedAt: DateTime.unsafeMake("2026-06-20T12:00:00Z")
}

const body = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(Schema.parseJson(schema))
  return ({ body, status }: Answer): Either.Either<A, "refused"> =>
    status === 200 ? Either.mapLeft(decode(body), () => "refused" as const) : Either.left("refused")
}

const usageOf = body(UsageResponse)
const creditsOf = body(ResetCreditsResponse)
const profileOf = body(ProfileResponse)
const consumeOf = body(ConsumeResponse)

/** As the layer does it: without the list the count remains. */
const snapshotOf = (call: (typeof recorded.rateLimits)[number]): Either.Either<UsageSnapshot, "refused"> =>
  Either.map(usageOf(call.usage), (response) => {
    const snapshot = usageFromWire(response, reader)
    const credits = call.details ? Either.getOrNull(creditsOf(call.resetCredits)) : null
    return credits === null ? snapshot : withResetCredits(snapshot, credits)
  })

/** What goes over the wire: the JSON of a value. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const matches = (ours: Either.Either<unknown, "refused">, { result }: { error?: number; result?: string }) =>
  Either.match(ours, {
    onLeft: () => strictEqual(result, undefined),
    onRight: (value) => {
      // Where the original fails for one odd member, the rest is read here.
      if (result !== undefined) deepStrictEqual(sent(value), JSON.parse(result))
    }
  })

describe("account/rateLimits/read", () => {
  // The original passes a reset time of zero on, which is none.
  const calls = recorded.rateLimits.filter(({ label }) => label !== "primary reset_at_0")

  it.each(calls.map((call, n) => ({ ...call, n })))("$n $scenario $label", (call) => {
    const original = JSON.parse(call.result ?? "null")?.rateLimitResetCredits ?? null
    const ours = Either.map(snapshotOf(call), (snapshot) => {
      const result = rateLimitsResult(snapshot, { isFedramp: false })
      // For one odd credit the original drops the whole list.
      return original?.credits === null || original === null ? { ...result, rateLimitResetCredits: original } : result
    })
    matches(ours, call)
  })

  const rich = Either.getOrThrow(snapshotOf(recorded.rateLimits[0]!))
  const write = (fields: Partial<UsageSnapshot>, isFedramp = false) =>
    rateLimitsResult(new UsageSnapshot({ ...rich, ...fields }), { isFedramp })

  it("tells what is for the login alone only to that login", () => {
    const own = write({})
    strictEqual(own.ordinaryUsageAllowed, true)
    ok(own.rateLimitUpsell !== null)
    for (const result of [
      write({ backendUserId: "user-2" }),
      write({ backendAccountId: "acct-2" }),
      write({ backendUserId: null }),
      write({ backendAccountId: null }),
      write({ backendUserId: null, backendAccountId: null, identity: new Identity({ userId: null, accountId: null }) }),
      write({}, true)
    ]) {
      strictEqual(result.ordinaryUsageAllowed, null)
      strictEqual(result.rateLimitUpsell, null)
    }
    strictEqual(write({ backendAccountId: "acct-2" }).accountId, "acct-2")
  })

  it("of limits with one id the last counts, and one called codex stands in the map alone", () => {
    const [first, second] = rich.additional
    ok(first !== undefined && second !== undefined)
    const twice = write({ additional: [first, new RateLimit({ ...second, id: first.id })] })
    deepStrictEqual(Object.keys(twice.rateLimitsByLimitId ?? {}), ["codex", first.id])
    strictEqual(twice.rateLimitsByLimitId?.[first.id]?.limitName, second.name)
    const codex = write({ additional: [new RateLimit({ ...first, id: "codex" })] })
    strictEqual(codex.rateLimitsByLimitId?.codex?.limitName, first.name)
    strictEqual(codex.rateLimits.limitName, null)
    const proto = write({ additional: [new RateLimit({ ...first, id: "__proto__" })] })
    ok(Object.hasOwn(sent(proto.rateLimitsByLimitId) ?? {}, "__proto__"))
  })
})

describe("account/rateLimitResetCredit/consume", () => {
  it.each(recorded.consume)("$label", (call) => {
    const ours = Either.map(consumeOf(call.consume), (response) => ({ outcome: consumeOutcomeFromWire(response) }))
    matches(ours, call)
  })
})

describe("account/usage/read", () => {
  it.each(recorded.tokenUsage)("$label", (call) => {
    matches(
      Either.map(profileOf(call.profile), (response) => tokenUsageResult(tokenActivityFromWire(response, reader))),
      call
    )
  })
})

describe("account/workspaceMessages/read", () => {
  it("has every member of every message", () => {
    const answer = body(WorkspaceMessagesResponse)({
      status: 200,
      body: JSON.stringify({
        messages: [
          {
            message_id: "m-1",
            message_type: "headline",
            message_body: "Hello",
            created_at: "2026-07-01T00:00:00Z",
            archived_at: null
          },
          { message_id: "m-2", message_type: "poem", message_body: "" }
        ]
      })
    })
    deepStrictEqual(workspaceMessagesResult(workspaceMessagesFromWire(Either.getOrThrow(answer))), {
      featureEnabled: true,
      messages: [
        { messageId: "m-1", messageType: "headline", messageBody: "Hello", createdAt: 1_782_864_000, archivedAt: null },
        { messageId: "m-2", messageType: "unknown", messageBody: "", createdAt: null, archivedAt: null }
      ]
    })
    deepStrictEqual(workspaceMessagesResult(noWorkspaceMessages), { featureEnabled: false, messages: [] })
  })
})

describe("who is signed in", () => {
  const session = new Session({
    mode: "chatgpt",
    identity: reader.identity,
    email: "someone@example.com",
    plan: "team",
    isOrgOwner: true,
    isFedramp: false,
    accessExpiresAt: null,
    lastRefreshAt: null,
    source: "file"
  })
  const apiKey = new Session({ ...session, mode: "apikey", plan: "unknown", email: null })

  it("the live role has the last word over the token's claim", () => {
    const told = accountUpdated({ session, role: liveRole("standard-user") }, true)
    strictEqual(told.workspaceRole, "standard-user")
    strictEqual(told.reason, "workspaceRoutingReady")
    strictEqual(told.isWorkspaceOwner, false)
    strictEqual(accountResult({ session, role: claimedRole(null) }).isWorkspaceOwner, null)
  })

  it("without ChatGPT has no user, plan or role, whatever role was read", () => {
    const none = { workspaceRole: null, isWorkspaceOwner: null }
    const owner = liveRole("account-owner")
    const account = { userId: null, requiresOpenaiAuth: true, workspaceRouting: null, ...none }
    deepStrictEqual(accountResult({ session: apiKey, role: owner }), { ...account, account: { type: "apiKey" } })
    deepStrictEqual(accountResult({ session: null, role: owner }), { ...account, account: null })
    deepStrictEqual(accountUpdated({ session: apiKey, role: owner }, false), {
      authMode: "apikey",
      planType: null,
      reason: null,
      ...none
    })
    deepStrictEqual(accountUpdated({ session: null, role: owner }, false), {
      authMode: null,
      planType: null,
      reason: null,
      ...none
    })
    deepStrictEqual(authStatusResult(null, "token"), { authMethod: null, authToken: null, requiresOpenaiAuth: true })
  })

  const sessions = FastCheck.constantFrom(
    ...([
      "chatgpt",
      "chatgptAuthTokens",
      "personalAccessToken",
      "headers",
      "agentIdentity",
      "apikey",
      "bedrockApiKey",
      "bedrockAccessKeys"
    ] as const)
  ).map((mode) => new Session({ ...session, mode }))
  const roles = FastCheck.constantFrom(null, claimedRole(null), claimedRole(false), liveRole("account-admin"))

  it.prop("is written whole, and read back as it was", [sessions, roles], ([of, role]) => {
    const result = accountResult({ session: of, role })
    deepStrictEqual(methods["account/read"].decodeResult(sent(result)), Either.right(result))
    const told = accountUpdated({ session: of, role }, role === null)
    deepStrictEqual(
      Schema.decodeUnknownEither(serverNotifications["account/updated"].params)(sent(told)),
      Either.right(told)
    )
    deepStrictEqual(Object.keys(told), ["authMode", "planType", "reason", "workspaceRole", "isWorkspaceOwner"])
  })
})
