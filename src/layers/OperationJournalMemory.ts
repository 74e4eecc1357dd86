/** The journal in memory, for the life of the layer. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SynchronizedRef from "effect/SynchronizedRef"
import { Operation, transitions } from "../domain/Operation.js"
import { JournalError, OperationJournal } from "../services/OperationJournal.js"

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<OperationJournal["Type"]> = Effect.gen(function* () {
  const operations = yield* SynchronizedRef.make<ReadonlyMap<string, Operation>>(new Map())

  return OperationJournal.of({
    intend: ({ act, identity, key, target }) =>
      SynchronizedRef.modifyEffect(operations, (all) =>
        Effect.gen(function* () {
          const present = all.get(key)
          if (present === undefined) {
            const now = yield* DateTime.now
            const operation = new Operation({
              key,
              act,
              identity: identity.key,
              target,
              state: { _tag: "intended" },
              createdAt: now,
              updatedAt: now
            })
            return [operation, new Map(all).set(key, operation)] as const
          }
          if (present.act !== act || present.identity !== identity.key || present.target !== target) {
            return yield* new JournalError({ reason: "InUse", key })
          }
          return [present, all] as const
        })
      ),
    advance: (key, state) =>
      SynchronizedRef.modifyEffect(operations, (all) =>
        Effect.gen(function* () {
          const present = all.get(key)
          if (present === undefined || !transitions[present.state._tag].includes(state._tag)) {
            return yield* new JournalError({ reason: "Transition", key })
          }
          const operation = new Operation({ ...present, state, updatedAt: yield* DateTime.now })
          return [operation, new Map(all).set(key, operation)] as const
        })
      ),
    find: (key) => Effect.map(SynchronizedRef.get(operations), (all) => Option.fromNullable(all.get(key))),
    list: (filter = {}) =>
      Effect.zipWith(SynchronizedRef.get(operations), DateTime.now, (all, now) =>
        Array.from(all.values())
          .filter(
            (operation) =>
              (filter.act === undefined || operation.act === filter.act) &&
              (filter.identity === undefined || operation.identity === filter.identity.key) &&
              (filter.within === undefined ||
                DateTime.between(operation.updatedAt, {
                  minimum: DateTime.subtractDuration(now, filter.within),
                  maximum: now
                })) &&
              (filter.target === undefined || operation.target === filter.target) &&
              (filter.state === undefined ||
                (filter.state === "open" ? operation.isOpen : operation.state._tag === filter.state))
          )
          .reverse()
          .slice(0, filter.limit)
      )
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<OperationJournal> = Layer.effect(OperationJournal, make)
