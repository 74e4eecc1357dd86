/** A token or key from standard input. */
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { BadUsage } from "./BadUsage.js"

/** No token or key is longer. */
const maxBytes = 64 * 1024

/**
 * Everything on standard input, without the white space around it. It is never asked for at a terminal, where it would
 * stand on the screen; `example` shows how to give it.
 */
export const readSecret = (example: string): Effect.Effect<Redacted.Redacted, BadUsage> =>
  Effect.suspend(() => {
    const refused = (message: string) => new BadUsage({ message, advice: `Give it on standard input: ${example}` })
    if (process.stdin.isTTY) return refused("A token or key is not typed at the terminal.")
    return NodeStream.toString(() => process.stdin, {
      maxBytes,
      onFailure: () => refused("Standard input could not be read.")
    }).pipe(
      Effect.map((text) => text.trim()),
      Effect.filterOrFail(
        (text) => text !== "",
        () => refused("Standard input is empty.")
      ),
      Effect.map((text) => Redacted.make(text))
    )
  })
