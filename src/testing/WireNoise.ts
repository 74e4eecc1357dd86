/**
 * Answers as a newer backend might send them, with unknown words and fields.
 *
 * @since 0.1.0
 */

const wordFields: ReadonlySet<string> = new Set([
  "account_user_role",
  "code",
  "message_type",
  "plan_type",
  "reset_type",
  "status",
  "type"
])

/**
 * An encoded answer with every word of a known set replaced by `word`, and with an unknown field in every object. Ids,
 * texts, times and numbers stay.
 *
 * @since 0.1.0
 * @category combinators
 */
export const wireNoise = (value: unknown, word = "word_from_the_future"): unknown => {
  if (Array.isArray(value)) return value.map((inner: unknown) => wireNoise(inner, word))
  if (typeof value !== "object" || value === null) return value
  const fields = Object.entries(value).map(([name, inner]: [string, unknown]): readonly [string, unknown] => [
    name,
    wordFields.has(name) && typeof inner === "string" ? word : wireNoise(inner, word)
  ])
  return Object.fromEntries([...fields, ["field_from_the_future", { nested: [1, null, "text"] }]])
}
