/** `codex-account guard`, and `codex-account guard --wait`. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { blockOf } from "../../domain/UsageTransition.js"
import { guard as guardProgram } from "../../programs/usage.js"
import { waitUntilUsable } from "../../programs/waitUntilUsable.js"
import type { WatchEvent } from "../../programs/watchUsage.js"
import { ExitCode } from "../exitCodes.js"
import { guardFields } from "../json/fields.js"
import { usageViewValue } from "../json/values.js"
import { verdictLines } from "../render/verdict.js"
import { present } from "../Report.js"
import { withWaitingLine } from "../watch/waitingLine.js"
import { hookCommands, hookOptions, needs, printedHooks, timeOf } from "./watch.js"

type Given = Command.Command.ParseConfig<typeof options>

const options = {
  wait: Options.boolean("wait"),
  for: Options.text("for").pipe(Options.optional),
  ...hookOptions
}

/** Waits, with a line on a terminal that says for what; hooks that were run are waited for. */
const waiting = (given: Given) =>
  Effect.gen(function* () {
    const commands = yield* hookCommands(given)
    const timeout = yield* timeOf("--for", given.for, Duration.seconds(1))
    return yield* withWaitingLine((line) =>
      Effect.gen(function* () {
        const hooks = yield* printedHooks(commands, line.clear)
        const waits = yield* Ref.make(false)
        const onEvent = (event: WatchEvent) =>
          Effect.gen(function* () {
            yield* line.show(event)
            if (event._tag !== "Reading") return
            yield* Effect.forEach(event.transitions, hooks.run, { discard: true })
            const { verdict } = event.view
            // That it has to wait at all is what was not expected here.
            const begins = !verdict.isUsable && !(yield* Ref.getAndSet(waits, true))
            if (begins && event.transitions.length === 0) yield* hooks.run(blockOf(verdict))
          })
        const idle = () => hooks.idle
        return yield* Effect.tapBoth(waitUntilUsable({ timeout, onEvent }), { onFailure: idle, onSuccess: idle })
      })
    )
  }).pipe(Effect.scoped)

const answer = (given: Given) =>
  Effect.gen(function* () {
    if (given.wait) return yield* waiting(given)
    const { onBlocked, onReset } = given
    yield* needs("guard --wait", { "--for": given.for, "--on-blocked": onBlocked, "--on-reset": onReset })
    return { ...(yield* guardProgram), waitedMillis: null }
  })

export const guard = Command.make("guard", options, (given) =>
  answer(given).pipe(
    present({
      command: "guard",
      fields: guardFields,
      value: (view) => ({ usable: view.usable, waitedMillis: view.waitedMillis, ...usageViewValue(view) }),
      lines: ({ snapshot, verdict }, canvas) => verdictLines(snapshot, verdict, canvas),
      exitCode: ({ usable }) => (usable ? ExitCode.done : ExitCode.blocked)
    })
  )
)
