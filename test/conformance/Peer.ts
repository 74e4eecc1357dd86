/** An app-server as a child process: a line of JSON for each message, both ways. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { decode, type Message, type RequestId } from "../../src/rpc/Envelope.js"
import { makeLineSplitter } from "../../src/rpc/lines.js"

/** What it said, in order; `message` is null for a line that is none. */
export interface Heard {
  readonly line: string
  readonly message: Message | null
}

export interface Peer {
  readonly heard: () => ReadonlyArray<Heard>
  readonly send: (line: string) => void
  /** The answer to this id; none when it ended before, or did not answer in time. */
  readonly answer: (id: RequestId, limit: Duration.DurationInput) => Effect.Effect<Option.Option<Message>>
  readonly end: () => void
  /** How it ended: its exit code, or the signal. It is asked to end, and made to when it does not. */
  readonly ended: Effect.Effect<number | string>
}

export interface Command {
  readonly file: string
  readonly args: ReadonlyArray<string>
}

const isAnswerTo = (id: RequestId, message: Message | null): boolean =>
  (message?._tag === "Response" || message?._tag === "ErrorResponse") && message.id === id

export const spawnPeer = (
  { args, file }: Command,
  home: string,
  env: Readonly<Record<string, string>>
): Effect.Effect<Peer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(file, args, { cwd: home, env, stdio: ["pipe", "pipe", "ignore"] })),
      (child) =>
        Effect.sync(() => {
          if (child.exitCode === null) child.kill("SIGKILL")
        })
    )
    const heard: Array<Heard> = []
    const waiting = new Set<() => void>()
    let end: number | string | null = null
    const wake = () => {
      for (const look of Array.from(waiting)) look()
    }
    const splitter = makeLineSplitter({ maxBytes: 64 * 1024 * 1024 })
    const listen = (lines: ReadonlyArray<string>) => {
      for (const line of lines) heard.push({ line, message: decode(line) })
      wake()
    }
    child.stdout.on("data", (piece: Buffer) => listen(splitter.push(piece)))
    child.stdout.on("end", () => listen(splitter.end()))
    child.stdin.on("error", () => {})
    child.on("error", () => {
      end = "not started"
      wake()
    })
    child.on("close", (code, signal) => {
      end = code ?? signal ?? "gone"
      wake()
    })
    const until = (done: () => boolean): Effect.Effect<void> =>
      Effect.async((resume) => {
        const look = () => {
          if (!done()) return
          waiting.delete(look)
          resume(Effect.void)
        }
        waiting.add(look)
        look()
        return Effect.sync(() => waiting.delete(look))
      })
    const kill = (signal: NodeJS.Signals) => Effect.sync(() => child.kill(signal))
    const gone = until(() => end !== null)

    return {
      heard: () => heard,
      send: (line) => void child.stdin.write(`${line}\n`),
      answer: (id, limit) => {
        const find = () => heard.find(({ message }) => isAnswerTo(id, message))?.message
        return until(() => end !== null || find() !== undefined).pipe(
          Effect.timeoutOption(limit),
          Effect.map(() => Option.fromNullable(find()))
        )
      },
      end: () => void child.stdin.end(),
      ended: Effect.gen(function* () {
        yield* Effect.sync(() => child.stdin.end())
        yield* Effect.timeoutOption(gone, "5 seconds")
        if (end === null) {
          yield* kill("SIGKILL")
          yield* gone
          return "had to be killed"
        }
        return end
      })
    }
  })
