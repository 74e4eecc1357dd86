/** Where a command's result goes. */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { ExitCode } from "./exitCodes.js"
import type { Circumstances, Failure } from "./Failure.js"
import { jsonLine, schemaVersion } from "./json/envelope.js"
import type { Canvas } from "./render/limits.js"
import { paintFor } from "./render/paint.js"
import { withLocalTimes } from "./render/time.js"
import type { Screen } from "./Screen.js"

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
    /** Reports a failure: its lines on stderr, and with `--json` one object on stdout. */
    readonly fail: (command: string | null, failure: Failure) => Effect.Effect<void>
  }
>() {}

/** How a result is shown: its fields in JSON, its lines for a person, and its exit code. */
export interface Presentation<A, Fields extends Schema.Struct.Fields> {
  readonly fields: Fields
  readonly value: (result: A) => Schema.Struct.Type<Fields>
  readonly lines: (result: A, canvas: Canvas) => ReadonlyArray<string>
  readonly exitCode?: (result: A) => ExitCode
}

export const layer = (options: Options): Layer.Layer<Report> =>
  Layer.effect(
    Report,
    Effect.map(Ref.make(Option.none<ExitCode>()), (exitCode) => {
      const paint = paintFor(options.screen.errorColor)
      return {
        ...options,
        exitCode,
        fail: (command, failure) =>
          Effect.gen(function* () {
            yield* Ref.set(exitCode, Option.some(failure.exitCode))
            const now = DateTime.setZone(yield* DateTime.now, options.screen.zone())
            const [first = "", ...rest] = failure.lines.map((line) => withLocalTimes(line, now))
            const lines = [`${paint("red", "error:")} ${first}`, ...rest]
            yield* options.write("stderr", `${lines.join("\n")}\n`)
            if (options.json) {
              const { body: error, exitCode } = failure
              yield* options.write("stdout", `${jsonLine({ schemaVersion, command, ok: false, exitCode, error })}\n`)
            }
          })
      }
    })
  )

/** Runs a program and shows its result: one JSON object, or lines. */
export const present =
  <A, Fields extends Schema.Struct.Fields>(presentation: Presentation<A, Fields>) =>
  <E, R>(
    program: Effect.Effect<A, E, R>
  ): Effect.Effect<void, E, R | Report | Schema.Schema.Context<Fields[keyof Fields]>> =>
    Effect.gen(function* () {
      const report = yield* Report
      const result = yield* program
      const exitCode = presentation.exitCode?.(result) ?? ExitCode.done
      yield* Ref.set(report.exitCode, Option.some(exitCode))
      if (report.json) {
        const encode = Schema.encode(Schema.Struct(presentation.fields))
        const encoded = yield* Effect.orDie(encode(presentation.value(result)))
        const head = { schemaVersion, command: report.at.command, ok: true, exitCode }
        return yield* report.write("stdout", `${jsonLine({ ...head, ...encoded })}\n`)
      }
      const now = DateTime.setZone(yield* DateTime.now, report.screen.zone())
      const canvas = { columns: report.screen.columns, paint: paintFor(report.screen.color), now }
      yield* report.write("stdout", `${presentation.lines(result, canvas).join("\n")}\n`)
    })
