/** The help and the completions name everything there is; JSON is safe to show. */
import { assert, describe, it } from "@effect/vitest"
import { completionScript } from "../../src/cli/completions.js"
import { commands, isCommandName } from "../../src/cli/commands.js"
import { helpLines } from "../../src/cli/help.js"
import { jsonLine } from "../../src/cli/json/envelope.js"
import { columnsOf } from "../../src/cli/render/text.js"
import { unseen } from "./render/canvas.js"

it("JSON holds nothing that a terminal obeys, and loses nothing", () => {
  const text = "a\u009b31m\u202eb\u0007c\u2028d漢"
  const line = jsonLine({ text })
  assert.notMatch(line, unseen)
  assert.deepStrictEqual(JSON.parse(line), { text })
})

describe("help", () => {
  it("fits, names every command and every flag", () => {
    for (const columns of [40, 80, 200]) {
      const whole = helpLines(null, { columns, color: false })
      for (const name of Object.keys(commands)) {
        assert.isTrue(
          whole.some((line) => line.startsWith(`  ${name}`)),
          name
        )
        if (!isCommandName(name)) continue
        const help = helpLines(name, { columns, color: false }).join("\n")
        for (const flag of Object.keys(commands[name].flags)) assert.include(help, flag)
        assert.include(help, "Examples")
      }
    }
    for (const line of helpLines(null, { columns: 80, color: false })) assert.isAtMost(columnsOf(line), 80)
  })

  it("completions name every command and every flag", () => {
    for (const shell of ["bash", "zsh", "fish", "sh"] as const) {
      const script = completionScript(shell)
      for (const [name, { flags }] of Object.entries(commands)) {
        assert.include(script, name)
        for (const flag of Object.keys(flags)) assert.include(script, flag.slice(2))
      }
    }
  })
})
