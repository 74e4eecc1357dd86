/** The loop of a live view, on a terminal in memory and with virtual time. */
import type * as Terminal from "@effect/platform/Terminal"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { type LiveProgram, runLive } from "../../../src/cli/menu/live.js"
import type { Tty } from "../../../src/cli/menu/tty.js"
import { paintFor } from "../../../src/cli/render/paint.js"
import { list, prompt, row } from "./views.js"

/** A terminal that notes what happens to it. */
const makeTerminal = (notes: Array<string>) =>
  Effect.gen(function* () {
    const keys = yield* Mailbox.make<Terminal.UserInput>()
    const resized = yield* Queue.unbounded<void>()
    let size = { columns: 40, rows: 12 }
    const tty: Tty = {
      keys,
      size: Effect.sync(() => size),
      resizes: Stream.fromQueue(resized),
      write: (text) => Effect.sync(() => void notes.push(text))
    }
    const acquired = Effect.acquireRelease(
      Effect.sync(() => {
        notes.push("opened")
        return tty
      }),
      () => Effect.sync(() => void notes.push("closed"))
    )
    // Longer than anything that is ready to run takes.
    const settle = Effect.repeatN(Effect.yieldNow(), 50)
    return {
      acquired,
      notes,
      settle,
      last: () => notes.at(-1) ?? "",
      /** In one go. */
      press: (...names: ReadonlyArray<string>) =>
        keys
          .offerAll(
            names.map((name) => ({
              input: name.length === 1 ? Option.some(name) : Option.none(),
              key: { name: name.replace("ctrl-", ""), ctrl: name.startsWith("ctrl-"), meta: false, shift: false }
            }))
          )
          .pipe(Effect.zipRight(settle)),
      resize: (columns: number, rows: number) =>
        Effect.sync(() => (size = { columns, rows })).pipe(
          Effect.zipRight(Queue.offer(resized, undefined)),
          Effect.zipRight(settle)
        )
    }
  })

type State = "menu" | "busy" | "sending" | "text" | "question" | "over" | `told ${string}`
type Program = LiveProgram<State, string, string, never>

const program = (more: Partial<Program> = {}): Program => ({
  init: ["menu", []],
  update: (state, event) => {
    if (event === "cancel") return [state === "menu" ? "over" : "menu", []]
    if (event === "work") return ["busy", ["work"]]
    if (event === "send") return ["sending", ["send"]]
    if (event === "ask") return ["text", []]
    if (event === "submit a") return ["question", []]
    return [`told ${event}`, []]
  },
  view: (state, { now }) => {
    switch (state) {
      case "over":
        return null
      case "menu":
        return list([row("work"), row("send"), row("ask")], { id: "menu", title: "Menu" })
      case "busy":
        return list([row("...", { enabled: false })], { id: "busy", title: "Busy", busy: true })
      case "sending":
        return list([row("...", { enabled: false })], { id: "sending", title: "Sending", busy: true, cancel: null })
      case "text":
        return prompt({ title: "Text" })
      case "question":
        return list([row("yes"), row("cancel")], { id: "question", title: "Question", initial: 1 })
      default:
        return list([row("cancel")], { id: "told", title: state, lines: [DateTime.formatIso(now)] })
    }
  },
  perform: () => Effect.never,
  events: Stream.empty,
  ...more
})

const start = (given: Program, notes: Array<string> = []) =>
  Effect.gen(function* () {
    const terminal = yield* makeTerminal(notes)
    const stage = { tty: terminal.acquired, paint: paintFor(false), zone: DateTime.zoneMakeOffset(0) }
    const fiber = yield* Effect.fork(runLive(given, stage))
    yield* terminal.settle
    return { ...terminal, fiber }
  })

describe("a live view", () => {
  it.effect("is drawn when something is different, and only then", () =>
    Effect.gen(function* () {
      const { notes, press } = yield* start(program())
      assert.lengthOf(notes, 2)
      yield* TestClock.adjust("10 seconds")
      yield* press("x")
      assert.lengthOf(notes, 2)
      yield* press("down")
      assert.lengthOf(notes, 3)
      assert.notInclude(notes[2], "Menu")
      assert.include(notes[2], "› 2. send")
    })
  )

  it.effect("goes with the time", () =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<string>()
      const { last, notes, press, settle } = yield* start(program({ perform: () => Deferred.await(done) }))
      yield* press("1")
      yield* Deferred.succeed(done, "done")
      yield* settle
      assert.include(last(), "told done")
      const before = notes.length
      yield* TestClock.adjust("3 seconds")
      yield* settle
      assert.strictEqual(notes.length, before + 3)
      assert.include(last(), "1970-01-01T00:00:03")
    })
  )

  it.effect("gives a sign of life after half a second of work", () =>
    Effect.gen(function* () {
      const { last, notes, press, settle } = yield* start(program())
      yield* press("1")
      const before = notes.length
      yield* TestClock.adjust("499 millis")
      assert.strictEqual(notes.length, before)
      yield* TestClock.adjust("101 millis")
      yield* settle
      assert.match(last(), /Busy [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/)
      const first = last()
      yield* TestClock.adjust("100 millis")
      yield* settle
      assert.notStrictEqual(last(), first)
    })
  )

  it.effect("is drawn anew as a whole when the size changes", () =>
    Effect.gen(function* () {
      const { last, resize } = yield* start(program())
      yield* resize(20, 6)
      assert.include(last(), "\u001b[2J")
      assert.include(last(), "Menu")
    })
  )

  it.effect("Escape ends it where it began, Ctrl-C too, and says so", () =>
    Effect.gen(function* () {
      const one = yield* start(program())
      yield* one.press("escape")
      assert.deepStrictEqual(yield* Fiber.join(one.fiber), { state: "over", byCtrlC: false })
      const other = yield* start(program())
      yield* other.press("3")
      yield* other.press("ctrl-c")
      assert.include(other.last(), "Menu")
      yield* other.press("ctrl-c")
      assert.deepStrictEqual(yield* Fiber.join(other.fiber), { state: "over", byCtrlC: true })
    })
  )

  const leftInOrder = (leave: (made: Effect.Effect.Success<ReturnType<typeof start>>) => Effect.Effect<unknown>) =>
    Effect.gen(function* () {
      const notes: Array<string> = []
      const working = Effect.onInterrupt(Effect.never, () => Effect.sync(() => notes.push("interrupted")))
      const made = yield* start(program({ perform: () => working }), notes)
      yield* made.press("2")
      yield* made.press("escape", "return", "y", "1")
      assert.notInclude(notes, "interrupted")
      yield* leave(made)
      assert.deepStrictEqual(notes.slice(-2), ["closed", "interrupted"])
    })

  it.effect("Ctrl-C leaves what can't be cancelled: the terminal is given back before the work is interrupted", () =>
    leftInOrder(({ fiber, press }) =>
      Effect.gen(function* () {
        yield* press("ctrl-c")
        assert.deepStrictEqual(yield* Fiber.join(fiber), { state: "sending", byCtrlC: true })
      })
    )
  )

  it.effect("interrupted it does the same", () => leftInOrder(({ fiber }) => Fiber.interrupt(fiber)))

  it.effect("fails with what a command dies of, and gives the terminal back", () =>
    Effect.gen(function* () {
      const { fiber, last, press } = yield* start(program({ perform: () => Effect.die("a bug") }))
      yield* press("1")
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.strictEqual(last(), "closed")
    })
  )

  it.effect("what is typed in one go with an answer does not answer what is shown next", () =>
    Effect.gen(function* () {
      const { last, press } = yield* start(program())
      yield* press("3")
      yield* press("a", "return", "1", "return")
      assert.include(last(), "Question")
      yield* press("1")
      assert.include(last(), "told yes")
    })
  )

  it.effect("hears what happens outside, from before the first command on", () =>
    Effect.gen(function* () {
      const outside = yield* Queue.unbounded<string>()
      const heard: Array<string> = []
      const { last, settle } = yield* start(
        program({
          init: ["menu", ["first"]],
          perform: () =>
            Effect.zipRight(
              Effect.sync(() => heard.push("first")),
              Effect.never
            ),
          events: Stream.fromQueue(outside).pipe(Stream.onStart(Effect.sync(() => heard.push("listening"))))
        })
      )
      assert.deepStrictEqual(heard, ["listening", "first"])
      yield* Queue.offer(outside, "news")
      yield* settle
      assert.include(last(), "told news")
    })
  )
})
