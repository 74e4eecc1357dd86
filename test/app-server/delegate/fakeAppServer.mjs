// Stands for `codex app-server`: does what each request says, and remembers how it was started.
import { createInterface } from "node:readline"

const [how = "", ...words] = process.argv.slice(2)
let introduction = null
let initialized = false
let nextQuestion = 0
const questions = new Map()

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

const handlers = {
  initialize: (id, params) => {
    introduction = params
    say(how === "refuse" ? { id, error: { code: -32600, message: "no" } } : { id, result: { userAgent: "fake/1" } })
    say({ method: "remoteControl/status/changed", params: { status: "disabled" }, emittedAtMs: 5 })
    say({ method: "account/updated", params: { authMode: "chatgpt", planType: "pro" } })
  },
  "fake/look": (id, params) =>
    say({
      id,
      result: { id, params, introduction, initialized, words, home: process.env.CODEX_HOME ?? null, pid: process.pid }
    }),
  "fake/fail": (id) => say({ id, error: { code: -32602, message: "bad words", data: { more: [1] } } }),
  "fake/hang": () => {},
  "fake/die": () => process.exit(3),
  "fake/babble": (id) => {
    process.stdout.write("not json\n\n[]\n")
    say({ id: 12_345, result: "nobody asked" })
    say({ id, result: "still here" })
  },
  "thread/start": (id) => {
    say({ id, result: { thread: { id: "t" } } })
    say({ method: "thread/started", params: { thread: { id: "t" } } })
  },
  "turn/start": (id) => {
    say({ id, result: { turn: { id: "u" } } })
    for (let n = 0; n < 200; n++) say({ method: "item/agentMessage/delta", params: { n } })
    say({ method: "account/rateLimits/updated", params: { rateLimits: { limitId: "codex" } } })
    say({ method: "account/login/completed", params: { success: true } })
    say({ method: "turn/completed", params: { turn: { id: "u" } } })
  },
  "fake/ask": (id, params) => {
    const question = nextQuestion++
    questions.set(question, (answer) => say({ id, result: { question, answer } }))
    say({ method: "item/started", params: { question } })
    say({ id: question, method: "item/tool/requestUserInput", params })
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, method, params, ...answer } = JSON.parse(line)
    if (method === "initialized") initialized = true
    else if (method === undefined) questions.get(id)?.(answer)
    else handlers[method]?.(id, params)
  })
  .on("close", () => process.exit(0))
if (how === "crash") process.exit(4)
