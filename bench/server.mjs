// A backend that answers from memory, in a process of its own: what is measured is the client.
import { createServer } from "node:http"

const day = 86_400
const now = Math.floor(Date.now() / 1000)
const usage = Buffer.from(
  JSON.stringify({
    plan_type: "business",
    rate_limit: {
      allowed: true,
      limit_reached: false,
      primary_window: {
        used_percent: 37,
        limit_window_seconds: 18_000,
        reset_after_seconds: 5400,
        reset_at: now + 5400
      },
      secondary_window: {
        used_percent: 61,
        limit_window_seconds: 7 * day,
        reset_after_seconds: 3 * day,
        reset_at: now + 3 * day
      }
    },
    credits: { has_credits: true, unlimited: false, balance: "18.40" },
    additional_rate_limits: [
      {
        limit_name: "codex_review",
        metered_feature: "codex_review",
        rate_limit: {
          allowed: true,
          limit_reached: false,
          primary_window: { used_percent: 9, limit_window_seconds: day, reset_after_seconds: 100, reset_at: now + 100 }
        }
      }
    ],
    rate_limit_reset_credits: { available_count: 2 },
    account_id: "acct-bench",
    user_id: "user-bench"
  })
)
const credits = Buffer.from(
  JSON.stringify({
    credits: [
      {
        id: "rc_a1",
        reset_type: "codex_rate_limits",
        status: "available",
        granted_at: "2026-06-19T20:13:20Z",
        expires_at: "2027-07-19T20:13:20Z",
        title: "Full reset",
        description: "Ready"
      }
    ],
    available_count: 2
  })
)

const server = createServer((request, response) => {
  const body = request.url?.includes("reset-credits") ? credits : usage
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length })
  response.end(body)
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => {
  process.send?.(server.address().port)
})
process.on("disconnect", () => process.exit(0))
