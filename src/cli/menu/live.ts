/** A live view: what is shown follows from a state, and the state from what happens. */
import type * as Terminal from "@effect/platform/Terminal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as FiberSet from "effect/FiberSet"
import * as Mailbox from "effect/Mailbox"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Canvas } from "../render/limits.js"
import type { Paint } from "../render/paint.js"
import { keep, type KitState, open, type Outcome, type Page, press } from "./kit.js"
import { type Pasting, readInput } from "./kitInput.js"
import { paintFrame } from "./paintFrame.js"
import { type Frame, render } from "./render.js"
import type { Tty } from "./tty.js"
import type { View } from "./View.js"

/** `view` is null when it is over. What a command brings about is an event, and so is what happens outside. */
export interface LiveProgram<State, Event, Command, R> {
  readonly init: readonly [State, ReadonlyArray<Command>]
  readonly update: (state: State, event: Event) => readonly [State, ReadonlyArray<Command>]
  readonly view: (state: State, canvas: Canvas) => View<Event> | null
  readonly perform: (command: Command) => Effect.Effect<Event, never, R>
  readonly events: Stream.Stream<Event, never, R>
}

/** The state in which it ended, and whether it was Ctrl-C that ended it. */
export interface Left<State> {
  readonly state: State
  readonly byCtrlC: boolean
}

/** Where it is shown. */
export interface Stage {
  readonly tty: Effect.Effect<Tty, never, Scope.Scope>
  readonly paint: Paint
  readonly zone: DateTime.TimeZone
}

type Message<Event> =
  | { readonly _tag: "Keys"; readonly keys: ReadonlyArray<Terminal.UserInput> }
  | { readonly _tag: "Happened"; readonly event: Event }
  | { readonly _tag: "Redraw"; readonly whole: boolean }
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<never> }

const signs = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const
const signEvery = 100
/** Work that is done sooner needs no sign of life. */
const signAfter = 500

/** As wide as a picture may be; what is too wide for the terminal is cut off. */
const drawn = (columns: number): number => Math.min(200, Math.max(20, columns))

const noPage: Page = { rows: 1, lines: 1, furthest: 0 }

/**
 * Shows the program on the terminal until it is over, or Ctrl-C leaves. The terminal is given back first; then what is
 * still being performed is interrupted.
 */
export const runLive = <State, Event, Command, R>(
  program: LiveProgram<State, Event, Command, R>,
  stage: Stage
): Effect.Effect<Left<State>, never, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const inbox = yield* Queue.unbounded<Message<Event>>()
    const work = yield* FiberSet.make<void>()
    const tell = (message: Message<Event>) => Effect.asVoid(Queue.offer(inbox, message))
    const failed = (cause: Cause.Cause<never>) =>
      Cause.isInterruptedOnly(cause) ? Effect.void : tell({ _tag: "Failed", cause })
    const run = <A>(effect: Effect.Effect<A, never, R>) =>
      FiberSet.run(work, Effect.catchAllCause(Effect.asVoid(effect), failed))
    const start = (commands: ReadonlyArray<Command>) =>
      Effect.forEach(
        commands,
        (command) => run(Effect.flatMap(program.perform(command), (event) => tell({ _tag: "Happened", event }))),
        { discard: true }
      )
    yield* run(Stream.runForEach(program.events, (event) => tell({ _tag: "Happened", event })))
    // Whoever listens has begun to before anything is performed.
    yield* Effect.yieldNow()

    const loop = Effect.gen(function* () {
      const tty = yield* stage.tty
      const tick = yield* FiberHandle.make<void>()
      // What is typed in one go arrives as one chunk.
      const typed = Stream.runForEachChunk(Mailbox.toStream(tty.keys), (keys) =>
        tell({ _tag: "Keys", keys: Chunk.toReadonlyArray(keys) })
      )
      yield* Effect.forkScoped(typed)
      yield* Effect.forkScoped(Stream.runForEach(tty.resizes, () => tell({ _tag: "Redraw", whole: true })))

      let state = program.init[0]
      let kit: KitState | null = null
      let pasting: Pasting | null = null
      let shown: Frame | null = null
      let busySince: number | null = null

      const canvasNow = Effect.map(Effect.all([tty.size, DateTime.now]), ([size, now]) => ({
        size,
        canvas: { columns: drawn(size.columns), paint: stage.paint, now: DateTime.setZone(now, stage.zone) }
      }))

      /** Shows the state; false when it is over. */
      const draw = Effect.gen(function* () {
        const { canvas, size } = yield* canvasNow
        const view = program.view(state, canvas)
        if (view === null) return false
        const millis = canvas.now.epochMillis
        const isBusy = view._tag === "List" && view.busy
        busySince = isBusy ? (kit?.id === view.id ? (busySince ?? millis) : millis) : null
        kit = kit === null ? open(view) : keep(kit, view)
        const waited = busySince === null ? 0 : millis - busySince
        const sign = waited < signAfter ? "" : (signs[Math.floor(waited / signEvery) % signs.length] ?? "")
        const frame = render(view, kit, { ...size, paint: stage.paint, sign })
        const text = paintFrame(shown, frame)
        shown = frame
        if (text !== "") yield* tty.write(text)
        // Soon while something turns, else once a second, for the times that pass.
        const pause = isBusy ? signEvery : 1000
        yield* FiberHandle.run(tick, Effect.delay(tell({ _tag: "Redraw", whole: false }), pause))
        return true
      })

      const happen = (event: Event) =>
        Effect.suspend(() => {
          const [next, commands] = program.update(state, event)
          state = next
          return start(commands)
        })

      /** What the keys bring about; true where Ctrl-C leaves. */
      const type = (keys: ReadonlyArray<Terminal.UserInput>) =>
        Effect.gen(function* () {
          const [rest, inputs] = readInput(pasting, keys, yield* Clock.currentTimeMillis)
          pasting = rest
          for (const input of inputs) {
            const { canvas } = yield* canvasNow
            const view = program.view(state, canvas)
            if (view === null) return false
            const [after, outcome]: readonly [KitState, Outcome<Event>] = press(
              view,
              kit ?? open(view),
              input,
              shown?.page ?? noPage
            )
            kit = after
            if (outcome._tag === "Quit") return true
            if (outcome._tag === "Event") {
              yield* happen(outcome.event)
              // What was typed with it was not typed at what is shown next.
              return outcome.byCtrlC && program.view(state, canvas) === null
            }
          }
          return false
        })

      yield* start(program.init[1])
      while (yield* draw) {
        const message = yield* Queue.take(inbox)
        switch (message._tag) {
          case "Keys":
            if (yield* type(message.keys)) return { state, byCtrlC: true }
            break
          case "Happened":
            yield* happen(message.event)
            break
          case "Redraw":
            if (message.whole) shown = null
            break
          case "Failed":
            return yield* Effect.failCause(message.cause)
        }
      }
      return { state, byCtrlC: false }
    })
    return yield* Effect.scoped(loop)
  }).pipe(Effect.scoped)
