/** The built command as an app-server on a port and on a unix socket. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, lstatSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../../src/testing/index.js"
import { secret, signed } from "../../app-server/transports/jwt.js"
import { get, open, turnedAway } from "../../app-server/transports/sockets.js"
import { live } from "../../cases.js"
import { emptyWorld, type Place, reached, until, world } from "../cli/harness.js"
import { initialize, readAccount, readLimits, start } from "./child.js"

/** A server on a free port of this machine. */
const onPort = Effect.fn(function* ({ env }: Pick<Place, "env">, args: ReadonlyArray<string> = []) {
  const child = yield* start(["--listen", "ws://127.0.0.1:0", ...args], env)
  const [, url = ""] = yield* child.logged(/^app-server listens on (ws:\/\/127\.0\.0\.1:\d+)$/m)
  return { child, url, http: url.replace("ws:", "http:") }
})

const answerTo = (client: { readonly messages: ReadonlyArray<unknown> }, id: number) =>
  until(() =>
    client.messages.find(
      (message): message is { readonly id: number; readonly result?: unknown; readonly error?: unknown } =>
        typeof message === "object" && message !== null && "id" in message && message.id === id
    )
  )

const connected = Effect.fn(function* (url: string, headers?: Readonly<Record<string, string>>) {
  const client = yield* Effect.orDie(open(url, headers))
  client.send(initialize())
  yield* answerTo(client, 0)
  return client
})

const mode = (path: string) => (lstatSync(path).mode & 0o777).toString(8)

describe("app-server on a port", () => {
  live("serves two clients at once, with the same ids, tells its health, and lets no browser in", function* () {
    const { child, http, url } = yield* onPort(yield* world())
    const one = yield* connected(url)
    const two = yield* connected(url)
    one.send({ id: 1, method: "account/usage/read" })
    two.send(readAccount(1))
    assert.nestedProperty(yield* answerTo(one, 1), "result.summary.lifetimeTokens")
    assert.deepNestedInclude(yield* answerTo(two, 1), { "result.account.type": "chatgpt" })
    for (const path of ["/readyz", "/healthz"]) {
      assert.deepStrictEqual(yield* get(http + path), { status: 200, text: "ok" })
      assert.strictEqual((yield* get(http + path, { headers: { origin: http } })).status, 403)
    }
    assert.strictEqual((yield* turnedAway(url, { origin: http })).status, 403)
    const { text } = yield* get(`${http}/metrics`)
    assert.include(text, "codex_app_server_connections 2\n")
    assert.include(text, 'codex_app_server_requests_total{method="account/usage/read",outcome="result"} 1\n')
    one.socket.close()
    yield* one.closed
    two.send(readAccount(2))
    assert.deepNestedInclude(yield* answerTo(two, 2), { "result.account.type": "chatgpt" })
    child.signal("SIGTERM")
    assert.strictEqual(yield* two.closed, 1001)
    assert.deepInclude(yield* child.ended, { code: 0, signal: null })
    assert.deepStrictEqual(child.messages(), [])
  })

  const bearer = (claims: unknown) => ({ authorization: `Bearer ${signed(claims)}` })
  const exp = 4_000_000_000
  live.each([
    {
      kind: "capability-token",
      flags: ["--ws-token-file"],
      good: { authorization: "Bearer the-token" },
      contents: "the-token\n",
      bad: [
        [undefined, "missing websocket bearer token"],
        [{ authorization: "Bearer other" }, "invalid websocket bearer token"]
      ]
    },
    {
      kind: "signed-bearer-token",
      flags: ["--ws-audience", "here", "--ws-shared-secret-file"],
      good: bearer({ exp, aud: "here" }),
      contents: secret,
      bad: [
        [bearer({ exp: 1, aud: "here" }), "expired websocket jwt"],
        [bearer({ exp, aud: "there" }), "websocket jwt audience mismatch"]
      ]
    }
  ] as const)("asks for a credential: $kind", function* ({ bad, contents, flags, good, kind }) {
    const made = yield* emptyWorld
    const file = join(made.home, "credential")
    writeFileSync(file, contents)
    const { url } = yield* onPort(made, ["--ws-auth", kind, ...flags, file])
    for (const [headers, text] of bad) assert.deepStrictEqual(yield* turnedAway(url, headers), { status: 401, text })
    yield* connected(url, good)
  })

  live("answers what it accepted before it ends", function* () {
    const made = yield* world({ plan: [{ endpoint: "usage.read", call: "every", fault: Fault.hang }] })
    const { child, url } = yield* onPort(made)
    const client = yield* connected(url)
    client.send(readLimits(1))
    yield* reached(made.backend, "usage.read")
    child.signal("SIGINT")
    assert.deepNestedInclude(yield* answerTo(client, 1), { "error.code": -32603 })
    assert.strictEqual(yield* client.closed, 1001)
    const { code, millis } = yield* child.ended
    assert.strictEqual(code, 130)
    assert.isBelow(millis, 5000)
  })
})

describe("app-server on a unix socket", () => {
  const onSocket = Effect.fn(function* ({ env, home }: Pick<Place, "env" | "home">) {
    const child = yield* start(["--listen", "unix://"], env)
    yield* child.logged(/^app-server listens on unix:\/\/.*\n$/)
    const path = join(home, "app-server-control/app-server-control.sock")
    return { child, path, url: `ws+unix://${path}:/rpc` }
  })

  live("serves its owner, and leaves nothing behind", function* () {
    const { child, path, url } = yield* onSocket(yield* world())
    assert.strictEqual(mode(path), "600")
    assert.strictEqual(mode(join(path, "..")), "700")
    assert.deepStrictEqual(readdirSync(join(path, "..")), ["app-server-control.sock"])
    const client = yield* connected(url)
    client.send(readLimits(1))
    assert.deepNestedInclude(yield* answerTo(client, 1), { "result.rateLimits.limitId": "codex" })
    child.signal("SIGTERM")
    assert.deepInclude(yield* child.ended, { code: 0, signal: null })
    assert.deepStrictEqual(readdirSync(join(path, "..")), [])
  })

  live("is there once: a second one is refused, and one after a crash takes its place", function* () {
    const made = yield* emptyWorld
    const first = yield* onSocket(made)
    const second = yield* start(["--listen", "unix://"], made.env)
    assert.deepInclude(yield* second.ended, { code: 2, signal: null })
    assert.include(second.stderr(), `app-server control socket is already in use at ${first.path}`)
    yield* connected(first.url)
    first.child.signal("SIGKILL")
    yield* first.child.ended
    const { ino } = statSync(first.path)
    const third = yield* onSocket(made)
    assert.notStrictEqual(statSync(third.path).ino, ino)
    yield* connected(third.url)
  })

  live("a second signal takes the socket away too", function* () {
    const made = yield* world({ plan: [{ endpoint: "usage.read", call: "every", fault: Fault.hang }] })
    const { child, path, url } = yield* onSocket(made)
    const client = yield* connected(url)
    client.send(readLimits(1))
    yield* reached(made.backend, "usage.read")
    child.signal("SIGTERM")
    // No new client gets in once the first signal has arrived.
    yield* Effect.repeat(Effect.delay(Effect.either(Effect.scoped(open(url))), "50 millis"), {
      until: ({ _tag }) => _tag === "Left"
    })
    child.signal("SIGTERM")
    const { code, millis, signal } = yield* child.ended
    assert.deepStrictEqual({ code, signal }, { code: 130, signal: null })
    assert.isBelow(millis, 5000)
    assert.isFalse(existsSync(path))
  })
})

live("app-server that listens nowhere waits to be ended", function* () {
  const child = yield* start(["--listen", "off", "--log-level", "info"], (yield* emptyWorld).env)
  yield* child.logged(/listens nowhere/)
  child.signal("SIGTERM")
  assert.deepInclude(yield* child.ended, { code: 0, signal: null })
})
