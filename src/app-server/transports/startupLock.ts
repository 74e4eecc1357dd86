/** One app-server at a time looks for its place. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import * as Fs from "node:fs"
import { ListenError } from "./listenUrl.js"

/** A start takes milliseconds: a lock of this age was left behind. */
const oldMillis = 30_000

const patience = "5 seconds"

const code = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN")

/** Whether the process that the lock names has ended. */
const isDead = (pid: number): boolean =>
  Either.match(Either.try({ try: () => process.kill(pid, 0), catch: code }), {
    onLeft: (why) => why === "ESRCH",
    onRight: () => false
  })

const isLeft = (file: string, nowMillis: number): boolean =>
  Either.match(
    Either.try(() => ({ pid: Number(Fs.readFileSync(file, "utf8")), madeAt: Fs.statSync(file).mtimeMs })),
    // It has just been given back.
    {
      onLeft: () => false,
      onRight: ({ madeAt, pid }) => nowMillis - madeAt > oldMillis || (Number.isInteger(pid) && pid > 0 && isDead(pid))
    }
  )

/** Moved aside before it is removed, so that of several who want it away one alone succeeds. */
const removeLeft = (file: string): void => {
  const aside = `${file}.${process.pid}`
  Fs.renameSync(file, aside)
  Fs.rmSync(aside, { force: true })
}

const take = (file: string): Effect.Effect<void, string> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.try({
      try: () => Fs.writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 }),
      catch: code
    }).pipe(
      Effect.tapError((why) =>
        why === "EEXIST" && isLeft(file, now) ? Effect.ignore(Effect.try(() => removeLeft(file))) : Effect.void
      )
    )
  )

/**
 * Runs with the lock file in place. Waits a few seconds for another that starts, and takes the lock of one that has died.
 */
export const withStartupLock = <A, E, R>(
  file: string,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | ListenError, R> =>
  Effect.acquireUseRelease(
    take(file).pipe(
      Effect.retry({
        schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo(patience)),
        while: (why) => why === "EEXIST"
      }),
      Effect.mapError((why) =>
        why === "EEXIST"
          ? new ListenError({ message: `another app-server is starting: it holds ${file}` })
          : new ListenError({ message: `the lock ${file} can't be made (${why})` })
      )
    ),
    () => self,
    () => Effect.ignore(Effect.try(() => Fs.rmSync(file, { force: true })))
  )
