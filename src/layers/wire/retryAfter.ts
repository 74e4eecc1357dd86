/** The `Retry-After` header. */

/**
 * Milliseconds to wait: from a number of seconds, or an HTTP date (a past one is no wait). Null when the header is
 * absent or neither.
 */
export const retryAfterMillis = (header: string | undefined, nowMillis: number): number | null => {
  if (header === undefined) return null
  const text = header.trim()
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Number(text) * 1000
  const date = /^[A-Za-z]{3},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - nowMillis)
}
