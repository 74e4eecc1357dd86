import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { ConfigTomlText } from "../../src/layers/AccountConfigEnv.js"

const decode = Schema.decodeEither(ConfigTomlText)

const read = (text: string) => Either.getOrThrow(decode(text))

const refusal = (text: string): string =>
  Either.match(decode(text), { onLeft: (error) => error.message, onRight: () => "" })

describe("config.toml", () => {
  it("gives the keys that concern the account", () =>
    deepStrictEqual(
      read(`
        chatgpt_base_url = "https://chatgpt.com/backend-api/"
        cli_auth_credentials_store = "file"
        forced_login_method = "chatgpt"
        forced_chatgpt_workspace_id = "ws-1"
      `),
      {
        chatgpt_base_url: "https://chatgpt.com/backend-api/",
        cli_auth_credentials_store: "file",
        forced_login_method: "chatgpt",
        forced_chatgpt_workspace_id: "ws-1"
      }
    ))

  it("ignores all others, of whatever kind", () =>
    deepStrictEqual(
      read(`
        model = "m"
        now = 2026-06-20T12:00:00Z
        n = 9007199254740991
        [mcp_servers.docs]
        command = "x"
        chatgpt_base_url = "https://elsewhere.test"
        [[items]]
        a = 1
      `),
      {}
    ))

  it.each(["file", "keyring", "auto", "ephemeral"])("the store may be %s", (store) =>
    strictEqual(read(`cli_auth_credentials_store = "${store}"`).cli_auth_credentials_store, store)
  )

  it.each([
    ['"ws-1"', "ws-1"],
    ['["ws-1", "ws-2"]', ["ws-1", "ws-2"]],
    ["[]", []]
  ])("the workspace may be %s", (toml, expected) =>
    deepStrictEqual(read(`forced_chatgpt_workspace_id = ${toml}`).forced_chatgpt_workspace_id, expected)
  )

  it.each(["", "\n", "# nothing\n", "\r\n# windows\r\n"])("%j is empty", (text) => deepStrictEqual(read(text), {}))

  it.each([
    ['cli_auth_credentials_store = "cloud"', "cli_auth_credentials_store"],
    ['forced_login_method = "sso"', "forced_login_method"],
    ["chatgpt_base_url = 3", "chatgpt_base_url"],
    ["forced_chatgpt_workspace_id = [1]", "forced_chatgpt_workspace_id"]
  ])("%s is refused by name", (text, key) => ok(refusal(text).includes(key), refusal(text)))

  it("says where the text is not TOML, and nothing of what stands there", () => {
    const error = refusal('chatgpt_base_url = "x"\ntoken = "SECRET-VALUE\n')
    ok(/line 2, column \d+/.test(error), error)
    ok(!error.includes("SECRET"), error)
  })

  it("a key given twice is not TOML", () => ok(refusal('a = 1\nchatgpt_base_url = "x"\na = 2').includes("line 3")))

  it("writes what it reads", () => {
    const config = { chatgpt_base_url: "https://x.test", forced_chatgpt_workspace_id: ["a", "b"] }
    deepStrictEqual(read(Schema.encodeSync(ConfigTomlText)(config)), config)
  })
})
