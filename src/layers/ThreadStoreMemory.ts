/** Threads in memory, for the life of the layer. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Ref from "effect/Ref"
import { sourceKind, Thread, type ThreadAnchor, type ThreadQuery, type ThreadTime } from "../domain/Thread.js"
import { keptThreads, ThreadStore } from "../services/ThreadStore.js"

const anchorOf = (thread: Thread, by: ThreadTime): ThreadAnchor => ({ time: thread[by], id: thread.id })

const byPlace = Order.combine(
  Order.mapInput(Order.number, ({ time }: ThreadAnchor) => time.epochMillis),
  Order.mapInput(Order.string, ({ id }: ThreadAnchor) => id)
)

const among = (values: ReadonlyArray<string>, value: string): boolean => values.length === 0 || values.includes(value)

const select = (all: Iterable<Thread>, query: ThreadQuery): ReadonlyArray<Thread> => {
  const { after, direction, excluded, folders, included, kinds, limit, providers, search, sortBy } = query
  const order = direction === "asc" ? byPlace : Order.reverse(byPlace)
  const needle = search?.toLowerCase()
  return Array.from(all)
    .filter(
      (thread) =>
        among(kinds, sourceKind(thread.source)) &&
        among(providers, thread.modelProvider) &&
        among(folders, thread.cwd) &&
        (included === null || included.includes(thread.id)) &&
        !excluded.includes(thread.id) &&
        (needle === undefined || thread.name?.toLowerCase().includes(needle) === true) &&
        (after === null || order(after, anchorOf(thread, sortBy)) < 0)
    )
    .toSorted((a, b) => order(anchorOf(a, sortBy), anchorOf(b, sortBy)))
    .slice(0, limit)
}

export const make: Effect.Effect<ThreadStore["Type"]> = Effect.gen(function* () {
  const threads = yield* Ref.make<ReadonlyMap<string, Thread>>(new Map())
  return ThreadStore.of({
    add: (thread) => Ref.update(threads, (all) => new Map([...all, [thread.id, thread] as const].slice(-keptThreads))),
    find: (id) => Effect.map(Ref.get(threads), (all) => Option.fromNullable(all.get(id))),
    list: (query) => Effect.map(Ref.get(threads), (all) => select(all.values(), query)),
    rename: (id, name) =>
      Ref.modify(threads, (all) => {
        const thread = all.get(id)
        return thread === undefined ? [false, all] : [true, new Map(all).set(id, new Thread({ ...thread, name }))]
      })
  })
})

export const layerMemory: Layer.Layer<ThreadStore> = Layer.effect(ThreadStore, make)
