import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { AccountsCheckResponse, WorkspaceMessagesResponse } from "../../../src/contracts/BackendEndpoints.js"
import { roleFromWire } from "../../../src/layers/WorkspaceRoleHttp.js"
import { noWorkspaceMessages, workspaceMessagesFromWire } from "../../../src/layers/WorkspaceMessagesHttp.js"
import { decoder, type Json } from "./json.js"

describe("workspace messages", () => {
  const decode = decoder(WorkspaceMessagesResponse)
  const read = (json: unknown) => workspaceMessagesFromWire(Either.getOrThrow(decode(json)))
  const message = { message_id: "wm_1", message_type: "headline", message_body: "Credits renew Friday" }

  it("maps a message, archived ones too", () => {
    const { featureEnabled, messages } = read({
      messages: [{ ...message, created_at: "2026-06-14T00:00:00Z", archived_at: "2026-06-15T00:00:00.7Z" }]
    })
    strictEqual(featureEnabled, true)
    deepStrictEqual(
      messages.map((m) => [m.id, m.type, m.body, m.createdAt?.epochMillis, m.archivedAt?.epochMillis]),
      [["wm_1", "headline", "Credits renew Friday", Date.UTC(2026, 5, 14), Date.UTC(2026, 5, 15)]]
    )
  })

  it.each(Object.entries({ headline: "headline", announcement: "announcement", banner: "unknown", "": "unknown" }))(
    "type %j is %s",
    (type, expected) =>
      strictEqual(read({ messages: [{ ...message, message_type: type }] }).messages[0]?.type, expected)
  )

  it.each([[{}], [{ messages: [] }], [{ messages: null }]])("%j: the feature is on, without messages", (json) =>
    deepStrictEqual({ ...read(json) }, { featureEnabled: true, messages: [] })
  )

  it("a 404 stands for a feature that is off", () =>
    deepStrictEqual({ ...noWorkspaceMessages }, { featureEnabled: false, messages: [] }))

  it("what is odd costs its place alone", () => {
    const odd = {
      messages: [
        7,
        { ...message, created_at: "bad", archived_at: "2026-06-15" },
        { ...message, message_id: 1 },
        { ...message, message_body: null },
        { ...message, message_type: null, message_id: [] }
      ]
    }
    deepStrictEqual(
      read(odd).messages.map((m) => [m.id, m.type, m.createdAt, m.archivedAt]),
      [
        ["wm_1", "headline", null, null],
        ["1", "headline", null, null],
        ["", "unknown", null, null]
      ]
    )
    deepStrictEqual(Either.getOrThrow(decode(odd)).unread, [
      "messages.0",
      "messages.1.created_at",
      "messages.1.archived_at",
      "messages.3.message_body",
      "messages.4.message_id"
    ])
  })

  // The Codex CLI takes the first for an empty answer, by an accident of its decoder.
  it.each([[[]], ["text"], [null]])("%j fails the call", (json) => ok(Either.isLeft(decode(json))))

  it("times read as whole seconds", () =>
    strictEqual(
      DateTime.formatIso(
        read({ messages: [{ ...message, created_at: "2026-06-14T02:00:00+02:00" }] }).messages[0]?.createdAt ??
          DateTime.unsafeMake(0)
      ),
      "2026-06-14T00:00:00.000Z"
    ))
})

describe("the role", () => {
  const decode = decoder(AccountsCheckResponse)
  const role = (json: unknown, id: string | null) => roleFromWire(Either.getOrThrow(decode(json)), id)
  const has = (word: unknown): Json => ({ account: { account_user_role: word, plan_type: "team" } })
  const two = {
    accounts: { acct_ws1: has("standard-user"), acct_me: has("account-owner") },
    account_ordering: ["acct_gone", "acct_me", "acct_ws1"]
  }

  it.each([
    ["account-owner", ["account-owner", "account_owner"]],
    ["account-admin", ["account-admin", "account_admin"]],
    ["standard-user", ["standard-user", "standard_user", "member"]],
    [null, ["Owner", "", "toString", null]]
  ])("%s is meant by %j", (expected, words) => {
    for (const word of words) strictEqual(role({ accounts: { a: has(word) } }, "a"), expected, String(word))
  })

  it.each([
    ["the known account's", two, "acct_ws1", "standard-user"],
    ["never another account's", two, "acct_other", null],
    ["never another's, even if there is only one", { accounts: { a: has("account-owner") } }, "b", null],
    ["not that of an inherited name", two, "toString", null],
    ["without an id the first listed in the ordering", two, null, "account-owner"],
    ["without an ordering the only one", { accounts: { a: has("member") } }, null, "standard-user"],
    [
      "the only one, whatever the ordering names",
      { accounts: { a: has("member") }, account_ordering: ["b"] },
      null,
      "standard-user"
    ],
    ["none of several without an ordering", { accounts: two.accounts }, null, null],
    ["none where there is no account", {}, null, null],
    ["none where the account is null", { accounts: { a: { account: null } } }, "a", null],
    ["none where the account is absent", { accounts: { a: {} } }, "a", null],
    // The first of the ordering is chosen, and then asked: nobody else's role stands in for one it does not tell.
    [
      "none where the chosen one tells none",
      { accounts: { a: {}, b: has("member") }, account_ordering: ["a", "b"] },
      null,
      null
    ]
  ])("%s", (_, json, id, expected) => strictEqual(role(json, id), expected))

  it("what is odd costs its place alone", () => {
    const odd = { accounts: { a: has("member"), b: 7, c: { account: [] } }, account_ordering: [null, 5, "a"] }
    deepStrictEqual(
      [role(odd, "a"), role(odd, "b"), role(odd, "c"), role(odd, null)],
      ["standard-user", null, null, "standard-user"]
    )
  })

  it("a list of accounts, which some hosts send, tells no role", () =>
    strictEqual(role({ accounts: [{ id: "a" }] }, "a"), null))
})
