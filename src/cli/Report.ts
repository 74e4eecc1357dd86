/** The screen of this process, and where a command's result goes. */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { AuthSession } from "../services/AuthSession.js"
import { ExitCode } from "./exitCodes.js"
import type { Circumstances, Failure } from "./Failure.js"
import { answerLine, errorLine } from "./json/envelope.js"
import type { Canvas } from "./render/limits.js"
import { paintFor } from "./render/paint.js"
import { withLocalTimes } from "./render/time.js"

export interface Screen {
  readonly columns: number
  /** The width of stderr, where questions are asked. */
  readonly errorColumns: number
  readonly color: boolean
  /** The same for stderr. */
  readonly errorColor: boolean
  /** Whether stderr is a terminal that can be redrawn. */
  readonly live: boolean
  /** Whether there is a person to ask. */
  readonly interactive: boolean
  /** Found only when it is needed, since that takes a while. */
  readonly zone: () => DateTime.TimeZone
}

const readColumns = (text: string | undefined): number => {
  const columns = Number(text)
  return Number.isInteger(columns) && columns > 0 ? columns : 80
}

/** As wide as a picture may be; what is too wide for the terminal is cut off. */
export const within = (columns: number): number => Math.min(200, Math.max(20, columns))

/**
 * The screen of this process. Color needs a terminal; `NO_COLOR` with any value, `TERM=dumb` and `color` false turn it
 * off. Without a terminal a line has 80 columns, or as many as `COLUMNS` says.
 */
export const screenOf = ({ env, stderr, stdin, stdout }: NodeJS.Process, color: boolean): Screen => {
  const dumb = env["TERM"] === "dumb"
  const wanted = color && !dumb && (env["NO_COLOR"] ?? "") === ""
  const columns = (stdout.isTTY && stdout.columns) || readColumns(env["COLUMNS"])
  return {
    columns: within(columns),
    errorColumns: within((stderr.isTTY && stderr.columns) || columns),
    color: stdout.isTTY && wanted,
    errorColor: stderr.isTTY && wanted,
    live: stderr.isTTY && !dumb,
    interactive: stdin.isTTY && stderr.isTTY,
    zone: DateTime.zoneMakeLocal
  }
}

/** Writes text to one of the two streams, as it is. */
export type Write = (stream: "stdout" | "stderr", text: string) => Effect.Effect<void>

/** Waits until the text is out, so that nothing is cut off when the process ends. A reader that has left is no error. */
export const writeTo =
  (streams: Readonly<Record<"stdout" | "stderr", NodeJS.WritableStream>>): Write =>
  (stream, text) =>
    Effect.async<void>((resume) => {
      streams[stream].write(text, () => resume(Effect.void))
    }).pipe(Effect.uninterruptible)

interface Options {
  readonly at: Circumstances
  readonly screen: Screen
  readonly json: boolean
  readonly write: Write
}

export class Report extends Context.Tag("effect-codex-account/cli/Report")<
  Report,
  Options & {
    /** Set once the result or the failure is reported. */
    readonly exitCode: Ref.Ref<Option.Option<ExitCode>>
    readonly print: (stream: "stdout" | "stderr", lines: ReadonlyArray<string>) => Effect.Effect<void>
    /** What lines on stdout are drawn for. */
    readonly canvas: Effect.Effect<Canvas>
    /** Reports a failure: its lines on stderr, and with `--json` one object on stdout. */
    readonly fail: (command: string | null, failure: Failure) => Effect.Effect<void>
  }
>() {}

export const layer = (options: Options): Layer.Layer<Report> =>
  Layer.effect(
    Report,
    Effect.gen(function* () {
      const { json, screen, write } = options
      const exitCode = yield* Ref.make(Option.none<ExitCode>())
      const print = (stream: "stdout" | "stderr", lines: ReadonlyArray<string>) =>
        write(stream, lines.map((line) => `${line}\n`).join(""))
      const zonedNow = Effect.map(DateTime.now, (now) => DateTime.setZone(now, screen.zone()))
      return {
        ...options,
        exitCode,
        print,
        canvas: Effect.map(zonedNow, (now) => ({ columns: screen.columns, paint: paintFor(screen.color), now })),
        fail: (command, failure) =>
          Effect.gen(function* () {
            yield* Ref.set(exitCode, Option.some(failure.exitCode))
            const now = yield* zonedNow
            const [first = "", ...rest] = failure.lines.map((line) => withLocalTimes(line, now))
            yield* print("stderr", [`${paintFor(screen.errorColor)("red", "error:")} ${first}`, ...rest])
            if (json) yield* print("stdout", [errorLine(command, failure)])
          })
      }
    })
  )

/** Why the session of the command, if it has one, can't be stored after it was renewed. */
const unsavedSession = Effect.flatMap(
  Effect.serviceOption(AuthSession),
  Option.match({ onNone: () => Effect.succeed(null), onSome: ({ unsaved }) => unsaved })
)

const withUnsaved = (code: ExitCode, unsaved: string | null): ExitCode =>
  code === ExitCode.done && unsaved !== null ? ExitCode.unsaved : code

/** After the work, the exit code says whether the session that was renewed meanwhile is lost. */
export const tellingUnsaved = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* work
    const { exitCode } = yield* Report
    const unsaved = yield* unsavedSession
    yield* Ref.update(exitCode, (code) =>
      Option.some(
        withUnsaved(
          Option.getOrElse(code, () => ExitCode.done),
          unsaved
        )
      )
    )
  })

/** How a result is shown: its fields in JSON, its lines for a person, and its exit code. */
export interface Presentation<A, Fields extends Schema.Struct.Fields> {
  readonly fields: Fields
  readonly value: (result: A) => Schema.Struct.Type<Fields>
  readonly lines: (result: A, canvas: Canvas) => ReadonlyArray<string>
  readonly exitCode?: (result: A) => ExitCode
}

/** Runs a program and shows its result: one JSON object, or lines. */
export const present =
  <A, Fields extends Schema.Struct.Fields>(presentation: Presentation<A, Fields>) =>
  <E, R>(
    program: Effect.Effect<A, E, R>
  ): Effect.Effect<void, E, R | Report | Schema.Schema.Context<Fields[keyof Fields]>> =>
    Effect.gen(function* () {
      const report = yield* Report
      const result = yield* program
      const unsaved = yield* unsavedSession
      const exitCode = withUnsaved(presentation.exitCode?.(result) ?? ExitCode.done, unsaved)
      yield* Ref.set(report.exitCode, Option.some(exitCode))
      if (!report.json) return yield* report.print("stdout", presentation.lines(result, yield* report.canvas))
      const encode = Schema.encode(Schema.Struct(presentation.fields))
      const encoded = yield* Effect.orDie(encode(presentation.value(result)))
      yield* report.print("stdout", [
        answerLine(report.at.command, exitCode, {
          ...(unsaved === null ? {} : { sessionUnsaved: unsaved }),
          ...encoded
        })
      ])
    })
