/** A backend on loopback that answers as it is told, and keeps what it was asked. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { listening } from "../layers/support/sockets.js"
import type { Reply, Routes } from "./Scenario.js"

export interface ScriptedBackend {
  readonly origin: string
  readonly route: (routes: Routes) => void
  /** Each request as `METHOD /path body -> outcome`, in the order of arrival. */
  readonly requests: () => ReadonlyArray<string>
  /** `METHOD /path` of each. */
  readonly targets: () => ReadonlyArray<string>
}

interface Entry {
  readonly target: string
  readonly body: string
  outcome: string
}

const notFound: Reply = { status: 404, headers: {}, json: { detail: "Not Found" }, hang: false, delayMillis: 0 }

const workspace = {
  id: "acc-oracle-0001",
  name: "Oracle WS",
  plan_type: "pro",
  structure: "workspace",
  profile_picture_url: null,
  workspace_backend_origin: "https://chatgpt.com",
  account_routing_override: "NO_CONSTRAINT"
}

/** What the original asks for before anything else. */
const routing: Reply = {
  ...notFound,
  status: 200,
  json: { accounts: [workspace], account_ordering: [workspace.id], default_account_id: workspace.id }
}

const send = (response: ServerResponse, reply: Reply): void => {
  const body = reply.json === undefined ? (reply.body ?? "") : JSON.stringify(reply.json)
  const type = reply.json === undefined ? {} : { "content-type": "application/json" }
  const half = reply.reset === "mid-body" ? Math.floor(body.length / 2) : body.length
  const length = half < body.length ? { "content-length": String(body.length) } : {}
  response.writeHead(reply.status, { ...type, ...length, ...reply.headers })
  if (half === body.length) response.end(body)
  else response.write(body.slice(0, half), () => setTimeout(() => response.socket?.destroy(), 30))
}

const textOf = ({ body, outcome, target }: Entry): string =>
  `${target}${body === "" ? "" : ` ${body.slice(0, 300)}`} -> ${outcome}`

export const scriptedBackend: Effect.Effect<ScriptedBackend, never, Scope.Scope> = Effect.gen(function* () {
  const log: Array<Entry> = []
  const routes = new Map<string, { readonly replies: ReadonlyArray<Reply>; taken: number }>()
  const route = (more: Routes): void => {
    for (const [key, reply] of Object.entries(more)) {
      const replies: ReadonlyArray<Reply> = "status" in reply ? [reply] : reply
      routes.set(key, { replies, taken: 0 })
    }
  }
  const replyTo = (key: string): Reply => {
    const scripted = routes.get(key)
    if (scripted === undefined) return notFound
    const reply = scripted.replies[Math.min(scripted.taken, scripted.replies.length - 1)] ?? notFound
    scripted.taken += 1
    return reply
  }
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Array<Buffer> = []
    request.on("error", () => {})
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { pathname, search } = new URL(request.url ?? "/", "http://loopback")
      const key = `${request.method ?? "GET"} ${pathname}`
      const reply = replyTo(key)
      const outcome = reply.hang ? "hang" : reply.reset === undefined ? String(reply.status) : `conn-${reply.reset}`
      log.push({ target: `${key}${search}`, body: Buffer.concat(chunks).toString("utf8"), outcome })
      if (reply.hang) return
      if (reply.reset === "before") request.socket.resetAndDestroy()
      else setTimeout(() => send(response, reply), reply.delayMillis)
    })
  }

  route({ "GET /backend-api/wham/accounts/check": routing, "GET /api/codex/accounts/check": routing })
  const { port } = yield* listening(() => createServer(handle))
  return {
    origin: `http://127.0.0.1:${port}`,
    route,
    requests: () => log.map(textOf),
    targets: () => log.map(({ target }) => target.replace(/\?.*/, ""))
  }
})
