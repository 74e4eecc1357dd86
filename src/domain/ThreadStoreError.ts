/** Why threads can't be stored or read. */
import * as Schema from "effect/Schema"

/** `detail` is what is wrong with the store, without anything that it holds. */
export class ThreadStoreError extends Schema.TaggedError<ThreadStoreError>()("ThreadStoreError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `The store of threads can't be used: ${this.detail}.`
  }
}
