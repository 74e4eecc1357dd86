/** What time and acts do to a fake account. */
import type { FakeAccount, FakeResetCredit, FakeWindow } from "./FakeAccount.js"

/** The window as it stands at `now`: used further, or begun anew when its reset has passed. */
export const windowAt = (window: FakeWindow, now: number): FakeWindow => {
  const length = Math.max(1, window.lengthSeconds) * 1000
  const passed = now >= window.resetAt
  const since = passed ? window.resetAt + Math.floor((now - window.resetAt) / length) * length : window.since
  const used = (passed ? 0 : window.usedPercent) + (window.percentPerHour * (now - since)) / 3_600_000
  return {
    ...window,
    usedPercent: passed || window.percentPerHour !== 0 ? Math.min(100, used) : used,
    since: now,
    resetAt: passed ? since + length : window.resetAt
  }
}

export const isAvailable = (credit: FakeResetCredit, now: number): boolean =>
  credit.status === "available" && (credit.expiresAt === null || credit.expiresAt > now)

const fresh = (window: FakeWindow | null, now: number): FakeWindow | null =>
  window === null
    ? null
    : { ...window, usedPercent: 0, since: now, resetAt: now + Math.max(1, window.lengthSeconds) * 1000 }

/**
 * Spends a credit and resets the windows. The same key again spends nothing; neither does an account without a credit,
 * or one whose windows are all unused.
 */
export const consume = (
  account: FakeAccount,
  now: number,
  request: { readonly key: string; readonly creditId: string | null }
): readonly [
  result: {
    readonly code: "reset" | "nothing_to_reset" | "no_credit" | "already_redeemed"
    readonly windowsReset: number
  },
  account: FakeAccount
] => {
  if (account.redemptions.some((redemption) => redemption.key === request.key)) {
    return [{ code: "already_redeemed", windowsReset: 0 }, account]
  }
  const credit = account.resetCredits
    .filter((credit) => isAvailable(credit, now) && (request.creditId === null || credit.id === request.creditId))
    .sort((a, b) => (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity))
    .at(0)
  if (credit === undefined) return [{ code: "no_credit", windowsReset: 0 }, account]
  const used = [account.primary, account.secondary].filter(
    (window) => window !== null && windowAt(window, now).usedPercent > 0
  )
  if (used.length === 0) return [{ code: "nothing_to_reset", windowsReset: 0 }, account]
  return [
    { code: "reset", windowsReset: used.length },
    {
      ...account,
      primary: fresh(account.primary, now),
      secondary: fresh(account.secondary, now),
      reachedType: account.reachedType === "rate_limit_reached" ? null : account.reachedType,
      resetCredits: account.resetCredits.map((other) => (other === credit ? { ...other, status: "redeemed" } : other)),
      redemptions: [...account.redemptions, { key: request.key, creditId: credit.id, at: now }]
    }
  ]
}

/** Sends an invite: every call sends one more, whoever it is to. */
export const invite = (account: FakeAccount, now: number, email: string): FakeAccount => ({
  ...account,
  invites: [...account.invites, { email, at: now }]
})

/** Writes to the owner, unless that happened within the cooldown. */
export const nudge = (
  account: FakeAccount,
  now: number,
  creditType: "credits" | "usage_limit"
): readonly [result: "sent" | "cooldown", account: FakeAccount] =>
  account.nudges.some((nudge) => now - nudge.at < account.nudgeCooldownMillis)
    ? ["cooldown", account]
    : ["sent", { ...account, nudges: [...account.nudges, { creditType, at: now }] }]
