/** The laws, as checks on what was to be seen of a run. */
import * as Duration from "effect/Duration"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import { quietPeriod } from "../../src/programs/redeemConfirmed.js"
import { type FakeAccount, type FaultPlan } from "../../src/testing/index.js"
import type * as CallLog from "../../src/testing/CallLog.js"
import type { History, Life, Moment, Sent } from "./history.js"
import { maxSkew, usedElsewhere } from "./scenario.js"
import { epoch } from "./virtualTime.js"

export interface Violation {
  readonly law: number
  readonly what: string
}

type Law = (history: History) => ReadonlyArray<string>

const secret = (value: Redacted.Redacted | null | undefined): string => (value ? Redacted.value(value) : "")
const refreshToken = (record: AuthJson): string => secret(record.tokens?.refresh_token)
const accessToken = (record: AuthJson): string => secret(record.tokens?.access_token)

const calls = (history: History, endpoint: FaultPlan.EndpointName): ReadonlyArray<Sent> =>
  history.sent.filter((sent) => sent.endpoint === endpoint)

/** The call as the backend has it: none if it never arrived. */
const arrived = (history: History, sent: Sent): CallLog.LoggedCall | undefined =>
  history.log.find((call) => call.endpoint === sent.endpoint && call.nth === sent.order)

const accounts = (history: History): ReadonlyArray<FakeAccount.FakeAccount> =>
  Array.from(HashMap.values(history.state.accounts))

const duplicates = (values: Iterable<string>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return Array.from(values).filter((value) => seen.size === seen.add(value).size)
}

const isBefore = (one: Moment, other: Moment): boolean => one.nth < other.nth

const by = (sent: Sent) => `process ${sent.life.process} (life ${sent.life.number}) at ${sent.at} ms`

const whole: ReadonlySet<string> = new Set(["Pass", "Delay", "StaleRead"])

/** Whether the process has got an answer that says what was asked for, whole. */
const isAnswered = (history: History, sent: Sent): boolean => {
  const call = arrived(history, sent)
  return sent.end?.status === 200 && call !== undefined && whole.has(call.fault)
}

/**
 * Law 1. The server grants at most one exchange for each refresh token. A refresh token is sent again only after every
 * earlier sending of it is over without new tokens: its process has died before it stored any, or has given it up after
 * an answer that was none, was lost, or came too late; never while one is under way, and never after new tokens of it
 * were stored or reached a process that goes on. At the end every living process holds what is stored; none is locked
 * out of a session that the server would renew, unless the server refused that process in this life.
 */
const oneExchange: Law = (history) => {
  const found: Array<string> = []
  const exchanges = calls(history, "oauth.token")
  const landed = (sent: Sent, later: Sent) =>
    history.writes.some(
      (write) =>
        write.life === sent.life &&
        isBefore(sent, write) &&
        isBefore(write, later) &&
        Option.isSome(write.before) &&
        Option.isSome(write.after) &&
        refreshToken(write.before.value.record) === sent.body["refresh_token"] &&
        lineage(write.after.value.record).session === lineage(write.before.value.record).session
    )
  exchanges.forEach((later, index) => {
    for (const earlier of exchanges.slice(0, index)) {
      if (earlier.body["refresh_token"] !== later.body["refresh_token"]) continue
      const { died } = earlier.life
      const why = landed(earlier, later)
        ? "after its exchange was stored"
        : died !== null && isBefore(died, later)
          ? null
          : isAnswered(history, earlier)
            ? "after its exchange was answered"
            : earlier.end === null || isBefore(later, earlier.end)
              ? "while it was being exchanged"
              : null
      if (why !== null) found.push(`a refresh token was sent ${why}: ${by(earlier)}, ${by(later)}`)
    }
  })
  const granted = history.log.filter((call) => call.endpoint === "oauth.token" && call.committed)
  const tokens = granted.map(({ body }) =>
    typeof body === "object" && body !== null && "refresh_token" in body ? String(body.refresh_token) : ""
  )
  if (duplicates(tokens).length > 0) found.push("a refresh token was exchanged twice")

  const stored = Option.getOrNull(Option.map(history.stored, ({ record }) => `Bearer ${accessToken(record)}`))
  const renewable = Option.exists(history.stored, ({ record }) =>
    Option.exists(HashMap.get(history.state.refreshTokens, refreshToken(record)), ({ status }) => status === "live")
  )
  const wasRefused = (life: Life) =>
    exchanges.some(
      (sent) =>
        sent.life === life &&
        sent.end?.status === 401 &&
        Option.exists(history.stored, ({ record }) => refreshToken(record) === sent.body["refresh_token"])
    )
  for (const { bearer, life } of history.holding) {
    if (bearer === null ? renewable && !wasRefused(life) : bearer !== stored) {
      const what = bearer === null ? "nothing" : "another token than the stored one"
      found.push(`process ${life.process} ends with ${what}`)
    }
  }
  return found
}

/** `rt_fake_<session>_<serial>_...` */
const lineage = (record: AuthJson) => {
  const [, , session, serial] = refreshToken(record).split("_")
  return { session, serial: Number(serial) }
}

/**
 * Law 2. A renewal changes the store only by putting the next tokens of a session in the place of tokens of that session
 * which its process has read. Nothing but a sign-out removes a record, and nothing but a sign-in puts another session in
 * its place.
 */
const ownRecord: Law = (history) =>
  history.writes.flatMap(({ after, before, knew, life, task }) => {
    const command = task?.command._tag
    if (command === "signIn") return []
    const who = `process ${life.process}`
    if (Option.isNone(after)) return command === "signOut" ? [] : [`${who} has removed the record`]
    if (Option.isNone(before)) return [`${who} has brought back a record that was removed`]
    const [old, fresh] = [lineage(before.value.record), lineage(after.value.record)]
    if (old.session !== fresh.session) return [`${who} has replaced another sign-in`]
    if (fresh.serial <= old.serial) return [`${who} has replaced newer tokens`]
    return knew ? [] : [`${who} has replaced what it had not read`]
  })

const unknownKeys = ({ last_refresh: _, tokens, ...record }: AuthJson): string => {
  const { access_token: _a, id_token: _i, refresh_token: _r, ...rest } = tokens ?? {}
  return JSON.stringify([record, rest])
}

const serialOf = (jwt: string): string => {
  const claims: unknown = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString() || "null")
  return typeof claims === "object" && claims !== null && "jti" in claims ? String(claims.jti) : "none"
}

/** Law 3, but for the file and its mode. Every stored record has all tokens of one issue, and a renewal keeps every other key. */
const wholeRecords: Law = (history) =>
  history.writes.flatMap(({ after, before, task }) => {
    if (Option.isNone(after)) return []
    const { record } = after.value
    const serial = `fake-${lineage(record).serial}`
    const tokens = [accessToken(record), secret(record.tokens?.id_token)]
    return [
      ...(tokens.every((token) => serialOf(token) === serial) ? [] : ["tokens of several issues were stored together"]),
      ...(task?.command._tag === "signIn" ||
      Option.isNone(before) ||
      lineage(before.value.record).session !== lineage(record).session ||
      unknownKeys(before.value.record) === unknownKeys(record)
        ? []
        : ["a renewal has lost keys of the record"])
    ]
  })

/** The acts that each redemption key belongs to: of who sent it first. */
const firstSender = (history: History): ReadonlyMap<unknown, Sent> => {
  const found = new Map<unknown, Sent>()
  for (const sent of calls(history, "resetCredits.consume")) {
    const key = sent.body["redeem_request_id"]
    if (!found.has(key)) found.set(key, sent)
  }
  return found
}

/**
 * Law 4. Whatever crashes, and whichever process carries on: one address gets at most one invite of one account; one act of redeeming
 * spends at most one credit of an account; one act of writing to the owner sends at most one message of an account, unless
 * the first had its outcome in the journal before the crash (then the backend's own cooldown decides, which the model has
 * switched off).
 */
const atMostOnce: Law = (history) => {
  const invites = accounts(history).flatMap((account) =>
    duplicates(account.invites.map(({ email }) => email)).map((email) => `${email} was invited twice`)
  )
  const senders = firstSender(history)
  const redeemed = accounts(history).flatMap(({ accountId, redemptions }) => {
    const keys = redemptions.map(({ key }) => key).filter((key) => key !== usedElsewhere)
    return [
      ...duplicates(keys).map((key) => `key ${key} has spent two credits`),
      ...duplicates(keys.flatMap((key) => String(senders.get(key)?.task?.id ?? []))).map(
        (task) => `act ${task} has spent two credits of ${accountId}`
      )
    ]
  })
  const reported = (sent: Sent) =>
    history.journal.some(
      (entry) =>
        entry.life === sent.life &&
        isBefore(sent, entry) &&
        entry.state === "succeeded" &&
        entry.operation.act === "nudge"
    )
  const nudged = calls(history, "workspace.nudge").filter((sent) => arrived(history, sent)?.committed === true)
  const nudges = duplicates(
    nudged.filter((sent) => !reported(sent)).map((sent) => `${sent.task?.id} of ${sent.accountHeader}`)
  ).map((task) => `act ${task} has sent two messages`)
  return [...invites, ...redeemed, ...nudges]
}

/**
 * Law 4, what makes it hold: when an act leaves, the journal holds it open; no other one of its kind (its target, for
 * invites and messages) is open for the identity.
 */
const journalFirst: Law = (history) =>
  history.sent.flatMap((sent) => {
    const mine = sent.open.filter(({ identity }) => identity.includes(`"${sent.accountHeader}"`))
    switch (sent.endpoint) {
      case "resetCredits.consume":
        return mine.length === 1 && mine[0]?.key === sent.body["redeem_request_id"]
          ? []
          : [`a redemption left while the journal held ${mine.length} open: ${by(sent)}`]
      case "workspace.nudge":
        return mine.length === 1 ? [] : [`a message left while the journal held ${mine.length} open: ${by(sent)}`]
      case "referrals.invite":
        return mine.length > 0 && duplicates(mine.map(({ target }) => target ?? "")).length === 0
          ? []
          : [`an invite left while the journal held ${mine.length} open: ${by(sent)}`]
      default:
        return []
    }
  })

/** Whether the answer is a definite no. */
const isDefinite = (history: History, sent: Sent): boolean =>
  arrived(history, sent) === undefined ||
  (sent.end?.status != null && sent.end.status >= 400 && sent.end.status < 500 && sent.end.status !== 408)

/**
 * Law 7. "Redeemed elsewhere" is said only of a key of which no request of ours took effect; success is said only of a
 * key of which one did, or may have: one before the last had no definite answer, or a process died when its journal had
 * the key as about to leave.
 */
const ownKey: Law = (history) =>
  history.answered.flatMap(({ key, life, said, task }) => {
    if (task.command._tag !== "redeem" || key === null) return []
    const sent = calls(history, "resetCredits.consume").filter(({ body }) => body["redeem_request_id"] === key)
    const tookEffect = sent.some((one) => arrived(history, one)?.committed === true)
    if (said === "alreadyRedeemedElsewhere") return tookEffect ? [`${key} was ours, and was called another's`] : []
    if (said === "reset") return tookEffect ? [] : [`${key} took no effect, and was called a reset`]
    if (said !== "alreadyRedeemed" || tookEffect) return []
    const mayHaveLeft =
      sent.slice(0, -1).some((one) => !isDefinite(history, one)) ||
      history.journal.some(
        (entry) => entry.key === key && entry.state === "sent" && entry.life !== life && entry.life.died !== null
      )
    return mayHaveLeft ? [] : [`${key} was another's, and was called ours`]
  })

/**
 * Law 9. For 20 minutes after the journal has a reset of an account, no credit of that account is spent under another
 * key, whatever the backend shows; less the largest difference between two clocks.
 */
const quiet: Law = (history) => {
  const period = Duration.toMillis(quietPeriod) - 2 * maxSkew
  return history.journal.flatMap(({ at, key, operation: { identity, state } }) => {
    if (state._tag !== "succeeded" || (state.outcome !== "reset" && state.outcome !== "alreadyRedeemed")) return []
    return accounts(history)
      .filter(({ accountId }) => identity.includes(`"${accountId}"`))
      .flatMap(({ redemptions }) => redemptions)
      .filter((other) => other.key !== key && other.at - epoch > at && other.at - epoch < at + period)
      .map(
        (other) => `${other.key} was spent ${Math.round((other.at - epoch - at) / 1000)} s after the reset by ${key}`
      )
  })
}

/**
 * Law 10. All parts of what a reader sees are of who is signed in at that moment. No request carries one identity's token
 * for another. What took effect on an account is in the journal as that account's.
 */
const ownIdentity: Law = (history) => [
  ...history.answered.flatMap(({ at, present, seen }) =>
    present === undefined || seen.every((part) => part === present)
      ? []
      : [`at ${at} ms ${present} saw ${seen.join(", ")}`]
  ),
  ...history.sent.flatMap((sent) =>
    sent.bearerOf === null || sent.accountHeader === null || sent.bearerOf === sent.accountHeader
      ? []
      : [`a request for ${sent.accountHeader} left with the token of ${sent.bearerOf}: ${by(sent)}`]
  ),
  ...accounts(history).flatMap(({ accountId, redemptions }) =>
    redemptions.flatMap(({ key }) => {
      const operation = key === usedElsewhere ? undefined : history.operations.find((one) => one.key === key)
      return operation === undefined || operation.identity.includes(`"${accountId}"`)
        ? []
        : [`the journal has ${key} under ${operation.identity}, but it was spent on ${accountId}`]
    })
  )
]

export const usageInterval = 5_000

const maxObeyed = 600_000

/**
 * Law 13. In one process two successful readings of which none was asked to be fresh are at least the interval apart, and one is
 * under way at a time; after a wish to wait none is made before that time, up to ten minutes. After a redemption of the
 * process, what was read before or is being read is old, so that the next reading need not wait for the interval, nor for
 * one under way. Where the account changes, all of that begins anew: such scenarios tell nothing here.
 */
const oneRead: Law = (history) => {
  if (history.tasks.some(({ command }) => command._tag === "signIn" || command._tag === "signOut")) return []
  const reads = calls(history, "usage.read").filter(({ task }) => task?.command._tag === "usage")
  return reads.flatMap((read, index) => {
    const next = reads.slice(index + 1).find(({ life }) => life === read.life)
    if (next === undefined) return []
    const { end } = read
    const isOld = calls(history, "resetCredits.consume").some(
      (consume) =>
        consume.life === read.life && consume.end !== null && isBefore(read, consume.end) && isBefore(consume.end, next)
    )
    if (end === null || isBefore(next, end)) return isOld ? [] : [`two readings at once: ${by(read)}, ${by(next)}`]
    const wish = end.status === 429 ? Number(end.retryAfter ?? 0) * 1_000 : 0
    if (next.at < end.at + Math.min(wish, maxObeyed)) return [`the wish to wait was not obeyed: ${by(next)}`]
    return !isOld && isAnswered(history, read) && next.at < read.at + usageInterval
      ? [`two readings in an interval: ${by(read)}, ${by(next)}`]
      : []
  })
}

/** No law of its own: no task is answered with a defect, or with what the journal thinks of its states. */
const plainAnswers: Law = (history) =>
  history.answered
    .filter(({ said }) => said.startsWith("defect") || said.includes("JournalError"))
    .map(({ said, task }) => `${task.command._tag}: ${said}`)

const laws: ReadonlyArray<readonly [number: number, law: Law]> = [
  [0, plainAnswers],
  [1, oneExchange],
  [2, ownRecord],
  [3, wholeRecords],
  [4, atMostOnce],
  [4, journalFirst],
  [7, ownKey],
  [9, quiet],
  [10, ownIdentity],
  [13, oneRead]
]

export const violations = (history: History): ReadonlyArray<Violation> =>
  laws.flatMap(([law, check]) => check(history).map((what) => ({ law, what })))
