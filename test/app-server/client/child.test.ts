import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe } from "@effect/vitest"
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
import { nextEvents } from "./scripted.js"
import { live, virtual } from "../../cases.js"

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
  live("has its arguments without a shell, and its environment beside ours", function* () {
    const client = yield* spawn({ env: { FAKE_VERSION: "3.2.1" } })
    assert.deepStrictEqual(client.server, { userAgent: "fake/3.2.1 (node)", version: "3.2.1", codexHome: "/fake" })
    assert.deepStrictEqual(yield* raw(client, "arguments"), ["one argument", "$HOME"])
    assert.deepStrictEqual(yield* raw(client, "echo", { a: "ü\n" }), { a: "ü\n" })
  })

  live("asks and is answered", function* () {
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

  live("may log as much as it likes", function* () {
    const client = yield* spawn()
    assert.strictEqual(yield* raw(client, "log", { bytes: 2_000_000 }), 2_000_000)
  })

  live("may say long lines, and empty ones", function* () {
    const client = yield* spawn()
    yield* Effect.fork(raw(client, "say", { text: "\n  \r\n" }))
    const large = yield* raw(client, "large", { bytes: 20_000_000 })
    assert.strictEqual(String(large).length, 20_000_000)
  })

  live("that says what is no message is done with", function* () {
    const client = yield* spawn()
    const waiting = yield* Effect.fork(Effect.flip(raw(client, "say", { text: "hello\n" })))
    const events = Chunk.toReadonlyArray(yield* Stream.runCollect(client.events))
    const message = `the app-server at \`${process.execPath}\` sent invalid JSON-RPC: not a message`
    assert.deepStrictEqual(events, [{ _tag: "Disconnected", message }])
    assert.strictEqual((yield* waiting).message, `say transport error: ${message}`)
  })

  live("that leaves is told as that", function* () {
    const client = yield* spawn()
    const waiting = yield* Effect.fork(Effect.flip(raw(client, "exit", { code: 3 })))
    const events = Chunk.toReadonlyArray(yield* Stream.runCollect(client.events))
    const message = `the app-server at \`${process.execPath}\` closed the connection`
    assert.deepStrictEqual(events, [{ _tag: "Disconnected", message }])
    assert.strictEqual((yield* waiting).message, `exit transport error: ${message}`)
  })

  live.each([
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
  ] as const)("%s fails the start", function* ([, options, message]) {
    assert.strictEqual((yield* Effect.flip(spawn(options))).message, message)
  })

  live("leaves when its input ends with the scope", function* () {
    const scope = yield* Scope.make()
    const client = yield* Scope.extend(spawn(), scope)
    const pid = yield* raw(client, "pid")
    assert.isTrue(yield* isAlive(pid))
    yield* Scope.close(scope, Exit.void)
    assert.isFalse(yield* isAlive(pid))
  })

  virtual("that does not listen is told to leave after five seconds, and killed after ten", function* () {
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
})
