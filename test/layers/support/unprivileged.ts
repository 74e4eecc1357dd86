/**
 * Tries every operation of the file store in each folder that is named on the command line, and prints what came of it.
 * Run as a process of its own, for it is to run as a user who may not do everything.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { fileStore } from "./home.js"
import { record } from "./records.js"

export interface Attempts {
  readonly uid: number
  readonly read: string
  readonly check: string
  readonly write: string
  readonly remove: string
}

const attempts = (home: string): Effect.Effect<Attempts> =>
  Effect.gen(function* () {
    const store = yield* CredentialStore
    const told = (work: Effect.Effect<unknown, { readonly reason: string }>) =>
      Effect.match(work, { onFailure: (error) => error.reason, onSuccess: () => "done" })
    return {
      uid: process.getuid?.() ?? -1,
      read: yield* told(Effect.filterOrFail(store.read, Option.isSome, () => ({ reason: "none" }))),
      check: yield* told(store.checkWritable),
      write: yield* told(store.write(record())),
      remove: yield* told(store.remove)
    }
  }).pipe(Effect.provide(fileStore(home)))

const homes = process.argv.slice(2)
if (homes.length > 0) {
  Effect.runPromise(Effect.forEach(homes, attempts)).then(
    (all) => console.log(JSON.stringify(all)),
    (error: unknown) => {
      console.error(error)
      process.exitCode = 1
    }
  )
}
