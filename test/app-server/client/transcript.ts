/** What was sent, what was seen, and whether the one follows from the other. */
import { type Forwarded, requiresDelivery } from "../../../src/app-server/client/EventQueue.js"
import { notification, request } from "../../../src/rpc/Envelope.js"

export type Kind = "lossless" | "output" | "asked"

/** Events are numbered by their place. */
export const eventOf = (kind: Kind, n: number) => {
  switch (kind) {
    case "lossless":
      return notification("item/agentMessage/delta", { n })
    case "output":
      return notification("item/commandExecution/outputDelta", { n })
    case "asked":
      return request(n, "item/tool/call", { n })
  }
}

/** An event by its number, or a gap. */
export type Seen = number | { readonly skipped: number }

/** Null for what is neither. */
export const seenIn = (event: Forwarded | { readonly _tag: string }): Seen | null => {
  if ("skipped" in event) return { skipped: event.skipped }
  return "params" in event && typeof event.params === "object" && event.params !== null && "n" in event.params
    ? Number(event.params.n)
    : null
}

/**
 * What is wrong with what was seen; null when nothing is. With `isWhole` nothing more will come, and what is missing at the
 * end must have been told.
 */
export const verdict = (sent: ReadonlyArray<Kind>, seen: ReadonlyArray<Seen>, isWhole: boolean): string | null => {
  const isLossless = (kind: Kind) => requiresDelivery(eventOf(kind, 0))
  let next = 0
  let told = 0
  for (const one of seen) {
    if (typeof one !== "number") {
      if (one.skipped <= 0) return "an empty gap"
      told += one.skipped
      continue
    }
    if (one < next) return `${one} is out of order`
    // What lies between must have been told by now, neither more nor less.
    if (one - next !== told) return `${one - next} events are missing before ${one}, and ${told} were told`
    if (sent.slice(next, one).some(isLossless)) return `a lossless event before ${one} was dropped`
    next = one + 1
    told = 0
  }
  const missing = sent.length - next
  if (!isWhole) return told <= missing ? null : `${told} events are told to be missing, of ${missing}`
  if (missing !== told) return `${missing} events are missing at the end, and ${told} were told`
  return sent.slice(next).some(isLossless) ? "a lossless event at the end was dropped" : null
}
