// A backend that answers usage and credits from memory, in a process of its own, and counts: `count` asks how far it is.
import { createServer } from "node:http"

const window = (percent, seconds) => ({
  used_percent: percent,
  limit_window_seconds: seconds,
  reset_after_seconds: 100,
  reset_at: 1_764_000_000
})
const usage = Buffer.from(
  JSON.stringify({
    user_id: "user-oracle-0001",
    account_id: "acc-oracle-0001",
    plan_type: "pro",
    rate_limit: {
      allowed: true,
      limit_reached: false,
      primary_window: window(12, 18_000),
      secondary_window: window(34, 604_800)
    },
    credits: { has_credits: true, unlimited: false, balance: "42.5" },
    rate_limit_reset_credits: { available_count: 1 }
  })
)
const credits = Buffer.from(JSON.stringify({ available_count: 1, credits: [] }))

let connections = 0
let requests = 0
const server = createServer((request, response) => {
  const path = request.url ?? ""
  const body = path.endsWith("/usage") ? usage : path.endsWith("/rate-limit-reset-credits") ? credits : null
  if (body === null) return response.writeHead(404, { "content-length": 0 }).end()
  requests += 1
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body)
})
server.on("connection", () => (connections += 1))
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => process.send?.({ port: server.address().port }))
process.on("message", () => {
  process.send?.({ connections, requests })
})
process.on("disconnect", () => process.exit(0))
