/** Rows of what a snapshot says and what the verdict on it is. */
import { it } from "@effect/vitest"
import { deepStrictEqual } from "node:assert"
import { type Blocker, type Doubt, type Verdict, verdict } from "../../src/domain/Verdict.js"
import type { WorkspaceRole } from "../../src/domain/WorkspaceRole.js"
import { at, type Said, snapshot } from "./snapshots.js"

const blockerText = (blocker: Blocker): string => {
  if (blocker._tag === "WindowExhausted") return blocker.name
  if (blocker._tag === "CreditsDepleted") return `credits/${blocker.standing}`
  if (blocker._tag === "SpendCapReached") return `cap/${blocker.standing}`
  return blocker._tag
}

interface Expected {
  readonly blockers?: ReadonlyArray<string>
  readonly until?: number | null
  readonly paidBy?: "plan" | "credits" | null
  readonly doubts?: ReadonlyArray<Doubt>
  readonly confidence?: Verdict["confidence"]
}

export interface Row {
  readonly name: string
  readonly said: Said
  readonly role?: WorkspaceRole
  readonly after?: number
  readonly is: Expected
}

/** Judges the snapshot of a row, one minute old unless the row says otherwise. */
export const judge = (row: Row) => verdict(snapshot(row.said), { now: at(row.after ?? 1), role: row.role })

const check = (row: Row) => {
  const judged = judge(row)
  const { blockers = [], doubts = [], until = null } = row.is
  deepStrictEqual(
    {
      state: judged.state,
      blockers: judged.blockers.map(blockerText),
      until: judged.until,
      paidBy: judged.paidBy,
      doubts: judged.doubts,
      confidence: judged.confidence
    },
    {
      state: blockers.length > 0 ? "blocked" : "usable",
      blockers,
      until: until === null ? null : at(until),
      paidBy: row.is.paidBy ?? (blockers.length > 0 ? null : "plan"),
      doubts,
      confidence: row.is.confidence ?? (doubts.length > 0 ? "medium" : "high")
    }
  )
}

/** One test a row. Times are in minutes after the snapshot was taken. */
export const table = (rows: ReadonlyArray<Row>) => it.each(rows)("$name", check)
