/** The auth record in memory, for the life of the layer. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { AuthJson } from "../contracts/AuthJson.js"
import { AccountConfig } from "../services/AccountConfig.js"
import {
  CredentialStore,
  CredentialStoreError,
  type RenewalMark,
  type StoredRecord
} from "../services/CredentialStore.js"
import { perAccount } from "./internal/perAccount.js"

/**
 * A store that starts with `initial`, or signed out.
 * @since 0.1.0
 * @category constructors
 */
export const make = (initial?: AuthJson): Effect.Effect<CredentialStore["Type"]> =>
  Effect.gen(function* () {
    const writes = yield* Ref.make(0)
    const stored = yield* Ref.make<Option.Option<StoredRecord>>(
      Option.map(Option.fromNullable(initial), (record) => ({ record, revision: "0" }))
    )
    const mark = yield* Ref.make(Option.none<RenewalMark>())
    const location = "memory"

    const conflict = new CredentialStoreError({ operation: "write", reason: "Conflict", location, detail: null })

    return CredentialStore.of({
      kind: "ephemeral",
      location,
      read: Ref.get(stored),
      write: (record, options) =>
        Effect.gen(function* () {
          const next: StoredRecord = { record, revision: String(yield* Ref.updateAndGet(writes, (n) => n + 1)) }
          const written = yield* Ref.modify(stored, (present) => {
            const revision = Option.getOrNull(Option.map(present, (value) => value.revision))
            const expected = options?.expected === undefined ? revision : Option.getOrNull(options.expected)
            return expected === revision ? [true, Option.some(next)] : [false, present]
          })
          return written ? next : yield* conflict
        }),
      remove: Effect.map(Ref.getAndSet(stored, Option.none()), Option.isSome),
      stamp: Effect.map(Ref.get(stored), Option.match({ onNone: () => "none", onSome: (record) => record.revision })),
      isInPlace: Effect.succeed(false),
      checkWritable: Effect.void,
      readMark: Ref.get(mark),
      writeMark: (next) => Ref.set(mark, next)
    })
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layerMemory = (initial?: AuthJson): Layer.Layer<CredentialStore> =>
  Layer.effect(CredentialStore, make(initial))

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<CredentialStore, never, AccountConfig> = perAccount(layerMemory(), AccountConfig)
