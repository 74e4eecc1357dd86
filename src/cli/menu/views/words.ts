/** What several views say. */
import type * as DateTime from "effect/DateTime"
import { plainLine } from "../../../domain/PlainText.js"
import { planLabel } from "../../../domain/Plan.js"
import type { ResetCredit } from "../../../domain/ResetCredit.js"
import type { Session } from "../../../domain/Session.js"
import type { Failure } from "../../../programs/menu/Failure.js"
import { failureOf } from "../../Failure.js"
import type { Canvas } from "../../render/limits.js"
import { timeAndDistance, withLocalTimes } from "../../render/time.js"
import type { ListView, Row, View } from "../View.js"

/** A list with what most of them have: Escape goes back, and nothing is waited for. */
export const list = <Event>(
  view: Pick<ListView<Event>, "id" | "title" | "lines" | "rows" | "cancel"> & Partial<ListView<Event>>
): ListView<Event> => ({ _tag: "List", wide: [], initial: 0, keys: {}, busy: false, ...view })

export const row = <Event>(
  label: string,
  event: Event,
  more: Partial<Omit<Row<Event>, "label" | "event">> = {}
): Row<Event> => ({ label, event, enabled: true, ...more })

/** What is waited for: one row that can't be chosen. */
export const waiting = <Event>(view: {
  readonly id: string
  readonly title: string
  readonly line: string
  readonly row: string
  readonly event: Event
  readonly cancellable: boolean
}): ListView<Event> =>
  list({
    id: view.id,
    title: view.title,
    lines: [view.line],
    rows: [row(view.row, view.event, { enabled: false })],
    cancel: view.cancellable ? view.event : null,
    busy: true
  })

/** The view with its events in those of another program. */
export const mapEvents = <A, B>(view: View<A>, to: (event: A) => B): View<B> => {
  if (view._tag === "Prompt") {
    return { ...view, submit: (text) => to(view.submit(text)), cancel: to(view.cancel) }
  }
  return {
    ...view,
    rows: view.rows.map((row) => ({ ...row, event: to(row.event) })),
    cancel: view.cancel === null ? null : to(view.cancel),
    keys: Object.fromEntries(Object.entries(view.keys).map(([key, event]) => [key, to(event)]))
  }
}

/** Why something failed, what did not happen, and what to do, as the command of that name says it. */
export const failureLines = (error: Failure, command: string, { now, paint }: Canvas): ReadonlyArray<string> =>
  failureOf(error, { command, networkVariables: [], homeGiven: false }).lines.map((line, index) =>
    index === 0 ? paint("yellow", withLocalTimes(line, now)) : withLocalTimes(line, now)
  )

/** The name of an act in the journal. */
export const operationText = (key: string): string => `Operation ${plainLine(key, 128)}`

/** The name of the act that failed, where it has one. */
export const operationLines = (error: Failure): ReadonlyArray<string> =>
  error._tag === "ActError" && error.key !== null ? [operationText(error.key)] : []

/** Who it is about, such as `ada@example.test · Plus`. */
export const accountText = ({ email, identity, plan }: Session): string =>
  `${plainLine(email ?? identity.accountId ?? "", 100) || "an unnamed account"} · ${planLabel(plan)}`

export const creditTitle = (credit: ResetCredit | null): string => plainLine(credit?.title ?? "", 120) || "Full reset"

export const expiryText = ({ expiresAt }: ResetCredit, now: DateTime.Zoned): string =>
  expiresAt === null ? "does not expire" : `expires ${timeAndDistance(expiresAt, now)}`

/** Such as `1 reset` and `2 resets`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`
