/** The locks that Codex takes around a change of `auth.json`. Node has no `flock`: without the optional `koffi` there are none. */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

type Flock = (descriptor: number, operation: number) => number

const exclusiveWithoutWaiting = 2 | 4

/** How long each lock is waited for, as Codex waits for the second. */
const longestWaitMillis = 5000

/** Null where there is no such call. Loaded when it is first needed. */
const loadFlock: Effect.Effect<Flock | null> = Effect.tryPromise(async (): Promise<Flock | null> => {
  if (process.platform === "win32") return null
  const { default: koffi } = await import("koffi")
  return koffi.load(null).func("int flock(int, int)")
}).pipe(Effect.orElseSucceed(() => null))

export const makeFileLocks = (fs: FileSystem.FileSystem) =>
  Effect.map(Effect.cached(loadFlock), (flock) => {
    const acquire = (flock: Flock, file: string, mode: number) =>
      Effect.gen(function* () {
        const { fd } = yield* fs.open(file, { flag: "a", mode })
        const start = yield* Clock.currentTimeMillis
        while (flock(fd, exclusiveWithoutWaiting) !== 0) {
          if ((yield* Clock.currentTimeMillis) - start >= longestWaitMillis) {
            return yield* Effect.logWarning(`Another program holds ${file}. The sign-in is changed all the same.`)
          }
          yield* Effect.sleep("20 millis")
        }
      }).pipe(Effect.ignore)

    /** Takes the locks one after the other, until the scope ends. One that can't be had is no reason to lose tokens. */
    return (...files: ReadonlyArray<readonly [file: string, mode: number]>): Effect.Effect<void, never, Scope.Scope> =>
      Effect.flatMap(flock, (call) =>
        call === null
          ? Effect.void
          : Effect.forEach(files, ([file, mode]) => acquire(call, file, mode), { discard: true })
      )
  })
