/** What was to be seen of one run of the model. */
import type * as Option from "effect/Option"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import type { Operation, OperationState } from "../../src/domain/Operation.js"
import type { StoredRecord } from "../../src/services/CredentialStore.js"
import type { FaultPlan } from "../../src/testing/index.js"
import type * as CallLog from "../../src/testing/CallLog.js"
import type * as FakeState from "../../src/testing/FakeState.js"
import type { Command, Scenario } from "./scenario.js"

/**
 * When something came to be seen. Whole renewals take place within one millisecond, so that the time alone does not tell
 * what was first: `nth` counts all that was seen.
 */
export interface Moment {
  /** Milliseconds since the start. */
  readonly at: number
  readonly nth: number
}

/** One life of a process: all that it holds in memory ends with it. */
export interface Life {
  readonly process: number
  readonly number: number
  /** When it died, or null. */
  died: Moment | null
  /** The revisions that it has read from the store, or put there. */
  readonly known: Set<string>
}

/** An act of a person: a command of one process, given again after a death until it has an answer. */
export interface Task {
  readonly id: number
  readonly process: number
  readonly at: number
  readonly command: Command
}

/** A request as the process saw it. `order` numbers the requests to the endpoint, from one. */
export interface Sent extends Moment {
  readonly endpoint: FaultPlan.EndpointName
  readonly order: number
  readonly life: Life
  readonly task: Task | null
  readonly body: Readonly<Record<string, unknown>>
  /** Whose bearer token it carries, as the backend sees it; null for none or an unknown one. */
  readonly bearerOf: string | null
  readonly accountHeader: string | null
  /** What the journal held open for its kind when it left, as key and target. */
  readonly open: ReadonlyArray<Pick<Operation, "key" | "act" | "target" | "identity">>
  /** When the process had the answer or gave up, with the answer's status. */
  end: (Moment & { readonly status: number | null; readonly retryAfter: string | null }) | null
}

export interface Write extends Moment {
  readonly life: Life
  readonly task: Task | null
  readonly before: Option.Option<StoredRecord>
  /** Whether the writer had read what it has replaced. */
  readonly knew: boolean
  readonly after: Option.Option<StoredRecord>
}

export interface Journaled extends Moment {
  readonly life: Life
  readonly key: string
  readonly state: OperationState["_tag"]
  readonly operation: Operation
}

/**
 * The final answer to a task. `seen` is what a reader saw, and `present` which account was signed in then, where that is
 * known.
 */
export interface Answered {
  readonly task: Task
  readonly life: Life
  readonly at: number
  readonly said: string
  readonly seen: ReadonlyArray<string>
  readonly present: string | null | undefined
  readonly key: string | null
}

export interface History {
  readonly scenario: Scenario
  readonly initial: AuthJson
  readonly sent: ReadonlyArray<Sent>
  readonly writes: ReadonlyArray<Write>
  readonly journal: ReadonlyArray<Journaled>
  readonly answered: ReadonlyArray<Answered>
  readonly tasks: ReadonlyArray<Task>
  readonly log: ReadonlyArray<CallLog.LoggedCall>
  readonly state: FakeState.FakeState
  /** What those who live hold at the end, and what is stored. */
  readonly holding: ReadonlyArray<{ readonly life: Life; readonly bearer: string | null }>
  readonly stored: Option.Option<StoredRecord>
  /** Everything that the journal still holds. */
  readonly operations: ReadonlyArray<Operation>
}
