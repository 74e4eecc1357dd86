import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "node:assert"
import * as Either from "effect/Either"
import { WorkspacesResponse } from "../../../src/contracts/WorkspaceEndpoints.js"
import { workspacesFromWire } from "../../../src/layers/WorkspacesHttp.js"
import { decoder } from "./json.js"

const decode = decoder(WorkspacesResponse)
const backend = "https://chatgpt.com/backend-api"
const read = (json: unknown, url = backend) => workspacesFromWire(Either.getOrThrow(decode(json)), url)
const shown = (json: unknown) => read(json).map(({ id, kind, name }) => [id, name, kind])

const one = { id: "ws-1", name: "Looms", structure: "workspace", profile_picture_url: "https://img.test/1" }
const ours = { account_id: "ws-1", name: "Looms", structure: "workspace" }

describe("the workspaces", () => {
  it("are a list, in its order", () => {
    deepStrictEqual(shown({ accounts: [one, { id: "ws-2", structure: "personal" }], account_ordering: ["ws-2"] }), [
      ["ws-1", "Looms", "workspace"],
      ["ws-2", null, "personal"]
    ])
    deepStrictEqual(read({ accounts: [one] })[0]?.imageUrl, "https://img.test/1")
  })

  it("are a map, of which the ordering names what counts", () => {
    const accounts = {
      a: { account: ours },
      default: { account: ours },
      b: { account: { account_id: "ws-2", structure: "personal" } },
      c: { account: null }
    }
    deepStrictEqual(shown({ accounts, account_ordering: ["b", "c", "a", "toString"] }), [
      ["ws-2", null, "personal"],
      ["ws-1", "Looms", "workspace"]
    ])
    deepStrictEqual(shown({ accounts }), [])
  })

  it.each([[{}], [{ accounts: null }], [{ accounts: [] }], [{ accounts: {} }], [{ accounts: 7 }]])("%j: none", (json) =>
    deepStrictEqual(shown(json), [])
  )

  it("what is odd costs its place alone", () => {
    const odd = {
      accounts: [7, one, { name: "nameless" }, { ...one, id: 5, name: [], structure: "galaxy" }, { ...one, id: "" }],
      account_ordering: "none"
    }
    deepStrictEqual(shown(odd), [
      ["ws-1", "Looms", "workspace"],
      ["5", null, null]
    ])
    deepStrictEqual(Either.getOrThrow(decode(odd)).unread, [
      "accounts.0",
      "accounts.2.id",
      "accounts.3.name",
      "account_ordering"
    ])
    const map = { accounts: { a: { account: ours }, b: 1, c: { account: 2 } }, account_ordering: ["a", "b", "c"] }
    deepStrictEqual(shown(map), [["ws-1", "Looms", "workspace"]])
    deepStrictEqual(Either.getOrThrow(decode(map)).unread, ["accounts.b", "accounts.c.account"])
  })

  it.each([[null], [[]], ["text"], [7]])("an answer that is %j is none", (json) =>
    deepStrictEqual(Either.isLeft(decode(json)), true)
  )
})

describe("the routing of a workspace", () => {
  const routed = (origin: unknown, override: unknown = "us", url = backend) =>
    read({ accounts: [{ ...one, workspace_backend_origin: origin, account_routing_override: override }] }, url)[0]
      ?.routing

  it.each([
    ["https://eu.chatgpt.com", "https://eu.chatgpt.com"],
    ["https://eu.chatgpt.com/", "https://eu.chatgpt.com"],
    ["HTTPS://EU.ChatGPT.com:8443", "https://eu.chatgpt.com:8443"],
    ["NO_CONSTRAINT", "https://chatgpt.com"]
  ])("%s: to %s", (given, origin) => deepStrictEqual(routed(given), { origin, override: "us" }))

  it.each([
    ["http://chatgpt.com"],
    ["https://ada:secret@chatgpt.com"],
    ["https://chatgpt.com/path"],
    ["https://chatgpt.com/?q"],
    ["chatgpt.com"],
    [""],
    [null],
    [{}]
  ])("%j is none", (given) => deepStrictEqual(routed(given), null))

  it("without a constraint is that of the backend, where that is https", () => {
    deepStrictEqual(routed("NO_CONSTRAINT", null, "http://127.0.0.1:8080/backend-api"), null)
    deepStrictEqual(routed("NO_CONSTRAINT", null, "not a URL"), null)
    deepStrictEqual(routed("NO_CONSTRAINT", null), { origin: "https://chatgpt.com", override: null })
  })
})
