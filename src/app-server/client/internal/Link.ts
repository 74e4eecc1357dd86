/** What carries text to a server elsewhere and back: a websocket, or the two streams of a child. */
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import { type IoError, ioError, type IoReason } from "../TypedRequestError.js"

/**
 * - `Closed`: the server has said that it closes, and perhaps why. `Ended`: there is no more, without a word.
 * - `Failed`: what carries has failed. `WriteFailed`: nothing can be said any more. `Invalid`: the server said what is no
 *   message.
 */
export class LinkEnd extends Data.TaggedError("LinkEnd")<{
  readonly reason: "Closed" | "Ended" | "Failed" | "WriteFailed" | "Invalid"
  readonly detail: string
}> {}

export interface Link {
  /** How the server is called in what people read. */
  readonly endpoint: string
  /** All texts that are there now, at least one. */
  readonly receive: Effect.Effect<ReadonlyArray<string>, LinkEnd>
  /** Done when there is room for more. */
  readonly send: (texts: ReadonlyArray<string>) => Effect.Effect<void, LinkEnd>
  /** Says goodbye and waits for the other side. */
  readonly close: Effect.Effect<void>
  /** Gives up, without waiting: `receive` comes to its end. */
  readonly abort: Effect.Effect<void>
}

const reasons: Record<LinkEnd["reason"], IoReason> = {
  Closed: "ConnectionAborted",
  Ended: "UnexpectedEof",
  Failed: "InvalidData",
  WriteFailed: "BrokenPipe",
  Invalid: "InvalidData"
}

const duringInitialize: Record<LinkEnd["reason"], (detail: string) => string> = {
  Closed: (detail) => `closed during initialize: ${detail}`,
  Ended: () => "closed during initialize",
  Failed: (detail) => `transport failed during initialize: ${detail}`,
  WriteFailed: (detail) => `write failed: ${detail}`,
  Invalid: (detail) => `sent invalid initialize response: ${detail}`
}

const running: Record<LinkEnd["reason"], (detail: string) => string> = {
  Closed: (detail) => `disconnected: ${detail}`,
  Ended: () => "closed the connection",
  Failed: (detail) => `transport failed: ${detail}`,
  WriteFailed: (detail) => `write failed: ${detail}`,
  Invalid: (detail) => `sent invalid JSON-RPC: ${detail}`
}

/** The subject of every sentence about the server. */
export const serverAt = (endpoint: string): string => `remote app server at \`${endpoint}\``

/** The end as the client tells it. */
export const endError = (endpoint: string, phase: "initialize" | "running", { detail, reason }: LinkEnd): IoError =>
  ioError(
    reasons[reason],
    `${serverAt(endpoint)} ${(phase === "initialize" ? duringInitialize : running)[reason](detail)}`
  )
