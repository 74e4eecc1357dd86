/** What codex-cli 0.169.0 was asked and answered. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const read = (name: string) =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`./fixtures/${name}.json`, import.meta.url)), "utf8"))

/** Params, and the error that they were refused with: null where they were decoded, whatever came of it after that. */
export const params: ReadonlyArray<{
  readonly method: string
  readonly params?: unknown
  readonly error: { readonly code: number; readonly message: string } | null
}> = read("params")

/** Methods that there are not. The list of those that there are is cut off. */
export const unknownMethods: ReadonlyArray<{
  readonly method: string
  readonly code: number
  readonly message: string
}> = read("unknownMethods")

/** An answer of the backend. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/** `result` is JSON text, or there is an error's code. */
interface Outcome {
  readonly label: string
  readonly result?: string
  readonly error?: number
}

/** `details`: whether the list of credits was asked for. */
export const rateLimits: ReadonlyArray<
  Outcome & {
    readonly scenario: string
    readonly details: boolean
    readonly usage: Answer
    readonly resetCredits: Answer
  }
> = read("rateLimits")

export const tokenUsage: ReadonlyArray<Outcome & { readonly profile: Answer }> = read("tokenUsage")

export const consume: ReadonlyArray<Outcome & { readonly consume: Answer }> = read("consume")
