/** One home and one account at which processes work, compete and are killed, and what must hold after every round. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { AccountId, Identity, UserId } from "../../../src/domain/Identity.js"
import { InviteEmail } from "../../../src/domain/InviteEmail.js"
import type { Operation } from "../../../src/domain/Operation.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { emailDigest } from "../../../src/programs/invite.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { Fault, FaultPlan } from "../../../src/testing/index.js"
import { configOf, databaseOf, rawSql } from "../../layers/journal/files.js"
import {
  brief,
  type Child,
  foreign,
  leftovers,
  type Nursery,
  signInAt,
  storedIn,
  tireless,
  tokenStatus
} from "./nursery.js"
import type { Setup, Step } from "./child.js"

/** Numbers from 0 to 1 that a seed gives again. */
export const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How long what a server has done is not yet known to the client: the moments that a kill is to hit. */
const delayed = (endpoint: FaultPlan.EndpointName, millis: number) =>
  FaultPlan.on(endpoint, "every", Fault.delay(millis, { afterCommit: true }))

type Task = "refresh" | "redeem" | "invite"

const mixes: readonly [ReadonlyArray<Task>, ...ReadonlyArray<ReadonlyArray<Task>>] = [
  ["refresh", "refresh", "redeem"],
  ["redeem", "redeem", "invite"],
  ["invite", "invite", "refresh"],
  ["refresh", "redeem", "invite"],
  ["refresh", "refresh", "refresh"],
  ["redeem", "invite", "redeem"]
]

/** Nothing was sent, for a machine too busy to give signs of life in time, with leases that are as short as here. */
const slow = ["AuthError Unavailable", "ActError Busy"]

/** What may come of a step beside its success, for whoever is neither killed nor without a session. */
const expected: Readonly<Record<Task, ReadonlyArray<string>>> = {
  refresh: ["done"],
  // Another process was at the same key, and has brought it to its end or has chosen another credit for it.
  redeem: ["done", "JournalError Transition", "JournalError InUse"],
  // Or it went out, and whoever sent it is gone.
  invite: ["done", "ActError Unresolved", "ActError NotNeeded"]
}

export const makeLane = async (nursery: Nursery, name: string, random: () => number) => {
  const backend = await nursery.backend({
    accounts: (now) => [tireless(now, name)],
    plan: [delayed("oauth.token", 25), delayed("resetCredits.consume", 80), delayed("referrals.invite", 80)]
  })
  const home = nursery.home()
  const setup: Setup = { home, urls: backend.urls, leaseMillis: 2000 }
  const identity = new Identity({ userId: UserId.make(`user-${name}`), accountId: AccountId.make(`account-${name}`) })
  const told: Array<string> = []
  const figures = {
    rounds: 0,
    killed: 0,
    late: 0,
    lostSessions: 0,
    slow: 0,
    open: 0,
    credits: 0,
    invites: 0,
    leftovers: 0
  }

  signInAt(backend, home)
  const keys = [randomUUID() as string]
  const excused = new Set<string>()
  let emails = 0
  let wasOpen = false
  let agains = 0
  const durations: Record<Task, number> = { refresh: 150, redeem: 200, invite: 200 }
  const children: Array<Child> = mixes[0].map(() => nursery.start(setup))
  /** Starts up while the others work. */
  let spare = nursery.start(setup)

  const key = () => keys.at(-1) ?? ""
  const email = () => `friend-${emails}@example.test`

  const inJournal = <A, E>(body: (journal: OperationJournal["Type"]) => Effect.Effect<A, E>): Promise<A> =>
    Effect.flatMap(OperationJournal, body).pipe(
      Effect.provide(OperationJournalSql.layerFile),
      Effect.provide(configOf(home)),
      Effect.runPromise
    )
  const invites = async (): Promise<ReadonlyArray<Operation>> => {
    const target = await Effect.runPromise(emailDigest(identity, Schema.decodeSync(InviteEmail)(email())))
    return (await inJournal((journal) => journal.list({ act: "invite" }))).filter((found) => found.target === target)
  }
  const posts = () =>
    Effect.runSync(backend.calls("referrals.invite")).filter(({ body }) => JSON.stringify(body).includes(email()))
      .length
  const retried = () =>
    HashMap.toEntries(Effect.runSync(backend.state).refreshTokens).flatMap(([token, { uses }]) =>
      uses > 1 && !excused.has(token) ? [token] : []
    )

  const steps = (task: Task, again: boolean): Step => {
    switch (task) {
      case "refresh":
        return { do: "refresh" }
      case "redeem":
        return { do: "redeem", key: key(), again: true }
      case "invite":
        return { do: "invite", email: email(), again }
    }
  }

  /** The record is whole, its owner's alone, and nothing of it is lost but what a killed process took with it. */
  const checkRecord = (mayHaveTaken: boolean) => {
    const { tokens, ...rest } = storedIn(home)
    assert.containSubset(rest, foreign)
    const status = Option.getOrThrow(tokenStatus(backend, tokens["refresh_token"] ?? ""))
    const tried = retried()
    if (!mayHaveTaken) {
      assert.deepStrictEqual(tried, [], "a refresh token was sent twice")
      assert.strictEqual(status, "live")
    }
    for (const token of tried) excused.add(token)
    if (status !== "live") {
      // The answer died with the process that it was for. Nobody but the person can help.
      figures.lostSessions += 1
      excused.add(tokens["refresh_token"] ?? "")
      signInAt(backend, home)
    }
    for (const file of leftovers(home)) {
      assert.strictEqual(Fs.statSync(Path.join(home, file)).mode & 0o777, 0o600)
    }
    figures.leftovers = leftovers(home).length
  }

  const checkRedemptions = async () => {
    const { redemptions, resetCredits } = Effect.runSync(backend.account())
    const spent = resetCredits.filter(({ status }) => status !== "available").length
    assert.strictEqual(spent, redemptions.length)
    const used = redemptions.map((redemption) => redemption.key)
    assert.deepStrictEqual(
      used.filter((one) => !keys.includes(one)),
      [],
      "a credit was spent under a key that nobody gave"
    )
    assert.lengthOf(new Set(used), used.length)
    const operations = await inJournal((journal) => journal.list({ act: "redeem" }))
    for (const used of redemptions) {
      const state = operations.find((operation) => operation.key === used.key)?.state._tag
      assert.include(["sent", "unknown", "succeeded"], state, "the journal says less than what was done")
    }
    for (const { key, state } of operations) {
      if (state._tag === "succeeded") {
        assert.include(["reset", "alreadyRedeemed"], state.outcome)
        assert.include(used, key)
      }
    }
    figures.credits = used.length
    const present = operations.find((operation) => operation.key === key())
    if (present?.isOpen === true) figures.open += 1
    if (present?.state._tag === "succeeded") keys.push(randomUUID())
  }

  const checkInvites = async (before: { readonly posts: number; readonly open: boolean; readonly again: boolean }) => {
    const operations = await invites()
    const sent = operations.filter(({ isOpen, state }) => isOpen || state._tag === "succeeded").length
    assert.isAtMost(posts(), sent, "the journal says less than what was sent")
    assert.isAtMost(operations.filter(({ isOpen }) => isOpen).length, 1 + agains, "sent while another was open")
    assert.isAtMost(posts(), 1 + agains, "sent again to the same address")
    if (before.open) assert.isAtMost(posts() - before.posts, before.again ? 1 : 0, "sent while another was open")
    const open = operations.filter(({ isOpen }) => isOpen)
    if (open.length > 0 && !wasOpen) {
      // Another round first, in which nobody may send it.
      figures.open += 1
      wasOpen = true
      return
    }
    if (operations.every(({ state }) => state._tag === "intended" || state._tag === "abandoned")) return
    // What a person does: asks the recipient, and says so.
    const { invites: arrived } = Effect.runSync(backend.account())
    const hasArrived = arrived.some((invite) => invite.email === email())
    for (const { key } of open) {
      await inJournal((journal) =>
        journal.advance(
          key,
          hasArrived ? { _tag: "succeeded", outcome: "arrived" } : { _tag: "rejected", reason: "did not arrive" }
        )
      )
    }
    figures.invites += posts()
    emails += 1
    wasOpen = false
    agains = 0
  }

  const round = async () => {
    const mix = mixes[Math.floor(random() * mixes.length)] ?? mixes[0]
    const victim = Math.floor(random() * children.length)
    const again = wasOpen && random() < 0.3 ? mix.indexOf("invite") : -1
    const before = { posts: posts(), open: wasOpen, again: again >= 0 }
    if (again >= 0) agains += 1
    await Promise.all(children.map(({ ready }) => ready))
    let isKilled = false
    const answers = await Promise.all(
      children.map(async (child, index) => {
        const task = mix[index] ?? "refresh"
        const start = performance.now()
        const asked = child.ask(steps(task, index === again))
        if (index === victim) {
          await new Promise((resolve) => setTimeout(resolve, random() * 1.1 * durations[task]))
          await child.kill()
          children[index] = spare
          spare = nursery.start(setup)
        }
        const answer = await asked
        if (index !== victim) durations[task] = durations[task] * 0.7 + Math.min(600, performance.now() - start) * 0.3
        else isKilled = !answer.ok && answer.tag === "Died"
        return { task, answer }
      })
    )
    figures.rounds += 1
    figures[isKilled ? "killed" : "late"] += 1
    const words = answers.map(({ answer, task }, index) => `${task}${index === victim ? "†" : ""}: ${brief(answer)}`)
    told.push(`${name} ${figures.rounds}: ${words.join(", ")}`)

    const tookRefresh = isKilled && mix[victim] === "refresh"
    for (const [index, { answer, task }] of answers.entries()) {
      if (index === victim && isKilled) continue
      if (tookRefresh && task === "refresh" && brief(answer) === "AuthError Reused") continue
      if (slow.includes(brief(answer))) {
        figures.slow += 1
        continue
      }
      assert.include(expected[task], brief(answer), answer.ok ? "" : answer.message)
      if (task === "invite" && before.open && index !== again) assert.strictEqual(brief(answer), "ActError Unresolved")
    }
    const [check] = Fs.existsSync(databaseOf(home)) ? rawSql(databaseOf(home), "PRAGMA integrity_check") : [null]
    if (check !== null) assert.deepStrictEqual(check, { integrity_check: "ok" })
    checkRecord(tookRefresh)
    await checkRedemptions()
    await checkInvites(before)
  }

  /** Whoever is left brings everything to an end. */
  const conclude = async () => {
    const [first] = children
    if (first === undefined) return
    await first.ready
    // A renewal that was cut off is not tried again while the access token lasts: who does not wait signs in again.
    if (Fs.existsSync(Path.join(home, ".codex-account-renewal.json"))) signInAt(backend, home)
    for (const task of ["refresh", "redeem"] as const) {
      const tries: Array<string> = []
      do tries.push(brief(await first.ask(steps(task, false))))
      while (slow.includes(tries.at(-1) ?? "") && tries.length < 5)
      assert.strictEqual(tries.at(-1), "done")
    }
    checkRecord(false)
    await checkRedemptions()
    assert.deepStrictEqual(await Promise.all([...children, spare].map((child) => child.end())), [0, 0, 0, 0])
  }

  return { round, conclude, figures, told, identity }
}
