/**
 * The id that ties an answer to its request: text, or a 64-bit integer.
 *
 * @since 0.1.0
 */

/**
 * An integer is a `number` as long as a double holds it exactly, and a `bigint` beyond; so equal ids are equal as keys
 * of a `Map`, and `1` and `"1"` are two ids.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestId = string | number | bigint

const smallest = -(2n ** 63n)
const largest = 2n ** 63n - 1n

/**
 * The id that an integer's digits stand for; null when it does not fit into 64 bits.
 *
 * @since 0.1.0
 * @category constructors
 */
export const integerId = (digits: string): number | bigint | null => {
  const near = Number(digits)
  if (Number.isSafeInteger(near)) return near
  const exact = BigInt(digits)
  return exact >= smallest && exact <= largest ? exact : null
}

/**
 * The id as JSON text.
 *
 * @since 0.1.0
 * @category encoding
 */
export const idText = (id: RequestId): string => (typeof id === "string" ? JSON.stringify(id) : String(id))

/**
 * The id as the original's messages show it: `Integer(1)`, `String("a")`.
 *
 * @since 0.1.0
 * @category encoding
 */
export const idLabel = (id: RequestId): string =>
  typeof id === "string" ? `String(${JSON.stringify(id)})` : `Integer(${String(id)})`
