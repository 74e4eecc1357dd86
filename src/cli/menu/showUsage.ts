/** The usage and the token activity on the menu's screen, each as soon as it is read. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { ActivityView } from "../../domain/ActivityCalendar.js"
import { AuthError } from "../../domain/AuthError.js"
import type { BackendError } from "../../domain/BackendError.js"
import { sameIdentity } from "../../domain/Identity.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import { showActivity } from "../../programs/status.js"
import { readUsageWithVerdict, type UsageView } from "../../programs/usage.js"
import { AuthSession } from "../../services/AuthSession.js"
import { Dialog } from "../../services/Dialog.js"
import { failureOf } from "../Failure.js"
import { activityLines } from "../render/activity.js"
import type { Canvas } from "../render/limits.js"
import { wrap } from "../render/text.js"
import { withLocalTimes } from "../render/time.js"
import { usageLines } from "../render/usage.js"
import type { Terminal } from "../terminal/Terminal.js"
import { view } from "../terminal/View.js"

/** Null while it is read. */
type Part<A> = Either.Either<A, AuthError | BackendError> | null

const partLines = <A>(
  name: string,
  part: Part<A>,
  { columns, now, paint }: Canvas,
  draw: (value: A) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  if (part === null) return [paint("dim", `Reading the ${name.toLowerCase()}...`)]
  if (Either.isRight(part)) return draw(part.right)
  const why = failureOf(part.left, { command: "usage", networkVariables: [], homeGiven: false }).lines
  return [`${name} unavailable`, ...why.map((line) => withLocalTimes(line, now))].flatMap((line) => wrap(line, columns))
}

/** Reads without showing that it reads: the parts say it themselves. */
const silently = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Dialog, (dialog) => Effect.provideService(program, Dialog, { ...dialog, progress: (_, work) => work }))

const readUsage = (fresh: boolean) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const { identity } = yield* auth.current
    const { view } = yield* readUsageWithVerdict({ fresh })
    return sameIdentity(view.snapshot.identity, identity) ? view : yield* AuthError.of("AccountMismatch")
  })

/** Shows both until the person goes back. */
export const showUsage = (terminal: Terminal) =>
  Effect.gen(function* () {
    let usage: Part<UsageView> = null
    let activity: Part<TokenActivity> = null
    let drawing: ActivityView = "daily"
    const scope = yield* Effect.scope
    const services = yield* Effect.context<
      Effect.Effect.Context<ReturnType<typeof readUsage>> | Effect.Effect.Context<typeof showActivity>
    >()
    const set = (change: () => void) => Effect.zipRight(Effect.sync(change), terminal.redraw)
    const read = (fresh: boolean) =>
      Effect.all(
        [
          Effect.flatMap(Effect.either(readUsage(fresh)), (part) => set(() => (usage = part))),
          Effect.flatMap(Effect.either(silently(showActivity)), (part) => set(() => (activity = part)))
        ],
        { concurrency: "unbounded", discard: true }
      ).pipe(Effect.provide(services), Effect.forkIn(scope))
    const key = (work: Effect.Effect<unknown>) => Effect.as(work, true)
    const draw = (view: ActivityView) => key(set(() => (drawing = view)))

    yield* read(false)
    yield* terminal.ask<null>((canvas) =>
      view({
        title: "Usage",
        lines: [canvas.paint("dim", "Token activity: d daily, w weekly, c cumulative. r reads again.")],
        wide: [
          ...partLines("Usage", usage, canvas, (value) => usageLines(value, canvas)),
          "",
          ...partLines("Token activity", activity, canvas, (value) => activityLines(value, drawing, canvas))
        ],
        rows: [{ label: "Close", enabled: true, value: null }],
        keys: {
          d: draw("daily"),
          w: draw("weekly"),
          c: draw("cumulative"),
          r: key(
            Effect.suspend(() => {
              if (usage === null || activity === null) return Effect.void
              usage = null
              activity = null
              return read(true)
            })
          )
        },
        busy: usage === null || activity === null
      })
    )
  }).pipe(Effect.scoped)
