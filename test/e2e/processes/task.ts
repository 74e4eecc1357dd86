/** What a test asks of a child process, and what it is told. */
import type { KillAt } from "./killAt.js"

/** `home` and `urls` of the backend; the rest is as it ships unless said otherwise. */
export interface Setup {
  readonly home: string
  readonly urls: { readonly chatgpt: string; readonly refresh: string; readonly revoke: string }
  /** `everybody`, a control: every process holds every lease at once. */
  readonly lease?: "sql" | "memory" | "everybody"
  /** The longest that a lease outlives its holder, so that a test need not wait for minutes. */
  readonly leaseMillis?: number
  /** A control: a journal that forgets with the process. */
  readonly journal?: "sql" | "memory"
  /** A control: what was first read of the store is what it holds. */
  readonly rereads?: boolean
  /** How far the wall clock is off. */
  readonly clockMillis?: number
}

export type Step =
  | { readonly do: "usage" | "role" | "identity" | "refresh" }
  | { readonly do: "redeem"; readonly key?: string; readonly again?: boolean }
  | { readonly do: "invite"; readonly email: string; readonly again?: boolean }
  /** The wall clock jumps: from now on it is off by so much. */
  | { readonly do: "clock"; readonly millis: number }
  /** Replaces the record by one with these keys besides, as a sign-in does. */
  | { readonly do: "write"; readonly extra: Readonly<Record<string, unknown>> }
  /** From now on the calls to the file system are counted, and at one of them the process ends. */
  | { readonly do: "arm"; readonly at: KillAt | null }
  /** The calls so far. */
  | { readonly do: "calls" }

export type Answer =
  | { readonly ok: true; readonly value: unknown }
  /** `tag` is the error's, `Died` when the process ended without an answer, `Defect` for what no type tells. */
  | { readonly ok: false; readonly tag: string; readonly reason: string; readonly message: string }
