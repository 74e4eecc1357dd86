/** Law 12: unknown words and further fields never fail a read. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Arbitrary from "effect/Arbitrary"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import {
  AccountsCheckResponse,
  ConsumeResponse,
  EligibilityResponse,
  InviteResponse,
  ProfileResponse,
  ResetCreditsResponse,
  RulesResponse,
  UsageResponse,
  WorkspaceMessagesResponse
} from "../../../src/contracts/BackendEndpoints.js"
import { WorkspacesResponse } from "../../../src/contracts/WorkspaceEndpoints.js"
import { UsageSnapshot } from "../../../src/domain/UsageSnapshot.js"
import { usageFromWire, withResetCredits } from "../../../src/layers/internal/usageFromWire.js"
import { roleFromWire } from "../../../src/layers/WorkspaceRoleHttp.js"
import { tokenActivityFromWire } from "../../../src/layers/TokenUsageHttp.js"
import { workspaceMessagesFromWire } from "../../../src/layers/WorkspaceMessagesHttp.js"
import { workspacesFromWire } from "../../../src/layers/WorkspacesHttp.js"
import { fetchedAt, identity, read, usage } from "./json.js"

const runs = { fastCheck: { numRuns: 150 } }
const isObject = (json: unknown): json is { readonly [key: string]: unknown } =>
  typeof json === "object" && json !== null && !Array.isArray(json)

// Passed on as they are: whatever stands in them is data.
const opaque = new Set(["rate_limit_upsell", "source", "grant_action", "grant_amount", "ineligible_reason"])

/** Adds unheard-of fields to every object of an answer. */
const withExtras = (json: unknown, extra: unknown): unknown => {
  if (Array.isArray(json)) return json.map((item) => withExtras(item, extra))
  if (!isObject(json)) return json
  const entries = Object.entries(json).map(([key, value]) => {
    if (opaque.has(key)) return [key, value]
    // Maps: a further key there would be a further account or model.
    if ((key === "accounts" || key === "model_usage") && isObject(value))
      return [key, Record.map(value, (item) => withExtras(item, extra))]
    return [key, withExtras(value, extra)]
  })
  return { ...Object.fromEntries(entries), "x-unheard-of": extra }
}

const openWords = new Set(["plan_type", "type", "status", "reset_type", "message_type", "account_user_role"])

/** Replaces every word of an open set. */
const withWords = (json: unknown, word: string): unknown => {
  if (Array.isArray(json)) return json.map((item) => withWords(item, word))
  if (!isObject(json)) return json
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      openWords.has(key) && typeof value === "string" ? word : opaque.has(key) ? value : withWords(value, word)
    ])
  )
}

const answers = <A, I>(schema: Schema.Schema<A, I>) => {
  const encode = Schema.encodeSync(Schema.parseJson(schema))
  return Arbitrary.make(Schema.typeSchema(schema)).map((value): unknown => JSON.parse(encode(value)))
}

const word = FastCheck.oneof(FastCheck.string(), FastCheck.constantFrom("constructor", "__proto__", "PRO", ""))
const law = <A, I>(name: string, schema: Schema.Schema<A, I>, meaning: (response: A) => unknown) =>
  describe(name, () => {
    const decode = Schema.decodeUnknownEither(schema)

    it.prop(
      "further fields change nothing",
      [answers(schema), FastCheck.jsonValue()],
      ([json, extra]) => {
        const plain = Either.getOrThrow(decode(json))
        deepStrictEqual(meaning(Either.getOrThrow(decode(withExtras(json, extra)))), meaning(plain))
      },
      runs
    )

    it.prop(
      "an unknown word is read",
      [answers(schema), word],
      ([json, text]) => void meaning(Either.getOrThrow(decode(withWords(json, text)))),
      runs
    )
  })

law("usage", UsageResponse, (response) => usageFromWire(response, { identity, fetchedAt }))
law("reset credits", ResetCreditsResponse, (response) => withResetCredits(read(usage()), response))
law("profile", ProfileResponse, (response) => tokenActivityFromWire(response, { identity, fetchedAt }))
law("workspace messages", WorkspaceMessagesResponse, workspaceMessagesFromWire)
law("accounts check", AccountsCheckResponse, (response) => roleFromWire(response, null))
law("workspaces", WorkspacesResponse, (response) => workspacesFromWire(response, "https://chatgpt.com"))
law("consumption", ConsumeResponse, (response) => response)
law("eligibility", EligibilityResponse, (response) => response)
law("rules", RulesResponse, (response) => response)
law("invite", InviteResponse, (response) => response)

describe("the mapping", () => {
  it.prop(
    "gives a snapshot that survives its own JSON form",
    [answers(UsageResponse)],
    ([json]) => {
      const snapshot = usageFromWire(Schema.decodeUnknownSync(UsageResponse)(json), { identity, fetchedAt })
      const text = Schema.encodeSync(Schema.parseJson(UsageSnapshot))(snapshot)
      strictEqual(
        Schema.encodeSync(Schema.parseJson(UsageSnapshot))(Schema.decodeSync(Schema.parseJson(UsageSnapshot))(text)),
        text
      )
    },
    runs
  )
})

describe("control: a required field is still required", () => {
  const without = (json: unknown, key: string): unknown => {
    ok(isObject(json))
    return Object.fromEntries(Object.entries(json).filter(([k]) => k !== key))
  }

  const control = <A, I>(name: string, schema: Schema.Schema<A, I>, key: string) =>
    it.prop(
      `${name} without ${key}`,
      [answers(schema), FastCheck.jsonValue()],
      ([json, extra]) => ok(Either.isLeft(Schema.decodeUnknownEither(schema)(withExtras(without(json, key), extra)))),
      { fastCheck: { numRuns: 25 } }
    )

  control("consumption", ConsumeResponse, "code")
  control("eligibility", EligibilityResponse, "should_show")
  control("rules", RulesResponse, "requires_explicit_confirmation")
})
