/**
 * Why threads can't be stored or read.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * `detail` is what is wrong with the store, without anything that it holds.
 *
 * @since 0.1.0
 * @category errors
 */
export class ThreadStoreError extends Schema.TaggedError<ThreadStoreError>()("ThreadStoreError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `The store of threads can't be used: ${this.detail}.`
  }
}
