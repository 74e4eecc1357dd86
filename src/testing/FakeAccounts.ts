/** Accounts of the fake backend as data: what is different from `makeAccount`, with times counted from now. */
import * as Schema from "effect/Schema"
import { WireCredits, WireSpendControl, WireStats } from "../contracts/BackendEndpoints.js"
import { type FakeAccount, type FakeWindow, makeResetCredit, makeWindow, usualOffer } from "./FakeAccount.js"
import { EndpointName } from "./FaultPlan.js"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })
const Id = Schema.NonEmptyString
const MaybeText = Schema.NullOr(Schema.String)
const Seconds = Schema.Finite

const Window = Schema.Struct({
  lengthSeconds: Schema.Number.pipe(Schema.positive()),
  usedPercent: Schema.Finite,
  percentPerHour: optional(Schema.Finite),
  resetsInSeconds: optional(Seconds)
}).annotations({ identifier: "Window" })

const MaybeWindow = Schema.NullOr(Window)

const Limit = Schema.Struct({
  name: Schema.String,
  meteredFeature: Schema.String,
  primary: optional(MaybeWindow),
  secondary: optional(MaybeWindow)
})

const ResetCredit = Schema.Struct({
  id: Id,
  resetType: optional(Schema.Literal("codex_rate_limits", "unknown")),
  status: optional(Schema.Literal("available", "redeeming", "redeemed", "unknown")),
  grantedSecondsAgo: optional(Seconds),
  /** Null for one that never expires. */
  expiresInSeconds: optional(Schema.NullOr(Seconds)),
  title: optional(MaybeText),
  description: optional(MaybeText)
})

const Offer = Schema.Struct({
  shouldShow: optional(Schema.Boolean),
  hasRewards: optional(Schema.Boolean),
  title: optional(MaybeText),
  description: optional(MaybeText),
  grantAction: optional(Schema.Unknown),
  grantAmount: optional(Schema.Unknown),
  rules: optional(Schema.Array(Schema.String)),
  requiresExplicitConfirmation: optional(Schema.Boolean),
  inviteReward: optional(Schema.NullOr(Schema.Boolean))
})

const Message = Schema.Struct({
  id: Id,
  type: Schema.Literal("headline", "announcement", "unknown"),
  body: Schema.String,
  createdSecondsAgo: optional(Seconds),
  archivedSecondsAgo: optional(Seconds)
})

const Account = Schema.Struct({
  accountId: optional(Id),
  userId: optional(Id),
  email: optional(Schema.String),
  workspaceName: optional(MaybeText),
  structure: optional(Schema.Literal("personal", "workspace")),
  planType: optional(Schema.String),
  isOrgOwner: optional(Schema.NullOr(Schema.Boolean)),
  isFedramp: optional(Schema.Boolean),
  role: optional(MaybeText),
  allowed: optional(Schema.NullOr(Schema.Boolean)),
  primary: optional(MaybeWindow),
  secondary: optional(MaybeWindow),
  additional: optional(Schema.Array(Limit)),
  credits: optional(Schema.NullOr(WireCredits)),
  spendControl: optional(Schema.NullOr(WireSpendControl)),
  reachedType: optional(MaybeText),
  upsell: optional(Schema.Unknown),
  resetCredits: optional(Schema.Array(ResetCredit)),
  offer: optional(Schema.NullOr(Offer)),
  nudgeCooldownMillis: optional(Schema.Finite),
  activity: optional(WireStats),
  messages: optional(Schema.NullOr(Schema.Array(Message))),
  forbidden: optional(Schema.Array(EndpointName))
}).annotations({ identifier: "Account" })

/**
 * Each account as what is different from `FakeAccount.makeAccount`; an unknown member is an error. Times are in seconds
 * from when the accounts are made.
 * @since 0.1.0
 * @category schemas
 */
export const FakeAccounts = Schema.NonEmptyArray(Account).annotations({
  identifier: "FakeAccounts",
  parseOptions: { onExcessProperty: "error" }
})

/**
 * @since 0.1.0
 * @category models
 */
export type FakeAccounts = typeof FakeAccounts.Type

/**
 * Accounts as the text of a JSON file.
 * @since 0.1.0
 * @category schemas
 */
export const FakeAccountsText = Schema.parseJson(FakeAccounts, { space: 2 })

const windowAt = (now: number, window: typeof MaybeWindow.Type = null): FakeWindow | null =>
  window && makeWindow(now, window)

const limitAt = (now: number, { primary, secondary, ...rest }: typeof Limit.Type) => ({
  ...rest,
  primary: windowAt(now, primary),
  secondary: windowAt(now, secondary)
})

const creditAt = (now: number, { expiresInSeconds, grantedSecondsAgo, id, ...rest }: typeof ResetCredit.Type) =>
  makeResetCredit(now, id, {
    ...rest,
    ...(grantedSecondsAgo === undefined ? {} : { grantedAt: now - grantedSecondsAgo * 1000 }),
    ...(expiresInSeconds === undefined
      ? {}
      : { expiresAt: expiresInSeconds === null ? null : now + expiresInSeconds * 1000 })
  })

const messageAt = (now: number, { archivedSecondsAgo, createdSecondsAgo = 0, ...rest }: typeof Message.Type) => ({
  ...rest,
  createdAt: now - createdSecondsAgo * 1000,
  archivedAt: archivedSecondsAgo === undefined ? null : now - archivedSecondsAgo * 1000
})

const accountAt = (now: number, account: typeof Account.Type): Partial<FakeAccount> => {
  const { additional, messages, offer, primary, resetCredits, secondary, ...rest } = account
  return {
    ...rest,
    ...(primary === undefined ? {} : { primary: windowAt(now, primary) }),
    ...(secondary === undefined ? {} : { secondary: windowAt(now, secondary) }),
    ...(additional === undefined ? {} : { additional: additional.map((limit) => limitAt(now, limit)) }),
    ...(resetCredits === undefined ? {} : { resetCredits: resetCredits.map((credit) => creditAt(now, credit)) }),
    ...(offer === undefined ? {} : { offer: offer && { ...usualOffer, ...offer } }),
    ...(messages === undefined ? {} : { messages: messages && messages.map((message) => messageAt(now, message)) })
  }
}

/**
 * The accounts as `FakeBackend.make` takes them.
 * @since 0.1.0
 * @category accessors
 */
export const accountsAt =
  (accounts: FakeAccounts) =>
  (nowMillis: number): ReadonlyArray<Partial<FakeAccount>> =>
    accounts.map((account) => accountAt(nowMillis, account))
