/** The built command as an app-server on a port and on a unix socket. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, lstatSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../../src/testing/index.js"
import { secret, signed } from "../../app-server/transports/jwt.js"
import { get, open, turnedAway } from "../../app-server/transports/sockets.js"
import { bundle, emptyWorld, temporaryFolder, world, type World } from "../cli/harness.js"
import { initialize, start, until } from "./child.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

const read = (id: number) => ({ id, method: "account/rateLimits/read" })
const account = (id: number) => ({ id, method: "account/read", params: {} })

/** A server on a free port of this machine. */
const onPort = (of: Pick<World, "env">, args: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const child = yield* start(bin, ["--listen", "ws://127.0.0.1:0", ...args], of.env)
    const [, url = ""] = yield* child.told(/^app-server listens on (ws:\/\/127\.0\.0\.1:\d+)\n$/)
    return { child, url, http: url.replace("ws:", "http:") }
  })

const answerTo = (client: { readonly messages: ReadonlyArray<unknown> }, id: number) =>
  until(() =>
    client.messages.find(
      (message): message is { readonly id: number; readonly result?: unknown; readonly error?: unknown } =>
        typeof message === "object" && message !== null && "id" in message && message.id === id
    )
  )

const connected = (url: string, headers?: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const client = yield* Effect.orDie(open(url, headers))
    client.send(initialize())
    yield* answerTo(client, 0)
    return client
  })

const mode = (path: string) => (lstatSync(path).mode & 0o777).toString(8)

describe("app-server on a port", () => {
  it.scopedLive("serves two clients at once, with the same ids", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      const { child, url } = yield* onPort(made)
      const one = yield* connected(url)
      const two = yield* connected(url)
      one.send({ id: 1, method: "account/usage/read" })
      two.send(account(1))
      assert.nestedProperty(yield* answerTo(one, 1), "result.summary.lifetimeTokens")
      assert.deepNestedInclude(yield* answerTo(two, 1), { "result.account.type": "chatgpt" })
      one.socket.close()
      yield* one.closed
      two.send(account(2))
      assert.deepNestedInclude(yield* answerTo(two, 2), { "result.account.type": "chatgpt" })
      child.signal("SIGTERM")
      assert.strictEqual(yield* two.closed, 1001)
      assert.deepInclude(yield* child.ended, { code: 0, signal: null })
      assert.deepStrictEqual(child.messages(), [])
    })
  )

  it.scopedLive("tells its health, but not to browsers, and lets none of them in", () =>
    Effect.gen(function* () {
      const { http, url } = yield* onPort(yield* emptyWorld(bin))
      for (const path of ["/readyz", "/healthz"]) {
        assert.deepStrictEqual(yield* get(http + path), { status: 200, text: "ok" })
        assert.strictEqual((yield* get(http + path, { headers: { origin: http } })).status, 403)
      }
      assert.strictEqual((yield* turnedAway(url, { origin: http })).status, 403)
    })
  )

  it.scopedLive("asks for a capability token", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = join(folder, "token")
      writeFileSync(file, "the-token\n")
      const flags = ["--ws-auth", "capability-token", "--ws-token-file", file]
      const { url } = yield* onPort(yield* emptyWorld(bin), flags)
      assert.deepStrictEqual(yield* turnedAway(url), { status: 401, text: "missing websocket bearer token" })
      assert.deepStrictEqual(yield* turnedAway(url, { authorization: "Bearer other" }), {
        status: 401,
        text: "invalid websocket bearer token"
      })
      yield* connected(url, { authorization: "Bearer the-token" })
    })
  )

  it.scopedLive("asks for a signed token", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = join(folder, "secret")
      writeFileSync(file, secret)
      const flags = ["--ws-auth", "signed-bearer-token", "--ws-shared-secret-file", file, "--ws-audience", "here"]
      const { url } = yield* onPort(yield* emptyWorld(bin), flags)
      const bearer = (claims: unknown) => ({ authorization: `Bearer ${signed(claims)}` })
      const exp = 4_000_000_000
      assert.deepStrictEqual(yield* turnedAway(url, bearer({ exp: 1, aud: "here" })), {
        status: 401,
        text: "expired websocket jwt"
      })
      assert.deepStrictEqual(yield* turnedAway(url, bearer({ exp, aud: "there" })), {
        status: 401,
        text: "websocket jwt audience mismatch"
      })
      yield* connected(url, bearer({ exp, aud: "here" }))
    })
  )

  it.scopedLive("does not start with a secret that is too short", () =>
    Effect.gen(function* () {
      const { env, home } = yield* emptyWorld(bin)
      const file = join(home, "secret")
      writeFileSync(file, secret.slice(1))
      const flags = ["--ws-auth", "signed-bearer-token", "--ws-shared-secret-file", file]
      const child = yield* start(bin, ["--listen", "ws://127.0.0.1:0", ...flags], env)
      assert.deepInclude(yield* child.ended, { code: 2, signal: null })
      assert.include(child.stderr(), "`--ws-shared-secret-file`: the secret needs at least 32 bytes")
    })
  )

  it.scopedLive("goes on without a client that does not read", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      const { child, url } = yield* onPort(made)
      const slow = yield* connected(url)
      const quick = yield* connected(url)
      slow.socket.pause()
      // As much as the network between the two takes, and more.
      const flood = Effect.sync(() => {
        for (let id = 1; id <= 500; id++) slow.send({ id, method: "x".repeat(2000) })
      })
      yield* Effect.repeatN(Effect.zipRight(flood, Effect.sleep("10 millis")), 60)
      quick.send(account(1))
      assert.deepNestedInclude(yield* answerTo(quick, 1), { "result.account.type": "chatgpt" })
      yield* child.told(/does not read/)
      slow.socket.resume()
      yield* slow.closed
      quick.send(account(2))
      yield* answerTo(quick, 2)
    })
  )

  it.scopedLive("answers what it accepted before it ends", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      yield* made.backend.setPlan([{ endpoint: "usage.read", call: "every", fault: Fault.hang }])
      const { child, url } = yield* onPort(made)
      const client = yield* connected(url)
      client.send(read(1))
      yield* Effect.repeat(Effect.sleep("5 millis"), {
        until: () => Effect.map(made.backend.count("usage.read"), (n) => n > 0)
      })
      child.signal("SIGINT")
      assert.deepNestedInclude(yield* answerTo(client, 1), { "error.code": -32603 })
      assert.strictEqual(yield* client.closed, 1001)
      const { code, millis } = yield* child.ended
      assert.strictEqual(code, 130)
      assert.isBelow(millis, 3000)
    })
  )
})

describe("app-server on a unix socket", () => {
  const place = (home: string) => join(home, "app-server-control/app-server-control.sock")

  const onSocket = ({ env, home }: Pick<World, "env" | "home">) =>
    Effect.gen(function* () {
      const child = yield* start(bin, ["--listen", "unix://"], env)
      yield* child.told(/^app-server listens on unix:\/\/.*\n$/)
      return { child, path: place(home), url: `ws+unix://${place(home)}:/rpc` }
    })

  it.scopedLive("serves its owner, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      const { child, path, url } = yield* onSocket(made)
      assert.strictEqual(mode(path), "600")
      assert.strictEqual(mode(join(path, "..")), "700")
      assert.deepStrictEqual(readdirSync(join(path, "..")), ["app-server-control.sock"])
      const client = yield* connected(url)
      client.send(read(1))
      assert.deepNestedInclude(yield* answerTo(client, 1), { "result.rateLimits.limitId": "codex" })
      child.signal("SIGTERM")
      assert.deepInclude(yield* child.ended, { code: 0, signal: null })
      assert.deepStrictEqual(readdirSync(join(path, "..")), [])
    })
  )

  it.scopedLive("is there once: a second one is refused, and one after a crash takes its place", () =>
    Effect.gen(function* () {
      const made = yield* emptyWorld(bin)
      const first = yield* onSocket(made)
      const second = yield* start(bin, ["--listen", "unix://"], made.env)
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
  )

  it.scopedLive("does not take the place of a file", () =>
    Effect.gen(function* () {
      const { env, home } = yield* emptyWorld(bin)
      const file = join(home, "file")
      writeFileSync(file, "kept")
      const child = yield* start(bin, ["--listen", `unix://${file}`], env)
      assert.deepInclude(yield* child.ended, { code: 2, signal: null })
      assert.include(child.stderr(), `app-server control socket path exists and is not a socket: ${file}`)
      assert.isTrue(existsSync(file))
    })
  )

  it.scopedLive("a second signal takes the socket away too", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      yield* made.backend.setPlan([{ endpoint: "usage.read", call: "every", fault: Fault.hang }])
      const { child, path, url } = yield* onSocket(made)
      const client = yield* connected(url)
      client.send(read(1))
      yield* Effect.repeat(Effect.sleep("5 millis"), {
        until: () => Effect.map(made.backend.count("usage.read"), (n) => n > 0)
      })
      child.signal("SIGTERM")
      yield* Effect.sleep("200 millis")
      child.signal("SIGTERM")
      assert.deepInclude(yield* child.ended, { code: 130, signal: null })
      assert.isFalse(existsSync(path))
    })
  )
})

it.scopedLive("app-server that listens nowhere waits to be ended", () =>
  Effect.gen(function* () {
    const { env } = yield* emptyWorld(bin)
    const child = yield* start(bin, ["--listen", "off", "--log-level", "info"], env)
    yield* child.told(/listens nowhere/)
    child.signal("SIGTERM")
    assert.deepInclude(yield* child.ended, { code: 0, signal: null })
  })
)
