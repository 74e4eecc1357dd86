/** The terminal of this process, for as long as something is asked or shown on it. */
import type * as PlatformTerminal from "@effect/platform/Terminal"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Mailbox from "effect/Mailbox"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Canvas } from "../render/limits.js"
import { paintFor, withoutColor } from "../render/paint.js"
import { Report, within } from "../Report.js"
import { type Frame, type Painter, render } from "./frame.js"
import { type Pasting, readInput } from "./input.js"
import { keep, open, press, type Page, type Place, type View } from "./View.js"

/** The person went back: with Escape or a key of the view, or with Ctrl-C. */
export class Left extends Data.TaggedError("Left")<{ readonly byCtrlC: boolean }> {}

/** What is read from and written to. `keys` are what is typed, Ctrl-C among it. */
export interface Tty {
  readonly keys: Mailbox.ReadonlyMailbox<PlatformTerminal.UserInput>
  readonly size: Effect.Effect<{ readonly columns: number; readonly rows: number }>
  /** An element for every change of the size. */
  readonly resizes: Stream.Stream<void>
  readonly write: (text: string) => Effect.Effect<void>
}

export interface Terminal {
  /**
   * Shows the view until a row is chosen or a text is typed. It is made anew for every picture, so it may follow what
   * happens; `redraw` draws it at once. One view at a time.
   */
  readonly ask: <A>(view: (canvas: Canvas) => View<A>) => Effect.Effect<A, Left>
  readonly redraw: Effect.Effect<void>
}

/** Keys from stdin, one by one, and pictures on stderr. */
const processTty = Effect.gen(function* () {
  const { screen, write } = yield* Report
  const { stderr } = process
  // No key ends the reading: what Ctrl-C means depends on what is shown.
  const terminal = yield* NodeTerminal.make(() => false)
  return {
    keys: yield* terminal.readInput,
    size: Effect.sync(() => ({ columns: stderr.columns || screen.errorColumns, rows: stderr.rows || 24 })),
    resizes: Stream.asyncPush<void>(
      (emit) => {
        const resized = () => void emit.single(undefined)
        return Effect.acquireRelease(
          Effect.sync(() => stderr.on("resize", resized)),
          () => Effect.sync(() => stderr.off("resize", resized))
        )
      },
      { bufferSize: 1, strategy: "sliding" }
    ),
    write: (text: string) => write("stderr", screen.errorColor ? text : withoutColor(text))
  }
})

const signs = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const
export const signEvery = 100
/** Work that is done sooner needs no spinner. */
export const signAfter = 500

/** The spinner after so many milliseconds; empty at first. */
export const signAt = (waited: number): string =>
  waited < signAfter ? "" : (signs[Math.floor(waited / signEvery) % signs.length] ?? "")

const noPage: Page = { rows: 1, lines: 1, furthest: 0 }
const bell = "\u0007"

/** However the scope ends, the terminal is as it was: its settings, its cursor, and what was on it. */
export const make = (painter: Painter, openTty: Effect.Effect<Tty, never, Report | Scope.Scope> = processTty) =>
  Effect.gen(function* () {
    const { screen } = yield* Report
    const paint = paintFor(screen.errorColor)
    const zone = screen.zone()
    const tty = yield* openTty
    let shown: Frame | null = null
    let isOpen = true
    const write = (text: string) => Effect.when(tty.write(text), () => isOpen && text !== "")
    let pasting: Pasting | null = null
    yield* Effect.acquireRelease(tty.write(painter.begin), () =>
      Effect.suspend(() => {
        isOpen = false
        return tty.write(painter.end(shown))
      })
    )

    type Message = "redraw" | "resized" | ReadonlyArray<PlatformTerminal.UserInput>
    const inbox = yield* Queue.unbounded<Message>()
    const tell = (message: Message) => Effect.asVoid(Queue.offer(inbox, message))
    yield* Effect.forkScoped(Stream.runForEach(tty.resizes, () => tell("resized")))
    // What is typed in one go arrives as one chunk.
    yield* Effect.forkScoped(
      Stream.runForEachChunk(Mailbox.toStream(tty.keys), (keys) => tell(Chunk.toReadonlyArray(keys)))
    )

    const read = (keys: Iterable<PlatformTerminal.UserInput>) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const [rest, inputs] = readInput(pasting, keys, now)
        pasting = rest
        return inputs
      })

    const ask: Terminal["ask"] = (viewOf) =>
      Effect.gen(function* () {
        // What was typed before this view was shown is no answer to it.
        for (const message of yield* Queue.takeAll(inbox)) {
          if (message === "resized") shown = null
          else if (message !== "redraw") yield* read(message)
        }
        const canvasNow = Effect.map(Effect.all([tty.size, DateTime.now]), ([size, now]) => ({
          size,
          canvas: { columns: within(size.columns), paint, now: DateTime.setZone(now, zone) }
        }))
        const tick = yield* FiberHandle.make<void>()
        const since = yield* Clock.currentTimeMillis
        let place: Place = open(viewOf((yield* canvasNow).canvas))
        let page = noPage
        while (true) {
          const { canvas, size } = yield* canvasNow
          const view = viewOf(canvas)
          place = keep(place, view)
          const sign = view.busy ? signAt(canvas.now.epochMillis - since) : ""
          const frame = render(view, place, { ...size, paint, sign })
          const text = painter.paint(shown, frame)
          shown = frame
          page = frame.page
          yield* write(text)
          // Soon while something turns, else once a second, for the times that pass.
          yield* FiberHandle.run(tick, Effect.delay(tell("redraw"), view.busy ? signEvery : 1000))
          const message = yield* Queue.take(inbox)
          if (message === "resized") shown = null
          const inputs = message === "redraw" || message === "resized" ? [] : yield* read(message)
          for (const input of inputs) {
            const [after, outcome] = press(viewOf(canvas), place, input, page)
            place = after
            // What was typed with the answer is no answer to what is shown next.
            if (outcome._tag === "Chosen") return outcome.value
            if (outcome._tag === "Left") return yield* new Left({ byCtrlC: outcome.byCtrlC })
            if (outcome._tag === "Key" && !(yield* outcome.run)) return yield* new Left({ byCtrlC: false })
            if (outcome._tag === "Unknown") yield* write(bell)
          }
        }
      }).pipe(Effect.scoped)
    return { ask, redraw: tell("redraw") } satisfies Terminal
  })
