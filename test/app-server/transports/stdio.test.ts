import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { PassThrough, Writable } from "node:stream"
import { serveStdio, type StdioOptions } from "../../../src/app-server/transports/stdio.js"
import { makeFakeServer } from "./fakeServer.js"
import { virtual } from "../../cases.js"

/** Lets everything run that waits for nothing but the event loop. */
const settle = Effect.repeatN(
  Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
  20
)

const line = (message: unknown) => `${JSON.stringify(message)}\n`
const request = (id: number, method: string, params?: unknown) => line({ id, method, params })

const serving = (more: Partial<StdioOptions> = {}) =>
  Effect.gen(function* () {
    const server = yield* makeFakeServer
    const input = new PassThrough()
    const output = new PassThrough()
    const writes: Array<string> = []
    output.on("data", (piece: Buffer) => writes.push(piece.toString("utf8")))
    const fiber = yield* Effect.fork(
      Effect.provide(
        serveStdio({ input, output, drain: "10 seconds", maxLineBytes: 32 * 1024 * 1024, ...more }),
        server.layer
      )
    )
    yield* settle
    const answers = (): ReadonlyArray<unknown> =>
      writes
        .join("")
        .split("\n")
        .filter((text) => text !== "")
        .map((text): unknown => JSON.parse(text))
    return {
      ...server,
      input,
      output,
      writes,
      answers,
      fiber,
      isOver: Effect.map(Fiber.poll(fiber), (exit) => exit._tag === "Some")
    }
  })

describe("stdio", () => {
  virtual("answers line by line, whatever the pieces", function* () {
    const { answers, input } = yield* serving()
    for (const byte of Buffer.from(request(1, "echo", "試") + request(2, "echo", "b"))) input.write(Buffer.of(byte))
    yield* settle
    assert.deepStrictEqual(answers(), [
      { id: 1, result: "試" },
      { id: 2, result: "b" }
    ])
  })

  virtual("ignores what is no message, and lives", function* () {
    const { answers, input } = yield* serving()
    input.write("\n \r\nnonsense\n{}\n[]\n1\n" + request(1, "echo", "a").replace("\n", "\r\n"))
    yield* settle
    assert.deepStrictEqual(answers(), [{ id: 1, result: "a" }])
  })

  virtual("goes on reading while a handler runs", function* () {
    const { answers, input } = yield* serving()
    input.write(request(1, "hang"))
    yield* settle
    input.write(request(2, "echo", "b"))
    yield* settle
    assert.deepStrictEqual(answers(), [{ id: 2, result: "b" }])
  })

  virtual("writes what has queued up at once", function* () {
    const { answers, input, writes } = yield* serving()
    input.write(Array.from({ length: 100 }, (_, id) => request(id, "echo", id)).join(""))
    yield* settle
    assert.strictEqual(answers().length, 100)
    assert.isAtMost(writes.length, 10)
  })

  virtual("waits with the next write for the last", function* () {
    const written: Array<string> = []
    const waiting: Array<() => void> = []
    const output = new Writable({
      highWaterMark: 1,
      write: (piece: Buffer, _, done) => {
        written.push(piece.toString("utf8"))
        waiting.push(done)
      }
    })
    const { input } = yield* serving({ output })
    for (let id = 0; id < 20; id++) {
      input.write(request(id, "echo", id))
      yield* settle
    }
    assert.strictEqual(written.length, 1)
    waiting.shift()?.()
    yield* settle
    assert.strictEqual(written.length, 2)
    assert.strictEqual(written[1]?.trimEnd().split("\n").length, 19)
  })

  virtual("answers what was accepted when the input ends, then is over", function* () {
    const { answers, fiber, input, isOver, shutdowns } = yield* serving()
    input.end(request(1, "hang") + request(2, "echo", "b") + JSON.stringify({ id: 3, method: "echo", params: "c" }))
    yield* settle
    assert.isFalse(yield* isOver)
    assert.deepStrictEqual(shutdowns, ["10 seconds"])
    yield* TestClock.adjust("10 seconds")
    yield* settle
    yield* Fiber.join(fiber)
    assert.deepStrictEqual(answers(), [
      { id: 2, result: "b" },
      { id: 3, result: "c" },
      { error: { code: -32603, message: "cancelled" }, id: 1 }
    ])
  })

  virtual("leaves a line out that is not UTF-8, and goes on", function* () {
    const { answers, fiber, input } = yield* serving()
    input.write(
      Buffer.concat([Buffer.from(request(1, "echo", "a")), Buffer.of(0xff, 0x0a), Buffer.from(request(2, "echo", "b"))])
    )
    yield* settle
    assert.deepStrictEqual(answers(), [
      { id: 1, result: "a" },
      { id: 2, result: "b" }
    ])
    input.end()
    yield* settle
    yield* Fiber.join(fiber)
  })

  virtual("is over when nobody reads any more, and releases the client", function* () {
    const { clients, fiber, input, output } = yield* serving()
    input.write(request(1, "hang"))
    yield* settle
    output.destroy(new Error("EPIPE"))
    yield* Fiber.join(fiber)
    assert.isTrue(clients[0]?.released)
  })

  virtual("does not wait for a client that does not read when it is shut down", function* () {
    const output = new Writable({ highWaterMark: 1, write: () => {} })
    const { input, isOver } = yield* serving({ output })
    input.end(request(1, "echo", "a"))
    yield* settle
    yield* TestClock.adjust("10 seconds")
    yield* settle
    assert.isFalse(yield* isOver)
    yield* TestClock.adjust("1 second")
    yield* settle
    assert.isTrue(yield* isOver)
  })

  virtual("a line of 20 MiB", function* () {
    const { answers, input } = yield* serving()
    const text = "x".repeat(20 * 1024 * 1024)
    input.write(request(1, "echo", text))
    yield* Effect.repeat(settle, { until: () => answers().length > 0, times: 200 })
    assert.deepStrictEqual(answers(), [{ id: 1, result: text }])
  })
})
