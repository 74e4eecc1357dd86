// An app-server that does what its client says, to try the client with.
import { createInterface } from "node:readline"

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

if (process.env.STUBBORN === "1") {
  process.on("SIGTERM", () => process.stderr.write("never\n"))
  setInterval(() => {}, 1000)
}

const does = {
  initialize: ({ id }) =>
    say({ id, result: { userAgent: `fake/${process.env.FAKE_VERSION ?? "0"} (node)`, codexHome: "/fake" } }),
  echo: ({ id, params }) => say({ id, result: params ?? null }),
  arguments: ({ id }) => say({ id, result: process.argv.slice(2) }),
  pid: ({ id }) => say({ id, result: process.pid }),
  log: ({ id, params }) => process.stderr.write("x".repeat(params.bytes), () => say({ id, result: params.bytes })),
  large: ({ id, params }) => say({ id, result: "x".repeat(params.bytes) }),
  ask: ({ params }) => say({ id: params.id, method: "item/tool/call", params: {} }),
  say: ({ params }) => process.stdout.write(params.text),
  exit: ({ params }) => process.exit(params.code)
}

createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on("line", (line) => {
    const message = JSON.parse(line)
    if (message.method !== undefined) does[message.method]?.(message)
    else say({ method: "heard", params: message })
  })
  .on("close", () => {
    if (process.env.STUBBORN !== "1") process.exit(0)
  })
