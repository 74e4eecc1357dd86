import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok } from "node:assert"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { ConfigTomlText } from "../../src/layers/internal/configToml.js"

const decode = Schema.decodeEither(ConfigTomlText)
const read = (text: string) => Either.getOrThrow(decode(text))
const refusal = (text: string): string =>
  Either.match(decode(text), { onLeft: (error) => error.message, onRight: () => "" })

describe("config.toml", () => {
  it("ignores all others, of whatever kind", () =>
    deepStrictEqual(
      read(`
        approval_policy = "never"
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

  it.each(["", "\n", "# nothing\n", "\r\n# windows\r\n"])("%j is empty", (text) => deepStrictEqual(read(text), {}))

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
