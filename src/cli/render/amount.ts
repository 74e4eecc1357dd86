/** Amounts as a person reads them. */

/** Such as `950`, `21.4B`, with the greatest unit that fits. Less than nothing is nothing. */
export const compact = (amount: number): string =>
  new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(Math.max(0, amount))

/** The amount that decimal text tells, or null when it tells none, or one below zero. */
export const amountOf = (text: string): number | null => {
  const amount = Number(text)
  return text.trim() !== "" && Number.isFinite(amount) && amount >= 0 ? amount : null
}

/** Whole, with separators: `12,345`. Something is never shown as nothing: `less than 1`. */
export const grouped = (amount: number): string => {
  const rounded = Math.round(amount)
  return amount > 0 && rounded === 0 ? "less than 1" : rounded.toLocaleString("en-US")
}
