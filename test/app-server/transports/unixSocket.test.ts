import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import * as Net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { defaultSocketPath, listenOnSocket } from "../../../src/app-server/transports/listen.js"
import { serveWebSockets } from "../../../src/app-server/transports/wsServer.js"
import { makeFakeServer } from "./fakeServer.js"
import { get, open } from "./sockets.js"
import { live } from "../../cases.js"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "codex-account-unix-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const mode = (path: string) => (lstatSync(path).mode & 0o777).toString(8)

const refusedAt = (path: string) =>
  Effect.map(Effect.flip(Effect.asVoid(Effect.scoped(listenOnSocket(path)))), ({ message }) => message)

/** A socket that a process has left behind. */
const leaveSocket = (path: string) =>
  Effect.async<void>((resume) => {
    const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`
    spawnSync(process.execPath, ["-e", script])
    resume(lstatSync(path).isSocket() ? Effect.void : Effect.dieMessage("no socket was left"))
  })

describe("websockets on a unix socket", () => {
  live("are served, for the owner alone, in a folder for the owner alone", function* () {
    const home = yield* temporary
    const path = defaultSocketPath(home)
    assert.strictEqual(path, join(home, "app-server-control/app-server-control.sock"))
    const { layer } = yield* makeFakeServer
    const { server, url } = yield* listenOnSocket(path)
    assert.strictEqual(url, `unix://${path}`)
    assert.deepStrictEqual(readdirSync(join(home, "app-server-control")), ["app-server-control.sock"])
    assert.strictEqual(mode(path), "600")
    assert.strictEqual(mode(join(home, "app-server-control")), "700")
    const stop = Deferred.await(yield* Deferred.make<void>())
    yield* Effect.forkScoped(
      Effect.provide(serveWebSockets(server, { auth: { _tag: "Open" }, isOpen: false, stop }), layer)
    )
    yield* Effect.yieldNow()
    const client = yield* open(`ws+unix://${path}:/rpc`)
    client.send({ id: 1, method: "echo", params: "a" })
    assert.deepStrictEqual(yield* client.until(1), [{ id: 1, result: "a" }])
    assert.deepStrictEqual(yield* get("http://localhost/readyz", { socketPath: path }), { status: 200, text: "ok" })
    const foreign = yield* get("http://localhost/readyz", { socketPath: path, headers: { origin: "null" } })
    assert.strictEqual(foreign.status, 403)
  })

  live("leave a folder that was there as it is, and nothing behind", function* () {
    const folder = yield* temporary
    const own = join(folder, "own")
    mkdirSync(own, { mode: 0o750 })
    const path = join(own, "s")
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* listenOnSocket(path)
        assert.deepStrictEqual(readdirSync(own), ["s"])
      })
    )
    assert.strictEqual(mode(own), "750")
    assert.deepStrictEqual(readdirSync(own), [])
  })

  live("are not put where others can write", function* () {
    const folder = join(yield* temporary, "shared")
    mkdirSync(folder)
    chmodSync(folder, 0o777)
    assert.match(yield* refusedAt(join(folder, "s")), /other users can write to its folder; make one with mode 0700$/)
    chmodSync(folder, 0o1777)
    yield* listenOnSocket(join(folder, "s"))
  })

  live("say so when another program holds the lock", function* () {
    const folder = yield* temporary
    writeFileSync(join(folder, "app-server-startup.lock"), "another program's")
    assert.match(yield* refusedAt(join(folder, "s")), /app-server-startup\.lock is another program's: remove it if/)
    assert.deepStrictEqual(readdirSync(folder), ["app-server-startup.lock"])
  })

  live("take the place of a socket that nobody answers on", function* () {
    const path = join(yield* temporary, "s")
    yield* leaveSocket(path)
    const { ino } = statSync(path)
    yield* listenOnSocket(path)
    assert.notStrictEqual(statSync(path).ino, ino)
    assert.strictEqual(mode(path), "600")
  })

  live("do not take the place of one that is used", function* () {
    const path = join(yield* temporary, "s")
    yield* listenOnSocket(path)
    const { ino } = statSync(path)
    assert.strictEqual(yield* refusedAt(path), `app-server control socket is already in use at ${path}`)
    assert.strictEqual(statSync(path).ino, ino)
    yield* Effect.async<void>((resume) => {
      const socket = Net.connect(path, () => resume(Effect.void))
      socket.on("error", (error) => resume(Effect.die(error)))
    })
  })

  live("do not take the place of what is no socket", function* () {
    const folder = yield* temporary
    const file = join(folder, "file")
    writeFileSync(file, "kept")
    for (const path of [file, folder]) {
      assert.strictEqual(yield* refusedAt(path), `app-server control socket path exists and is not a socket: ${path}`)
    }
    assert.deepStrictEqual(readdirSync(folder), ["file"])
  })

  live("do not take away a socket that somebody else has put there", function* () {
    const path = join(yield* temporary, "s")
    const scope = yield* Scope.make()
    yield* Scope.extend(listenOnSocket(path), scope)
    rmSync(path)
    yield* leaveSocket(path)
    yield* Scope.close(scope, Exit.void)
    assert.isTrue(existsSync(path))
  })

  live("need a place that can be", function* () {
    const folder = yield* temporary
    const long = join(folder, "x".repeat(108))
    assert.strictEqual(
      yield* refusedAt(long),
      `invalid unix socket --listen URL \`unix://${long}\`; failed to resolve socket path: it is longer than ${process.platform === "linux" ? 107 : 103} bytes`
    )
    writeFileSync(join(folder, "file"), "")
    assert.match(
      yield* refusedAt(join(folder, "file/s")),
      /^can't listen on unix:\/\/.*: its folder can't be made \(ENOTDIR|EEXIST\)$/
    )
  })

  live("of ten that start at once one gets the place", function* () {
    const folder = yield* temporary
    const path = join(folder, "s")
    yield* leaveSocket(path)
    const ended = yield* Effect.all(
      Array.from({ length: 10 }, () => Effect.either(listenOnSocket(path))),
      { concurrency: "unbounded" }
    )
    assert.strictEqual(ended.filter(({ _tag }) => _tag === "Right").length, 1)
    assert.deepStrictEqual(readdirSync(folder), ["s"])
  })

  live("take over the lock of a start that has died", function* () {
    const folder = yield* temporary
    const { pid } = spawnSync(process.execPath, ["-e", ""])
    writeFileSync(join(folder, "app-server-startup.lock"), String(pid))
    yield* listenOnSocket(join(folder, "s"))
    assert.deepStrictEqual(readdirSync(folder), ["s"])
  })

  live("wait for a start that is under way", function* () {
    const folder = yield* temporary
    const lock = join(folder, "app-server-startup.lock")
    writeFileSync(lock, String(process.ppid))
    yield* Effect.forkScoped(
      Effect.zipRight(
        Effect.sleep("200 millis"),
        Effect.sync(() => rmSync(lock))
      )
    )
    yield* listenOnSocket(join(folder, "s"))
    assert.isFalse(existsSync(lock))
  })
})
