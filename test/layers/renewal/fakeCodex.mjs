// Stands for `codex app-server`: answers two requests, and renews the record in CODEX_HOME as it is told to.
import { readFileSync, writeFileSync } from "node:fs"
import { createInterface } from "node:readline"

const [what] = process.argv.slice(2)
const file = `${process.env.CODEX_HOME}/auth.json`
process.stderr.write("x".repeat(200_000))
if (what === "crash") process.exit(3)
createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line)
  if (request.method === "initialize") console.log(JSON.stringify({ id: request.id, result: { userAgent: "fake" } }))
  if (request.method !== "account/read" || what === "silent") return
  if (what === "renew" && request.params.refreshToken === true) {
    const record = JSON.parse(readFileSync(file, "utf8"))
    record.tokens.access_token = `${record.tokens.access_token}-renewed`
    writeFileSync(file, JSON.stringify(record))
  }
  console.log(JSON.stringify({ method: "some/notification", params: { id: 1 } }))
  console.log(JSON.stringify({ id: request.id, result: { account: null, requiresOpenaiAuth: true } }))
})
