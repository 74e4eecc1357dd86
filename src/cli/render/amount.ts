/**
 * Amounts as a person reads them.
 *
 * @since 0.1.0
 */

/**
 * Such as `950`, `21.4B`, with the greatest unit that fits. Less than nothing is nothing.
 *
 * @since 0.1.0
 * @category formatting
 */
export const compact = (amount: number): string =>
  new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(Math.max(0, amount))

/**
 * The amount that decimal text tells, or null when it tells none, or one below zero.
 *
 * @since 0.1.0
 * @category constructors
 */
export const amountOf = (text: string): number | null => {
  const amount = Number(text)
  return text.trim() !== "" && Number.isFinite(amount) && amount >= 0 ? amount : null
}

/**
 * Whole, with separators: `12,345`. Something is never shown as nothing: `less than 1`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const grouped = (amount: number): string => {
  const rounded = Math.round(amount)
  return amount > 0 && rounded === 0 ? "less than 1" : rounded.toLocaleString("en-US")
}
