/** What happens in one run of the model, as a value. */
import { FastCheck } from "effect"
import { Fault, FaultPlan } from "../../src/testing/index.js"

/** `key` is given to a redemption by its caller; without it the redemption makes one of its own. */
export type Command =
  | { readonly _tag: "use" }
  | { readonly _tag: "refresh" }
  | { readonly _tag: "usage" }
  | { readonly _tag: "redeem"; readonly key?: string }
  | { readonly _tag: "invite"; readonly to: Invitee }
  | { readonly _tag: "nudge" }
  | { readonly _tag: "resolve" }
  | { readonly _tag: "signIn"; readonly as: Who }
  | { readonly _tag: "signOut"; readonly revoke: boolean }
  /** A program that is none of ours changes a key of the record that is none of ours. */
  | { readonly _tag: "touch" }

export type Who = "A" | "B"
export type Invitee = "zoe" | "max"

/** A key that somebody outside has used. */
export const usedElsewhere = "used-elsewhere"

export interface Planned {
  /** Milliseconds after the start. */
  readonly at: number
  readonly command: Command
}

/**
 * `diesAt`: the n-th life ends at its so-many-th step; each call of the store, the journal, the lease and the HTTP client
 * has a step before it and one after it. What was not done by then is asked for again by the next life, `restartAfter`
 * milliseconds later; the last life does not die. `pace` is how long calls take, in turn. `skew` is how far the process's
 * clock is ahead.
 */
export interface ProcessPlan {
  readonly skew: number
  readonly pace: ReadonlyArray<number>
  readonly commands: ReadonlyArray<Planned>
  readonly diesAt: ReadonlyArray<number>
  readonly restartAfter: number
}

export interface Scenario {
  readonly processes: ReadonlyArray<ProcessPlan>
  readonly faults: FaultPlan.FaultPlan
  /** Whether the first process finds its access token refused, and everybody theirs. */
  readonly tokensDropped: boolean
}

const second = 1_000
const minute = 60 * second

/** Clocks of processes that share a lease agree within half a minute; see `LeaseSql`. */
export const maxSkew = 15 * second

const within = (max: number) =>
  weighted([3, FastCheck.integer({ min: 0, max: Math.min(max, 300) })], [2, FastCheck.integer({ min: 0, max })])

const weighted = <A>(...choices: ReadonlyArray<readonly [weight: number, FastCheck.Arbitrary<A>]>) =>
  FastCheck.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const pace = FastCheck.array(within(400), { minLength: 1, maxLength: 5 })

const skew = weighted([2, FastCheck.constant(0)], [1, FastCheck.integer({ min: -maxSkew, max: maxSkew })])

interface Shape {
  readonly commands: FastCheck.Arbitrary<Command>
  readonly faults: FastCheck.Arbitrary<FaultPlan.FaultRule>
  /** By when all commands have been given. */
  readonly span: number
  readonly maxCommands: number
  readonly processes: readonly [min: number, max: number]
  /** Up to which step a process dies; by default none does. */
  readonly maxDeath?: number
  readonly maxFaults?: number
}

const process = (shape: Shape): FastCheck.Arbitrary<ProcessPlan> =>
  FastCheck.record({
    skew,
    pace,
    commands: FastCheck.array(FastCheck.record({ at: within(shape.span), command: shape.commands }), {
      minLength: 1,
      maxLength: shape.maxCommands
    }),
    diesAt:
      shape.maxDeath === undefined
        ? FastCheck.constant([])
        : weighted(
            [1, FastCheck.constant([])],
            [
              2,
              FastCheck.array(FastCheck.integer({ min: 1, max: shape.maxDeath }), {
                minLength: 1,
                maxLength: 2
              })
            ]
          ),
    restartAfter: within(3 * minute)
  })

export const scenarios = (shape: Shape): FastCheck.Arbitrary<Scenario> =>
  FastCheck.record({
    processes: FastCheck.array(process(shape), { minLength: shape.processes[0], maxLength: shape.processes[1] }),
    faults: FastCheck.array(shape.faults, { maxLength: shape.maxFaults ?? 4 }),
    tokensDropped: FastCheck.boolean()
  })

const one = (command: Command): FastCheck.Arbitrary<Command> => FastCheck.constant(command)

const use = one({ _tag: "use" })
const refresh = one({ _tag: "refresh" })
const usage = one({ _tag: "usage" })
const redeem = one({ _tag: "redeem" })
const nudge = one({ _tag: "nudge" })
const touch = one({ _tag: "touch" })
const resolve = one({ _tag: "resolve" })
const invite = FastCheck.constantFrom<Command>({ _tag: "invite", to: "zoe" }, { _tag: "invite", to: "max" })
const signIn = FastCheck.constantFrom<Command>({ _tag: "signIn", as: "B" }, { _tag: "signIn", as: "A" })
const signOut = FastCheck.constantFrom<Command>({ _tag: "signOut", revoke: false }, { _tag: "signOut", revoke: true })

const calls = weighted<number | "every">([4, FastCheck.integer({ min: 1, max: 3 })], [1, FastCheck.constant("every")])

const late = (max: number) =>
  FastCheck.record({ by: FastCheck.integer({ min: 0, max }), afterCommit: FastCheck.boolean() }).map(
    ({ afterCommit, by }) => Fault.delay(by, { afterCommit })
  )

/** Answers that are lost, late or no answers, before and after the deed. */
const lost: FastCheck.Arbitrary<Fault.Fault> = weighted(
  [3, FastCheck.constantFrom(Fault.resetAfterCommit, Fault.hangAfterCommit, Fault.truncated)],
  [
    2,
    FastCheck.constantFrom(
      Fault.resetBeforeCommit,
      Fault.hang,
      Fault.refused,
      Fault.malformedJson,
      Fault.htmlPage(503, { afterCommit: true }),
      Fault.status(500),
      Fault.status(503, { afterCommit: true }),
      Fault.redirect(307),
      Fault.redirect(302, { crossOrigin: true }),
      Fault.status(401)
    )
  ],
  [2, late(70 * second)],
  [2, late(3 * second)]
)

const rule = (
  endpoints: ReadonlyArray<FaultPlan.EndpointName>,
  faults: FastCheck.Arbitrary<Fault.Fault>
): FastCheck.Arbitrary<FaultPlan.FaultRule> =>
  FastCheck.record({ endpoint: FastCheck.constantFrom(...endpoints), call: calls, fault: faults })

/** As long as the backend has been seen to show what was before a reset. */
export const staleFor = 18 * minute

const stale = FastCheck.constantFrom(Fault.staleRead(staleFor), Fault.staleRead(5 * minute))

/** Renewals by many, with sign-ins and sign-outs between them. */
export const sessions = scenarios({
  commands: weighted([3, use], [4, refresh], [1, usage], [1, signIn], [1, signOut], [2, touch]),
  faults: rule(["oauth.token"], lost),
  span: 20 * second,
  maxCommands: 3,
  processes: [1, 4],
  maxDeath: 14,
  maxFaults: 3
})

/** Renewals while the OAuth server has trouble. */
export const troubled = scenarios({
  commands: weighted([1, use], [3, refresh]),
  faults: FastCheck.constantFrom(500, 503).map((status) =>
    FaultPlan.on("oauth.token", "every", Fault.status(status, { afterCommit: false }))
  ),
  span: 20 * second,
  maxCommands: 2,
  processes: [1, 2],
  maxFaults: 2
})

/** Changes of the record by others while a renewal waits for its answer. */
export const touched = scenarios({
  commands: weighted([2, refresh], [2, touch]),
  faults: rule(["oauth.token"], late(10 * second)),
  span: 5 * second,
  maxCommands: 3,
  processes: [1, 3],
  maxFaults: 2
})

/** Sign-ins and sign-outs while a renewal waits for its answer. */
export const overtaken = scenarios({
  commands: weighted([2, refresh], [2, signIn], [1, signOut]),
  faults: rule(["oauth.token"], late(10 * second)),
  span: 5 * second,
  maxCommands: 2,
  processes: [2, 3],
  maxFaults: 2
})

/** Acts by many, with deaths; the carrying on is by the same command, by another's, and by `resolve`. */
export const acts = scenarios({
  commands: weighted([4, redeem], [4, invite], [3, nudge], [1, resolve], [1, usage]),
  faults: weighted(
    [3, rule(["resetCredits.consume", "referrals.invite", "workspace.nudge"], lost)],
    [1, rule(["usage.read", "resetCredits.list"], FastCheck.oneof(stale, lost))],
    [1, rule(["referrals.eligibility", "referrals.rules", "oauth.token"], lost)]
  ),
  span: 30 * second,
  maxCommands: 3,
  processes: [1, 4],
  maxDeath: 45
})

/** Invites of a few addresses by many, at about the same time. */
export const invites = scenarios({
  commands: invite,
  faults: rule(["referrals.invite", "referrals.rules"], late(3 * second)),
  span: 3 * second,
  maxCommands: 2,
  processes: [2, 4],
  maxFaults: 2
})

/** Redemptions with keys of the caller's, of which one was used by somebody outside. */
export const keyed = scenarios({
  commands: FastCheck.constantFrom<Command>(
    { _tag: "redeem", key: "mine" },
    { _tag: "redeem", key: usedElsewhere },
    { _tag: "redeem" },
    { _tag: "resolve" }
  ),
  faults: rule(["resetCredits.consume"], lost),
  span: 2 * minute,
  maxCommands: 3,
  processes: [1, 3],
  maxDeath: 40
})

/** One key, given again after its answer was lost. */
export const retried = scenarios({
  commands: one({ _tag: "redeem", key: "mine" }),
  faults: rule(
    ["resetCredits.consume"],
    FastCheck.constantFrom(Fault.hangAfterCommit, Fault.resetAfterCommit, Fault.status(503, { afterCommit: true }))
  ),
  span: 2 * minute,
  maxCommands: 3,
  processes: [1, 2],
  maxDeath: 40
})

/** Redemptions over an hour in which the backend shows old usage. */
export const resets = scenarios({
  commands: weighted([5, redeem], [1, usage]),
  faults: weighted(
    [2, rule(["usage.read", "resetCredits.list"], stale)],
    [1, rule(["resetCredits.consume"], late(30 * second))],
    [1, rule(["resetCredits.consume"], FastCheck.constant(Fault.resetAfterCommit))]
  ),
  span: 60 * minute,
  maxCommands: 4,
  processes: [1, 4]
})

/** Readers and actors while accounts come and go. */
export const identities = scenarios({
  commands: weighted([5, usage], [3, signIn], [1, refresh], [1, redeem], [1, nudge]),
  faults: weighted(
    [3, rule(["usage.read", "resetCredits.list", "workspace.accountsCheck"], late(6 * second))],
    [
      1,
      rule(
        ["usage.read", "oauth.token", "resetCredits.consume"],
        FastCheck.constantFrom(
          Fault.status(401),
          Fault.status(500),
          Fault.rateLimited({ seconds: 1 }),
          Fault.resetAfterCommit
        )
      )
    ]
  ),
  span: 8 * second,
  maxCommands: 5,
  processes: [1, 3],
  maxDeath: 30
})

/** Readers while accounts come and go. */
export const switches = scenarios({
  commands: weighted([2, usage], [1, signIn]),
  faults: rule(["usage.read"], late(second)),
  span: 20 * second,
  maxCommands: 5,
  processes: [1, 2]
})

/** Many readers a process. */
export const readers = scenarios({
  commands: usage,
  faults: rule(
    ["usage.read", "resetCredits.list"],
    weighted(
      [2, late(8 * second)],
      [2, FastCheck.integer({ min: 1, max: 900 }).map((seconds) => Fault.rateLimited({ seconds }))]
    )
  ),
  span: 30 * second,
  maxCommands: 10,
  processes: [1, 3],
  maxDeath: 20
})
