/** Questions and pictures on a terminal in memory, with virtual time. */
import type { UserInput } from "@effect/platform/Terminal"
import { assert, describe } from "@effect/vitest"
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
import * as Report from "../../../src/cli/Report.js"
import { inline, ownScreen, type Painter } from "../../../src/cli/terminal/frame.js"
import { make, type Terminal, type Tty } from "../../../src/cli/terminal/Terminal.js"
import { onScreen } from "../../../src/cli/terminal/TerminalDialog.js"
import type { Dialog, DialogError } from "../../../src/services/Dialog.js"
import { list, prompt, row } from "./views.js"
import { virtual } from "../../cases.js"

/** A terminal that notes what happens to it. */
const makeTerminal = Effect.fn(function* (notes: Array<string>) {
  const keys = yield* Mailbox.make<UserInput>()
  const resized = yield* Queue.unbounded<void>()
  let size = { columns: 40, rows: 12 }
  const tty: Tty = {
    keys,
    size: Effect.sync(() => size),
    resizes: Stream.fromQueue(resized),
    write: (text) => Effect.sync(() => void notes.push(text))
  }
  // Longer than anything that is ready to run takes.
  const settle = Effect.repeatN(Effect.yieldNow(), 50)
  return {
    tty,
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

const report = Report.layer({
  screen: {
    columns: 40,
    errorColumns: 40,
    color: false,
    errorColor: false,
    live: true,
    interactive: true,
    zone: () => DateTime.zoneMakeOffset(0)
  },
  at: { command: "usage", networkVariables: [], homeGiven: false },
  json: false,
  write: () => Effect.void
})

/** Runs the work beside a terminal that is open for it. */
const start = Effect.fn(function* <A, E>(
  work: (terminal: Terminal) => Effect.Effect<A, E>,
  { notes = [], painter = ownScreen }: { readonly notes?: Array<string>; readonly painter?: Painter } = {}
) {
  const { tty, ...made } = yield* makeTerminal(notes)
  const fiber = yield* Effect.fork(
    Effect.scoped(Effect.flatMap(make(painter, Effect.succeed(tty)), work)).pipe(Effect.provide(report))
  )
  yield* made.settle
  return { ...made, fiber }
})

const menu = list([row("work"), row("send"), row("ask")], { title: "Menu" })
const closed = ownScreen.end(null)

describe("a question", () => {
  virtual("is drawn when something is different, and only then", function* () {
    const { fiber, notes, press } = yield* start(({ ask }) => ask(() => menu))
    assert.lengthOf(notes, 2)
    yield* TestClock.adjust("10 seconds")
    yield* press("tab")
    assert.lengthOf(notes, 2)
    yield* press("down")
    assert.lengthOf(notes, 3)
    assert.notInclude(notes[2], "Menu")
    assert.include(notes[2], "› 2. send")
    yield* press("x")
    assert.strictEqual(notes[3], "\u0007")
    yield* press("return")
    assert.strictEqual(yield* Fiber.join(fiber), "send")
    assert.strictEqual(notes.at(-1), closed)
  })

  virtual("goes with the time, and with what happens", function* () {
    let news = "none"
    const opened = yield* Deferred.make<Terminal>()
    const { last, notes, settle } = yield* start((terminal) =>
      Effect.zipRight(
        Deferred.succeed(opened, terminal),
        terminal.ask(({ now }) => list([row("Close")], { title: news, lines: [DateTime.formatIso(now)] }))
      )
    )
    const before = notes.length
    yield* TestClock.adjust("3 seconds")
    yield* settle
    assert.strictEqual(notes.length, before + 3)
    assert.include(last(), "1970-01-01T00:00:03")
    news = "some"
    yield* (yield* Deferred.await(opened)).redraw
    yield* settle
    assert.include(last(), "some")
  })

  virtual("is drawn anew as a whole when the size changes", function* () {
    const { last, resize } = yield* start(({ ask }) => ask(() => menu))
    yield* resize(20, 6)
    assert.include(last(), "\u001b[2J")
    assert.include(last(), "Menu")
  })

  virtual("between the lines of the terminal leaves nothing behind", function* () {
    const { fiber, last, notes, press } = yield* start(({ ask }) => ask(() => menu), { painter: inline })
    assert.notMatch(notes.join(""), /\u001b\[(?:\?1049h|2J|\d+;\d+H)/)
    yield* press("down")
    // The whole picture again, from its first line on.
    assert.match(last(), /\r\u001b\[6A\u001b\[J[\s\S]*Menu[\s\S]*› 2\. send/)
    yield* press("return")
    yield* Fiber.join(fiber)
    assert.isTrue(last().startsWith("\r\u001b[6A\u001b[J"))
  })

  virtual.each([
    ["escape", false],
    ["ctrl-c", true]
  ] as const)("%s leaves it", function* ([key, byCtrlC]) {
    const { fiber, press } = yield* start(({ ask }) => ask(() => menu))
    yield* press(key)
    const left = yield* Effect.flip(Fiber.join(fiber))
    assert.strictEqual(left._tag, "Left")
    assert.strictEqual(left.byCtrlC, byCtrlC)
  })

  virtual("a key of its own is run, and may leave it", function* () {
    let count = 0
    const keys = { d: Effect.sync(() => (count += 1) > 0), q: Effect.succeed(false) }
    const { fiber, press } = yield* start(({ ask }) => ask(() => list([], { keys })))
    yield* press("d", "d", "q")
    const left = yield* Effect.flip(Fiber.join(fiber))
    assert.strictEqual(left._tag, "Left")
    assert.isFalse(left.byCtrlC)
    assert.strictEqual(count, 2)
  })

  virtual("is not answered by what was typed before it was shown", function* () {
    const gate = yield* Deferred.make<void>()
    const { fiber, last, press, settle } = yield* start(({ ask }) =>
      Effect.gen(function* () {
        const text = yield* ask(() => prompt({ title: "Text" }))
        yield* Deferred.await(gate)
        return [text, yield* ask(() => list([row("yes"), row("no")], { title: "Question", initial: 1 }))]
      })
    )
    // In one go with the answer, and later, while nothing is shown; the end of a paste among it.
    yield* press("a", "return", "1", "return")
    yield* press("1", "y", "paste-start", "1")
    yield* Deferred.succeed(gate, undefined)
    yield* settle
    assert.include(last(), "Question")
    yield* press("1", "return", "paste-end")
    assert.include(last(), "Question")
    yield* press("return")
    assert.deepStrictEqual(yield* Fiber.join(fiber), ["submit a", "no"])
  })
})

describe("a program's question", () => {
  const confirmation = {
    id: "sure",
    title: "Sure?",
    details: ["a\u001b[2J line"],
    yes: "Do it",
    no: "Don't"
  }
  const selection = { id: "which", title: "Which?", choices: [{ value: 1, label: "One" }], cancel: "Close" }
  const text = { id: "whom", title: "Whom?", placeholder: "name" }
  const check = (given: string) => (given === "ok" ? null : "No.")

  const answered = Effect.fn(function* <A>(
    ask: (dialog: Dialog["Type"]) => Effect.Effect<A, DialogError>,
    ...keys: ReadonlyArray<string>
  ) {
    const left: Array<boolean> = []
    const { fiber, notes, press } = yield* start((terminal) =>
      ask(
        onScreen(terminal, {
          quit: Effect.void,
          left: ({ byCtrlC }) => Effect.sync(() => void left.push(byCtrlC))
        })
      )
    )
    yield* press(...keys)
    return [
      yield* Effect.merge(Effect.mapError(Fiber.join(fiber), ({ reason }) => reason)),
      left,
      notes.join("")
    ] as const
  })

  virtual.each([
    ["return", false, []],
    ["escape", false, []],
    ["n", false, []],
    ["y", true, []],
    ["up return", true, []],
    ["ctrl-c", "Cancelled", [true]]
  ] as const)("whether: %s", function* ([keys, answer, left]) {
    const [given, byCtrlC, shown] = yield* answered((dialog) => dialog.confirm(confirmation), ...keys.split(" "))
    assert.deepStrictEqual([given, byCtrlC], [answer, [...left]])
    assert.include(shown, "a line")
  })

  virtual.each([
    ["return", 1, []],
    ["2", "Cancelled", [false]],
    ["escape", "Cancelled", [false]]
  ] as const)("which: %s", function* ([keys, answer, left]) {
    const [given, byCtrlC] = yield* answered((dialog) => dialog.choose(selection), ...keys.split(" "))
    assert.deepStrictEqual([given, byCtrlC], [answer, [...left]])
  })

  virtual("a text, until it can be taken", function* () {
    const ask = (dialog: Dialog["Type"]) => dialog.ask({ ...text, initial: "o", check })
    const { fiber, last, press } = yield* start((terminal) =>
      ask(onScreen(terminal, { quit: Effect.void, left: () => Effect.void }))
    )
    yield* press("return")
    assert.include(last(), "No.")
    yield* press("k", "return")
    assert.strictEqual(yield* Fiber.join(fiber), "ok")
  })
})

describe("work that is shown", () => {
  const working = (notes: Array<string>) =>
    Effect.onInterrupt(Effect.never, () => Effect.sync(() => notes.push("interrupted")))

  const shown = (isAct: boolean) => {
    const notes: Array<string> = []
    const quit = Effect.sync(() => void notes.push("quit"))
    return Effect.map(
      start(
        (terminal) =>
          onScreen(terminal, { quit, left: () => Effect.void }).progress("Sending", working(notes), { isAct }),
        { notes }
      ),
      (made) => ({ ...made, notes })
    )
  }

  virtual("that is soon done is not", function* () {
    const { fiber, notes } = yield* start((terminal) =>
      onScreen(terminal, { quit: Effect.void, left: () => Effect.void }).progress("Sending", Effect.sleep("100 millis"))
    )
    yield* TestClock.adjust("100 millis")
    yield* Fiber.join(fiber)
    assert.deepStrictEqual(notes, [ownScreen.begin, closed])
  })

  virtual("gives a sign of life when it takes long", function* () {
    const { last, settle } = yield* shown(false)
    yield* TestClock.adjust("200 millis")
    yield* settle
    assert.include(last(), "Sending…")
    assert.notMatch(last(), /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/)
    yield* TestClock.adjust("600 millis")
    yield* settle
    assert.match(last(), /Sending… [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/)
    const first = last()
    yield* TestClock.adjust("100 millis")
    yield* settle
    assert.notStrictEqual(last(), first)
  })

  virtual.each(["escape", "ctrl-c"])("is interrupted by %s", function* (key) {
    const { fiber, notes, press, settle } = yield* shown(false)
    yield* TestClock.adjust("1 second")
    yield* settle
    yield* press(key)
    assert.isTrue(Exit.isInterrupted(yield* Fiber.await(fiber)))
    assert.include(notes, "interrupted")
    assert.notInclude(notes, "quit")
  })

  virtual("is not where it can't be called back: only Ctrl-C ends that, and everything", function* () {
    const { fiber, last, notes, press, settle } = yield* shown(true)
    yield* TestClock.adjust("1 second")
    yield* settle
    yield* press("escape", "return", "y", "1")
    assert.notInclude(notes, "interrupted")
    yield* press("ctrl-c")
    assert.include(notes, "quit")
    assert.notInclude(notes, "interrupted")
    yield* Fiber.interrupt(fiber)
    assert.strictEqual(last(), closed)
  })
})
