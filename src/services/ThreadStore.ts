/** The threads that were started, without their turns. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Thread, ThreadId, ThreadQuery } from "../domain/Thread.js"

/** `detail` is what is wrong with the store, without anything that it holds. */
export class ThreadStoreError extends Schema.TaggedError<ThreadStoreError>()("ThreadStoreError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `The store of threads can't be used: ${this.detail}.`
  }
}

/** How many threads are kept: beyond that the oldest make room. */
export const keptThreads = 10_000

export class ThreadStore extends Context.Tag("effect-codex-account/services/ThreadStore")<
  ThreadStore,
  {
    /** Stores a new thread, durably. */
    readonly add: (thread: Thread) => Effect.Effect<void, ThreadStoreError>
    readonly find: (id: ThreadId) => Effect.Effect<Option.Option<Thread>, ThreadStoreError>
    readonly list: (query: ThreadQuery) => Effect.Effect<ReadonlyArray<Thread>, ThreadStoreError>
    /** Names the thread; says whether there is such a thread. */
    readonly rename: (id: ThreadId, name: string) => Effect.Effect<boolean, ThreadStoreError>
  }
>() {}
