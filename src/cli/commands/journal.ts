/** `codex-account journal`. */
import * as Effect from "effect/Effect"
import type { Operation } from "../../domain/Operation.js"
import { plainLine } from "../../domain/PlainText.js"
import { type Finding, type Resolution, resolveOperation } from "../../programs/resolveOperation.js"
import { OperationJournal } from "../../services/OperationJournal.js"
import { badUsage } from "../Command.js"
import { ExitCode, ofRedeem } from "../exitCodes.js"
import { journalFields } from "../json/outputs.js"
import type { Canvas } from "../render/limits.js"
import { table, wrap } from "../render/text.js"
import { relative } from "../render/time.js"
import { present } from "../Report.js"
import { reportInterrupt } from "../unfinished.js"

interface Answer {
  readonly operations: ReadonlyArray<Operation>
  readonly resolution: Resolution | null
}

const stateOf = ({ state }: Operation): string => {
  const why = state._tag === "succeeded" ? state.outcome : "reason" in state ? state.reason : null
  return why === null ? state._tag : `${state._tag}: ${why}`
}

const settle = (operation: Operation): ReadonlyArray<string> =>
  operation.isOpen ? [`Its outcome is unknown. To settle it: codex-account journal resolve ${operation.key}`] : []

const sentences: Readonly<Record<Resolution["_tag"], string>> = {
  Redeemed: "The redemption was sent again with its own key.",
  Closed: "What you found was recorded as the outcome.",
  Left: "Nothing was changed."
}

const lines = ({ operations, resolution }: Answer, canvas: Canvas): ReadonlyArray<string> => {
  if (operations.length === 0) return ["The journal is empty."]
  const rows = operations.map((operation) => [
    operation.act,
    plainLine(stateOf(operation), 60),
    relative(operation.updatedAt, canvas.now),
    plainLine(operation.key, 128)
  ])
  return [
    ...(resolution === null ? [] : [sentences[resolution._tag], ""]),
    ...table(["ACT", "STATE", "WHEN", "KEY"], rows, canvas),
    ...operations.flatMap(settle).flatMap((line) => wrap(plainLine(line), canvas.columns))
  ]
}

const list = Effect.flatMap(OperationJournal, (journal) => journal.list()).pipe(
  Effect.map((operations): Answer => ({ operations, resolution: null }))
)

const noSuchKey = (key: string) =>
  badUsage(`The journal has no operation ${plainLine(key, 128)}.`, "To see all: codex-account journal")

const show = (key: string) =>
  Effect.flatMap(OperationJournal, (journal) => journal.find(key)).pipe(
    Effect.flatMap(Effect.mapError(() => noSuchKey(key))),
    Effect.map((operation): Answer => ({ operations: [operation], resolution: null }))
  )

const resolve = (key: string, found: Finding | undefined) =>
  Effect.gen(function* () {
    yield* show(key)
    const resolution = yield* resolveOperation(key, { finding: found })
    const { operations } = yield* show(key)
    return { operations, resolution } satisfies Answer
  })

const answer = (words: ReadonlyArray<string>, found: Finding | undefined) => {
  const [action, key, ...rest] = words
  if (action === undefined || (action === "list" && key === undefined)) return list
  if (rest.length === 0 && key !== undefined) {
    if (action === "show") return show(key)
    if (action === "resolve") return resolve(key, found)
  }
  return badUsage("Use journal, journal show KEY, or journal resolve KEY.")
}

const exitCodeOf = ({ resolution }: Answer): ExitCode => {
  if (resolution?._tag === "Redeemed") return ofRedeem(resolution.result.outcome)
  return resolution?._tag === "Left" ? ExitCode.nothing : ExitCode.done
}

export const journal = (flags: { readonly "--found": Finding | undefined }, words: ReadonlyArray<string>) =>
  Effect.suspend(() => answer(words, flags["--found"])).pipe(
    reportInterrupt,
    present({
      fields: journalFields,
      value: ({ operations, resolution }) => ({
        operations,
        resolution: resolution?._tag ?? null,
        redeemed: resolution?._tag === "Redeemed" ? resolution.result.outcome : null
      }),
      lines,
      exitCode: exitCodeOf
    })
  )
