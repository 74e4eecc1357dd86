import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { fileURLToPath } from "node:url"
import type { AppServerClientService } from "../../../src/app-server/client/AppServerClient.js"
import * as child from "../../../src/app-server/client/child.js"

const script = fileURLToPath(new URL("./fakeServer.mjs", import.meta.url))

const spawn = (options: Partial<child.ChildOptions> = {}) =>
  child
    .spawn({
      clientName: "tests",
      clientVersion: "1.0.0",
      command: process.execPath,
      args: [script, "one argument", "$HOME"],
      ...options
    })
    .pipe(Effect.provide(NodeContext.layer))

const nextEvents = (client: AppServerClientService, n: number) =>
  Effect.map(Stream.runCollect(Stream.take(client.events, n)), Chunk.toReadonlyArray)

const raw = (client: AppServerClientService, method: string, params: unknown = {}) =>
  client.requestRaw({ method, params })

const isAlive = (pid: unknown) =>
  Effect.sync(() => {
    try {
      return process.kill(Number(pid), 0)
    } catch {
      return false
    }
  })

/** Real time, whatever the clock of the test says. */
const pause = (millis: number) => Effect.promise(() => new Promise((resume) => setTimeout(resume, millis)))

describe("a child", () => {
  it.scopedLive("has its arguments without a shell, and its environment beside ours", () =>
    Effect.gen(function* () {
      const client = yield* spawn({ env: { FAKE_VERSION: "3.2.1" } })
      assert.deepStrictEqual(client.server, { userAgent: "fake/3.2.1 (node)", version: "3.2.1", codexHome: "/fake" })
      assert.deepStrictEqual(yield* raw(client, "arguments"), ["one argument", "$HOME"])
      assert.deepStrictEqual(yield* raw(client, "echo", { a: "ü\n" }), { a: "ü\n" })
    })
  )

  it.scopedLive("asks and is answered", () =>
    Effect.gen(function* () {
      const client = yield* spawn()
      yield* client.notify("ask", { id: "q" })
      yield* Effect.fork(raw(client, "ask", { id: "q" }))
      const [event] = yield* nextEvents(client, 1)
      assert.deepStrictEqual(event, { _tag: "ServerRequest", id: "q", method: "item/tool/call", params: {} })
      yield* client.resolveServerRequest("q", 5)
      const heard = yield* client.events.pipe(
        Stream.filter((next) => next._tag === "OtherNotification"),
        Stream.runHead
      )
      assert.deepInclude(heard, { _tag: "Some" })
    })
  )

  it.scopedLive("may log as much as it likes", () =>
    Effect.gen(function* () {
      const client = yield* spawn()
      assert.strictEqual(yield* raw(client, "log", { bytes: 2_000_000 }), 2_000_000)
    })
  )

  it.scopedLive("may say long lines, and empty ones", () =>
    Effect.gen(function* () {
      const client = yield* spawn()
      yield* Effect.fork(raw(client, "say", { text: "\n  \r\n" }))
      const large = yield* raw(client, "large", { bytes: 20_000_000 })
      assert.strictEqual(String(large).length, 20_000_000)
    })
  )

  it.scopedLive("that says what is no message is done with", () =>
    Effect.gen(function* () {
      const client = yield* spawn()
      const waiting = yield* Effect.fork(Effect.flip(raw(client, "say", { text: "hello\n" })))
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(client.events))
      const message = `the app-server at \`${process.execPath}\` sent invalid JSON-RPC: not a message`
      assert.deepStrictEqual(events, [{ _tag: "Disconnected", message }])
      assert.strictEqual((yield* waiting).message, `say transport error: ${message}`)
    })
  )

  it.scopedLive("that leaves is told as that", () =>
    Effect.gen(function* () {
      const client = yield* spawn()
      const waiting = yield* Effect.fork(Effect.flip(raw(client, "exit", { code: 3 })))
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(client.events))
      const message = `the app-server at \`${process.execPath}\` closed the connection`
      assert.deepStrictEqual(events, [{ _tag: "Disconnected", message }])
      assert.strictEqual((yield* waiting).message, `exit transport error: ${message}`)
    })
  )

  it.scopedLive.each([
    [
      "that is not there",
      { command: "/no/such/program" },
      "can't connect to the app-server at `/no/such/program`: NotFound"
    ],
    [
      "that does not speak the protocol",
      { args: ["-e", "console.log('hello')"] },
      `the app-server at \`${process.execPath}\` sent invalid JSON-RPC: not a message`
    ],
    [
      "that leaves at once",
      { args: ["-e", "process.stdin.once('data', () => process.exit(1))"] },
      `the app-server at \`${process.execPath}\` closed the connection`
    ]
  ] as const)("%s fails the start", ([, options, message]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(spawn(options))).message, message)
    })
  )

  it.live("leaves when its input ends with the scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const client = yield* Scope.extend(spawn(), scope)
      const pid = yield* raw(client, "pid")
      assert.isTrue(yield* isAlive(pid))
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(yield* isAlive(pid))
    })
  )

  it.effect("that does not listen is told to leave after five seconds, and killed after ten", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const client = yield* Scope.extend(spawn({ env: { STUBBORN: "1" } }), scope)
      const pid = yield* raw(client, "pid")
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      for (let waited = 0; waited < 19; waited++) {
        yield* TestClock.adjust("500 millis")
        yield* pause(20)
        assert.isTrue(yield* isAlive(pid), `gone after ${waited / 2} s`)
      }
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.isFalse(yield* isAlive(pid))
    })
  )
})
