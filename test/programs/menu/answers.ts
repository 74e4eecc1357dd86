/** What may come of a command, chosen at random: mostly what leads on. */
import * as FastCheck from "effect/FastCheck"
import { sameIdentity } from "../../../src/domain/Identity.js"
import { RedeemKey } from "../../../src/domain/ResetCredit.js"
import type { Session } from "../../../src/domain/Session.js"
import { claimedRole, liveRole } from "../../../src/domain/WorkspaceRole.js"
import type * as NudgeFlow from "../../../src/programs/menu/NudgeFlow.js"
import type * as RedeemFlow from "../../../src/programs/menu/RedeemFlow.js"
import type * as UsageFlow from "../../../src/programs/menu/UsageFlow.js"
import type { Command, Event } from "../../../src/programs/menu/UsageMenu.js"
import {
  actError,
  activityOf,
  ada,
  at,
  bob,
  busy,
  credits,
  offerOf,
  offline,
  operationOf,
  signedOut,
  timeout,
  usageOf,
  viewOf
} from "./support.js"

const seldom = FastCheck.integer({ min: 0, max: 3 }).map((n) => n === 0)

export const answer = FastCheck.record({
  said: FastCheck.record({
    count: FastCheck.constantFrom(2, 2, 3, 0, null),
    credits: FastCheck.constantFrom(credits, credits, null),
    reachedType: FastCheck.constantFrom(
      null,
      "workspace_member_credits_depleted" as const,
      "workspace_member_usage_limit_reached" as const,
      "workspace_owner_credits_depleted" as const
    ),
    capped: FastCheck.boolean()
  }),
  failure: FastCheck.constantFrom(
    actError("redeem", "Rejected", "k"),
    actError("redeem", "OutcomeUnknown", "k"),
    offline,
    timeout,
    signedOut,
    busy,
    actError("redeem", "IdentityChanged"),
    actError("redeem", "Unresolved", "theirs"),
    actError("redeem", "TooSoon", "theirs"),
    actError("invite", "OfferChanged"),
    actError("invite", "NotOffered")
  ),
  fails: seldom,
  open: seldom,
  quiet: seldom,
  outcome: FastCheck.constantFrom(
    "reset" as const,
    "reset" as const,
    "alreadyRedeemed" as const,
    "alreadyRedeemedElsewhere" as const,
    "nothingToReset" as const,
    "noCredit" as const,
    "creditGone" as const
  ),
  offer: FastCheck.constantFrom("same" as const, "same" as const, "other" as const, "none" as const),
  cooldown: FastCheck.boolean(),
  role: FastCheck.constantFrom(liveRole("standard-user"), claimedRole(null), liveRole("account-owner"))
})

export type Answer = typeof answer extends FastCheck.Arbitrary<infer A> ? A : never

/** Which answer, and the how-manieth; `of` is the account that it speaks of. */
interface Said {
  readonly like: Answer
  readonly nth: number
  readonly of: Session
}

const usageReply = ({ _tag, id }: UsageFlow.Command, { like, of }: Said): UsageFlow.Event => {
  if (_tag === "ReadUsage") {
    return like.fails
      ? { _tag: "UsageFailed", id, error: like.failure }
      : { _tag: "UsageLoaded", id, usage: viewOf(usageOf({ ...like.said, of })) }
  }
  return like.fails
    ? { _tag: "ActivityFailed", id, error: like.failure }
    : { _tag: "ActivityLoaded", id, activity: activityOf(of) }
}

const redeemReply = (command: RedeemFlow.Command, { like, nth, of }: Said): RedeemFlow.Event => {
  const { id } = command
  const usage = usageOf({ ...like.said, of })
  switch (command._tag) {
    case "Load": {
      if (like.fails) return { _tag: "LoadFailed", id, error: like.failure }
      if (!like.open) return { _tag: "Loaded", id, usage, quietUntil: like.quiet ? at(15) : null }
      const operation = operationOf("redeem", { target: "rc_open", key: `open-${nth}`, of })
      return { _tag: "OpenFound", id, operation }
    }
    case "Consume": {
      const key = command.confirmed.key ?? RedeemKey.make(`made-${nth}`)
      return like.fails
        ? { _tag: "ConsumeFailed", id, key, error: like.failure }
        : { _tag: "Consumed", id, key, outcome: like.outcome }
    }
    case "Refresh":
      return like.fails ? { _tag: "RefreshFailed", id, error: like.failure } : { _tag: "Refreshed", id, usage }
  }
}

const nudgeReply = ({ _tag, id }: NudgeFlow.Command, { like, nth }: Said): NudgeFlow.Event => {
  if (_tag === "ReadRole") {
    return like.fails ? { _tag: "RoleFailed", id, error: like.failure } : { _tag: "RoleLoaded", id, role: like.role }
  }
  if (like.fails) return { _tag: "NudgeFailed", id, error: like.failure }
  if (like.open) return { _tag: "EarlierFound", id, operation: operationOf("nudge") }
  return { _tag: "Nudged", id, outcome: like.cooldown ? "cooldownActive" : "sent", key: `made-${nth}` }
}

/** An answer to the command. It speaks of the account that was asked as, unless it is made to speak of another. */
export const reply = (command: Command, like: Answer, nth: number, other?: Session): Event => {
  const of = other ?? ownerOf(command)
  switch (command._tag) {
    case "ReadCount":
      return like.fails
        ? { _tag: "CountFailed", id: command.id, error: like.failure }
        : { _tag: "CountLoaded", id: command.id, usage: usageOf({ ...like.said, of }), isOpen: false }
    case "LoadOffer": {
      if (like.fails) return { _tag: "OfferFailed", id: command.id, error: like.failure }
      const offer = like.offer === "none" ? null : offerOf(of, { description: like.offer, loadedIn: nth })
      return { _tag: "OfferLoaded", id: command.id, offer }
    }
    case "AwaitExpiry":
      return { _tag: "OfferExpired", id: command.id }
    case "Usage":
      return { _tag: "Usage", event: usageReply(command.command, { like, nth, of }) }
    case "Redeem":
      return { _tag: "Redeem", event: redeemReply(command.command, { like, nth, of }) }
    case "Invite": {
      const { id } = command.command
      if (like.fails) return { _tag: "Invite", event: { _tag: "SendFailed", id, error: like.failure } }
      if (like.open) return { _tag: "Invite", event: { _tag: "EarlierFound", id, operation: operationOf("invite") } }
      return { _tag: "Invite", event: { _tag: "InviteSent", id, reward: "included", key: `made-${nth}` } }
    }
    case "Nudge":
      return { _tag: "Nudge", event: nudgeReply(command.command, { like, nth, of }) }
  }
}

/** Whom the command is done as; null where it is nobody's. */
export const identityOf = (command: Command) => {
  if (command._tag === "AwaitExpiry") return null
  return "as" in command ? command.as : command.command.as
}

const ownerOf = (command: Command): Session => {
  const identity = identityOf(command)
  return identity !== null && sameIdentity(identity, bob.identity) ? bob : ada
}

/** The command with another number. */
export const renumbered = (command: Command, id: number): Command => {
  switch (command._tag) {
    case "ReadCount":
    case "LoadOffer":
    case "AwaitExpiry":
      return { ...command, id }
    case "Usage":
      return { _tag: "Usage", command: { ...command.command, id } }
    case "Redeem":
      return { _tag: "Redeem", command: { ...command.command, id } }
    case "Invite":
      return { _tag: "Invite", command: { ...command.command, id } }
    case "Nudge":
      return { _tag: "Nudge", command: { ...command.command, id } }
  }
}

export const idOf = (command: Command): number => ("id" in command ? command.id : command.command.id)
