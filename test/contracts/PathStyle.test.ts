import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import { backendBase, styledPath } from "../../src/contracts/BackendEndpoints.js"

describe("backendBase", () => {
  it.each([
    ["https://chatgpt.com/backend-api/", "https://chatgpt.com/backend-api", "chatgpt"],
    ["https://chatgpt.com/backend-api///", "https://chatgpt.com/backend-api", "chatgpt"],
    ["https://chatgpt.com", "https://chatgpt.com/backend-api", "chatgpt"],
    ["https://chatgpt.com/", "https://chatgpt.com/backend-api", "chatgpt"],
    ["https://chat.openai.com", "https://chat.openai.com/backend-api", "chatgpt"],
    ["https://chatgpt.com/codex", "https://chatgpt.com/codex/backend-api", "chatgpt"],
    ["http://chatgpt.com", "http://chatgpt.com", "codex"],
    ["https://api.example.test", "https://api.example.test", "codex"],
    ["https://proxy.example.test/backend-api", "https://proxy.example.test/backend-api", "chatgpt"],
    ["https://proxy.example.test/backend-api-foo", "https://proxy.example.test/backend-api-foo", "chatgpt"],
    ["https://proxy.example.test/a/backend-api/b/", "https://proxy.example.test/a/backend-api/b", "chatgpt"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080", "codex"],
    ["http://127.0.0.1:8080//", "http://127.0.0.1:8080", "codex"]
  ])("%s", (text, url, style) => deepStrictEqual(backendBase(text), { url, style }))
})

const both = [
  ["/wham/usage", "/api/codex/usage"],
  ["/wham/rate-limit-reset-credits", "/api/codex/rate-limit-reset-credits"],
  ["/wham/rate-limit-reset-credits/consume", "/api/codex/rate-limit-reset-credits/consume"],
  ["/wham/accounts/send_add_credits_nudge_email", "/api/codex/accounts/send_add_credits_nudge_email"],
  ["/wham/profiles/me", "/api/codex/profiles/me"],
  ["/wham/workspace-messages", "/api/codex/workspace-messages"]
] as const

const chatgptOnly = [
  "/accounts/check/v4-2023-04-27",
  "/referrals/invite/eligibility",
  "/wham/referrals/eligibility_rules",
  "/wham/referrals/invite"
]

describe("paths", () => {
  it.each(both)("%s in both styles", (path, other) => {
    strictEqual(styledPath("chatgpt", path), path)
    strictEqual(styledPath("codex", path), other)
  })

  it.each(chatgptOnly)("%s in one", (path) => {
    strictEqual(styledPath("chatgpt", path), path)
    strictEqual(styledPath("codex", path), undefined)
  })
})
