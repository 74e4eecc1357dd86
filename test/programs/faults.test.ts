/**
 * Every kind of fault × every program: which requests leave, when, and what the program says in the end.
 *
 * The expectations follow from the policies (attempts, time limits, waits of 250 and 500 ms without jitter, `Retry-After`
 * obeyed up to 10 s) and from the specification of each endpoint; they are worked out by hand.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { filter } from "effect/Record"
import * as Struct from "effect/Struct"
import { Arbitraries, Fault, FaultPlan } from "../../src/testing/index.js"
import * as Harness from "./harness.js"
import { test } from "../cases.js"

const faults = {
  none: Fault.pass,
  "400": Fault.status(400),
  "401": Fault.status(401),
  "403": Fault.forbidden,
  "404": Fault.status(404),
  "408": Fault.status(408),
  "409": Fault.status(409),
  "422": Fault.status(422),
  "429": Fault.rateLimited(),
  "429, wait 2 s": Fault.rateLimited({ seconds: 2 }),
  "429, wait until in 2 s": Fault.rateLimited({ dateInSeconds: 2 }),
  "429, wait 60 s": Fault.rateLimited({ seconds: 60 }),
  "429, wait soon": Fault.rateLimited({ text: "soon" }),
  "500": Fault.status(500),
  "500 when done": Fault.status(500, { afterCommit: true }),
  "500 with our secrets in it": Fault.echoSecrets(500),
  "400 with our secrets in it": Fault.echoSecrets(400),
  "503, wait 2 s": Fault.status(503, { retryAfter: { seconds: 2 } }),
  "200 and nothing else": Fault.status(200),
  "204": Fault.status(204),
  "304": Fault.status(304),
  "303 to the same path": Fault.redirect(303),
  "307 to the same path": Fault.redirect(307),
  "308 to another origin": Fault.redirect(308, { crossOrigin: true }),
  "3 s late": Fault.delay("3 seconds"),
  "3 s late when done": Fault.delay("3 seconds", { afterCommit: true }),
  "60 s late": Fault.delay("60 seconds"),
  "60 s late when done": Fault.delay("60 seconds", { afterCommit: true }),
  silence: Fault.hang,
  "silence when done": Fault.hangAfterCommit,
  "no connection": Fault.refused,
  reset: Fault.resetBeforeCommit,
  "reset when done": Fault.resetAfterCommit,
  "half a body": Fault.truncated,
  "a page with 403": Fault.htmlPage(403),
  "a page with 200": Fault.htmlPage(200),
  "a page with 503": Fault.htmlPage(503),
  "no JSON": Fault.malformedJson,
  "unknown words": Fault.unknownEnum,
  "a stale state": Fault.staleRead("1 hour"),
  "a body of more than 1 MiB": Fault.hugeBody(),
  "a body 3 s late": Fault.slowBody(1_048_576, "3 seconds"),
  "a body 60 s late": Fault.slowBody(1_048_576, "60 seconds")
} satisfies Readonly<Record<string, Fault.Fault>>

type FaultName = keyof typeof faults

const faultNames: ReadonlyArray<FaultName> = Struct.keys(faults)

/** A cell for every fault, in groups of faults that end alike: each fault stands in one of them. */
const cells = <A>(groups: Readonly<Record<string, A>>): ReadonlyMap<string, A> => {
  const all = Object.entries(groups).flatMap(([names, cell]) => names.split(" | ").map((name) => [name, cell] as const))
  assert.sameMembers(
    all.map(([name]) => name),
    [...faultNames]
  )
  return new Map(all)
}

/** When the faulty endpoint is asked, how it ends, and after how many ms; and when the session is renewed. */
type Cell = readonly [at: ReadonlyArray<number>, result: string, took: number, renewedAt?: ReadonlyArray<number>]

// Waits of 250 and 500 ms between three attempts that fail at once.
const three = [0, 250, 750]
// The same for attempts of 10 s.
const threeSlow = [0, 10_250, 20_750]
// Waits as the backend asks for.
const threeAsked = [0, 2_000, 4_000]

/** `usage.read`: safe, 3 attempts, 10 s each, 25 s in all. */
const usage = cells<Cell>({
  "none | unknown words | a stale state": [[0], "shown", 0],
  "400 | 400 with our secrets in it": [[0], "BackendError Rejected 400", 0],
  "401": [[0, 0], "BackendError Unauthorized 401", 0, [0]],
  "403": [[0], "BackendError Forbidden 403", 0],
  "a page with 403": [[0], "BackendError Challenged 403", 0],
  "404": [[0], "BackendError NotFound 404", 0],
  "408": [[0], "BackendError Rejected 408", 0],
  "409": [[0], "BackendError Rejected 409", 0],
  "422": [[0], "BackendError Rejected 422", 0],
  "429 | 429, wait soon": [three, "BackendError RateLimited 429", 750],
  "429, wait 2 s | 429, wait until in 2 s": [threeAsked, "BackendError RateLimited 429", 4_000],
  "429, wait 60 s": [[0], "BackendError RateLimited 429", 0],
  "500 | 500 when done | 500 with our secrets in it": [three, "BackendError ServerError 500", 750],
  "503, wait 2 s": [threeAsked, "BackendError ServerError 503", 4_000],
  "200 and nothing else | 204 | a page with 200 | no JSON": [[0], "BackendError Malformed", 0],
  "304": [[0], "BackendError Redirected 304", 0],
  "303 to the same path": [[0], "BackendError Redirected 303", 0],
  "307 to the same path": [[0], "BackendError Redirected 307", 0],
  "308 to another origin": [[0], "BackendError Redirected 308", 0],
  "3 s late | 3 s late when done | a body 3 s late": [[0], "shown", 3_000],
  "60 s late | 60 s late when done | silence | silence when done": [threeSlow, "BackendError Timeout", 25_000],
  "a body 60 s late": [threeSlow, "BackendError BodyTimeout", 25_000],
  "no connection": [[], "BackendError ConnectionRefused", 750],
  "reset | reset when done | half a body": [three, "BackendError Transport", 750],
  "a page with 503": [[0], "BackendError Challenged 503", 0],
  "a body of more than 1 MiB": [[0], "BackendError TooLarge 200", 0]
})

/** `resetCredits.consume`: keyed, 3 attempts, 10 s each, 35 s in all. Only a definite 4xx is a refusal. */
const consume = cells<Cell>({
  "none | a stale state": [[0], "reset", 0],
  "400 | 400 with our secrets in it": [[0], "ActError Rejected 400", 0],
  "401": [[0, 0], "ActError Rejected 401", 0, [0]],
  "403": [[0], "ActError Rejected 403", 0],
  "a page with 403": [[0], "BackendError Challenged 403", 0],
  "404": [[0], "ActError Rejected 404", 0],
  "408": [[0], "ActError OutcomeUnknown 408", 0],
  "409": [[0], "ActError Rejected 409", 0],
  "422": [[0], "ActError Rejected 422", 0],
  "429 | 429, wait soon": [three, "ActError Rejected 429", 750],
  "429, wait 2 s | 429, wait until in 2 s": [threeAsked, "ActError Rejected 429", 4_000],
  "429, wait 60 s": [[0], "ActError Rejected 429", 0],
  "500 | 500 when done | 500 with our secrets in it": [three, "ActError OutcomeUnknown 500", 750],
  "503, wait 2 s": [threeAsked, "ActError OutcomeUnknown 503", 4_000],
  "200 and nothing else | 204 | a page with 200 | no JSON | unknown words": [[0], "ActError OutcomeUnknown", 0],
  "304": [[0], "ActError OutcomeUnknown 304", 0],
  "303 to the same path": [[0], "ActError OutcomeUnknown 303", 0],
  "307 to the same path": [[0], "ActError OutcomeUnknown 307", 0],
  "308 to another origin": [[0], "ActError OutcomeUnknown 308", 0],
  "3 s late | 3 s late when done | a body 3 s late": [[0], "reset", 3_000],
  "60 s late | 60 s late when done | silence | silence when done": [threeSlow, "ActError OutcomeUnknown", 30_750],
  "a body 60 s late": [threeSlow, "ActError OutcomeUnknown", 30_750],
  "no connection": [[], "BackendError ConnectionRefused", 750],
  "reset | reset when done | half a body": [three, "ActError OutcomeUnknown", 750],
  "a page with 503": [[0], "ActError OutcomeUnknown 503", 0],
  "a body of more than 1 MiB": [[0], "ActError OutcomeUnknown 200", 0]
})

/** `referrals.invite`: never repeated, 45 s. Only 400, 403, 409 and 422 are a refusal. */
const invite = cells<Cell>({
  "none | unknown words | a stale state": [[0], "sent", 0],
  "400 | 400 with our secrets in it": [[0], "ActError Rejected 400", 0],
  "401": [[0], "ActError OutcomeUnknown 401", 0],
  "403": [[0], "ActError Rejected 403", 0],
  "a page with 403": [[0], "BackendError Challenged 403", 0],
  "404": [[0], "ActError OutcomeUnknown 404", 0],
  "408": [[0], "ActError OutcomeUnknown 408", 0],
  "409": [[0], "ActError Rejected 409", 0],
  "422": [[0], "ActError Rejected 422", 0],
  "429 | 429, wait 2 s | 429, wait until in 2 s | 429, wait 60 s": [[0], "ActError OutcomeUnknown 429", 0],
  "429, wait soon": [[0], "ActError OutcomeUnknown 429", 0],
  "500 | 500 when done | 500 with our secrets in it": [[0], "ActError OutcomeUnknown 500", 0],
  "503, wait 2 s | a page with 503": [[0], "ActError OutcomeUnknown 503", 0],
  "200 and nothing else | 204 | reset | reset when done | half a body": [[0], "ActError OutcomeUnknown", 0],
  "a page with 200 | no JSON": [[0], "ActError OutcomeUnknown", 0],
  "304": [[0], "ActError OutcomeUnknown 304", 0],
  "303 to the same path": [[0], "ActError OutcomeUnknown 303", 0],
  "307 to the same path": [[0], "ActError OutcomeUnknown 307", 0],
  "308 to another origin": [[0], "ActError OutcomeUnknown 308", 0],
  "3 s late | 3 s late when done | a body 3 s late": [[0], "sent", 3_000],
  "60 s late | 60 s late when done | silence | silence when done": [[0], "ActError OutcomeUnknown", 45_000],
  "a body 60 s late": [[0], "ActError OutcomeUnknown", 45_000],
  "no connection": [[], "BackendError ConnectionRefused", 0],
  "a body of more than 1 MiB": [[0], "ActError OutcomeUnknown 200", 0]
})

/** `workspace.nudge`: never repeated, 10 s. A 2xx with any body is a success (the fake's has none), 429 a cooldown. */
const nudge = cells<Cell>({
  "none | 200 and nothing else | 204 | a page with 200 | no JSON | unknown words | a stale state": [[0], "sent", 0],
  "a body 3 s late | a body 60 s late": [[0], "sent", 0],
  "400 | 400 with our secrets in it": [[0], "ActError Rejected 400", 0],
  "401": [[0], "ActError Rejected 401", 0],
  "403": [[0], "ActError Rejected 403", 0],
  "a page with 403": [[0], "BackendError Challenged 403", 0],
  "404": [[0], "ActError Rejected 404", 0],
  "408": [[0], "ActError OutcomeUnknown 408", 0],
  "409": [[0], "ActError Rejected 409", 0],
  "422": [[0], "ActError Rejected 422", 0],
  "429 | 429, wait 2 s | 429, wait until in 2 s | 429, wait 60 s | 429, wait soon": [[0], "cooldownActive", 0],
  "500 | 500 when done | 500 with our secrets in it": [[0], "ActError OutcomeUnknown 500", 0],
  "503, wait 2 s | a page with 503": [[0], "ActError OutcomeUnknown 503", 0],
  "304": [[0], "ActError OutcomeUnknown 304", 0],
  "303 to the same path": [[0], "ActError OutcomeUnknown 303", 0],
  "307 to the same path": [[0], "ActError OutcomeUnknown 307", 0],
  "308 to another origin": [[0], "ActError OutcomeUnknown 308", 0],
  "3 s late | 3 s late when done": [[0], "sent", 3_000],
  "60 s late | 60 s late when done | silence | silence when done": [[0], "ActError OutcomeUnknown", 10_000],
  "no connection": [[], "BackendError ConnectionRefused", 0],
  "reset | reset when done | half a body": [[0], "ActError OutcomeUnknown", 0],
  "a body of more than 1 MiB": [[0], "ActError OutcomeUnknown 200", 0]
})

const two = [0, 250]
const twoSlow = [0, 10_250]
const twoAsked = [0, 2_000]

/** `workspace.accountsCheck`: safe, 2 attempts, 10 s each, 15 s in all. Whatever happens, the token's claim remains. */
const role = cells<Cell>({
  "none | a stale state": [[0], "live", 0],
  "400 | 403 | 404 | 408 | 409 | 422 | 429, wait 60 s | 400 with our secrets in it": [[0], "claim", 0],
  "200 and nothing else | 204 | 304 | 303 to the same path | 307 to the same path": [[0], "claim", 0],
  "308 to another origin | a page with 403 | a page with 200 | no JSON | unknown words": [[0], "claim", 0],
  "a page with 503": [[0], "claim", 0],
  "a body of more than 1 MiB": [[0], "claim", 0],
  "401": [[0, 0], "claim", 0, [0]],
  "429 | 429, wait soon | 500 | 500 when done | 500 with our secrets in it | reset": [two, "claim", 250],
  "reset when done | half a body": [two, "claim", 250],
  "429, wait 2 s | 429, wait until in 2 s | 503, wait 2 s": [twoAsked, "claim", 2_000],
  "3 s late | 3 s late when done | a body 3 s late": [[0], "live", 3_000],
  "60 s late | 60 s late when done | silence | silence when done | a body 60 s late": [twoSlow, "claim", 15_000],
  "no connection": [[], "claim", 250]
})

/** `oauth.revoke`: once, 10 s, best effort: the record goes in any case. A 2xx with any body confirms. */
const revoke = cells<Cell>({
  "none | 200 and nothing else | 204 | a page with 200 | no JSON | unknown words": [[0], "removed, revoked", 0],
  "a stale state | a body 3 s late | a body 60 s late": [[0], "removed, revoked", 0],
  "400 | 401 | 403 | 404 | 408 | 409 | 422 | 429 | 429, wait 2 s | 429, wait until in 2 s": [[0], "removed", 0],
  "429, wait 60 s | 429, wait soon | 500 | 500 when done | 500 with our secrets in it": [[0], "removed", 0],
  "400 with our secrets in it | 503, wait 2 s | 304 | 303 to the same path": [[0], "removed", 0],
  "307 to the same path | 308 to another origin | reset | reset when done | half a body": [[0], "removed", 0],
  "a page with 403 | a page with 503 | a body of more than 1 MiB": [[0], "removed", 0],
  "3 s late | 3 s late when done": [[0], "removed, revoked", 3_000],
  "60 s late | 60 s late when done | silence | silence when done": [[0], "removed", 10_000],
  "no connection": [[], "removed", 0]
})

/** The whole account at once, each part under its own policy. */
interface Parts {
  readonly usage: ReadonlyArray<number>
  readonly credits: ReadonlyArray<number>
  readonly role: ReadonlyArray<number>
  readonly activity: ReadonlyArray<number>
  readonly messages: ReadonlyArray<number>
  readonly workspaces: ReadonlyArray<number>
}

const at = (time: Parts): Parts => time
// What never arrives is not in the log.
const nowhere = at({ usage: [], credits: [], role: [], activity: [], messages: [], workspaces: [] })
const once = at({ usage: [0], credits: [0], role: [0], activity: [0], messages: [0], workspaces: [0] })
const again = at({
  usage: [0, 0],
  credits: [0, 0],
  role: [0, 0],
  activity: [0, 0],
  messages: [0, 0],
  workspaces: [0, 0]
})
const failing = at({ usage: three, credits: two, role: two, activity: three, messages: [0], workspaces: two })
const asked = at({
  usage: threeAsked,
  credits: twoAsked,
  role: twoAsked,
  activity: threeAsked,
  messages: [0],
  workspaces: twoAsked
})
// Details and workspaces: 5 s an attempt, of details 8 s in all. Messages: one second.
const slow = at({
  usage: threeSlow,
  credits: [0, 5_250],
  role: twoSlow,
  activity: threeSlow,
  messages: [0],
  workspaces: [0, 5_250]
})

type StatusCell = readonly [
  at: Parts,
  usage: string,
  role: string,
  messages: string,
  took: number,
  renewedAt?: ReadonlyArray<number>
]

/** Activity is as usage is: the same policy, and any answer of either can be understood or not. */
const status = cells<StatusCell>({
  "none | a stale state": [once, "read", "live", "read", 0],
  "400 | 400 with our secrets in it": [once, "BackendError Rejected 400", "claim", "BackendError Rejected 400", 0],
  "401": [again, "BackendError Unauthorized 401", "claim", "BackendError Unauthorized 401", 0, [0]],
  "403": [once, "BackendError Forbidden 403", "claim", "BackendError Forbidden 403", 0],
  "a page with 403": [once, "BackendError Challenged 403", "claim", "BackendError Challenged 403", 0],
  "404": [once, "BackendError NotFound 404", "claim", "none", 0],
  "408": [once, "BackendError Rejected 408", "claim", "BackendError Rejected 408", 0],
  "409": [once, "BackendError Rejected 409", "claim", "BackendError Rejected 409", 0],
  "422": [once, "BackendError Rejected 422", "claim", "BackendError Rejected 422", 0],
  "429 | 429, wait soon": [failing, "BackendError RateLimited 429", "claim", "BackendError RateLimited 429", 750],
  "429, wait 2 s": [asked, "BackendError RateLimited 429", "claim", "BackendError RateLimited 429", 4_000],
  "429, wait until in 2 s": [asked, "BackendError RateLimited 429", "claim", "BackendError RateLimited 429", 4_000],
  "429, wait 60 s": [once, "BackendError RateLimited 429", "claim", "BackendError RateLimited 429", 0],
  "500 | 500 when done": [failing, "BackendError ServerError 500", "claim", "BackendError ServerError 500", 750],
  "500 with our secrets in it": [failing, "BackendError ServerError 500", "claim", "BackendError ServerError 500", 750],
  "503, wait 2 s": [asked, "BackendError ServerError 503", "claim", "BackendError ServerError 503", 4_000],
  "200 and nothing else | 204": [once, "BackendError Malformed", "claim", "BackendError Malformed", 0],
  "a page with 200 | no JSON": [once, "BackendError Malformed", "claim", "BackendError Malformed", 0],
  "304": [once, "BackendError Redirected 304", "claim", "BackendError Redirected 304", 0],
  "303 to the same path": [once, "BackendError Redirected 303", "claim", "BackendError Redirected 303", 0],
  "307 to the same path": [once, "BackendError Redirected 307", "claim", "BackendError Redirected 307", 0],
  "308 to another origin": [once, "BackendError Redirected 308", "claim", "BackendError Redirected 308", 0],
  "3 s late | 3 s late when done": [once, "read", "live", "BackendError Timeout", 3_000],
  "a body 3 s late": [once, "read", "live", "BackendError BodyTimeout", 3_000],
  "60 s late | 60 s late when done": [slow, "BackendError Timeout", "claim", "BackendError Timeout", 25_000],
  "silence | silence when done": [slow, "BackendError Timeout", "claim", "BackendError Timeout", 25_000],
  "a body 60 s late": [slow, "BackendError BodyTimeout", "claim", "BackendError BodyTimeout", 25_000],
  "no connection": [nowhere, "BackendError ConnectionRefused", "claim", "BackendError ConnectionRefused", 750],
  "reset | reset when done": [failing, "BackendError Transport", "claim", "BackendError Transport", 750],
  "half a body": [failing, "BackendError Transport", "claim", "BackendError Transport", 750],
  "a page with 503": [once, "BackendError Challenged 503", "claim", "BackendError Challenged 503", 0],
  "unknown words": [once, "read", "claim", "read", 0],
  "a body of more than 1 MiB": [once, "BackendError TooLarge 200", "claim", "BackendError TooLarge 200", 0]
})

type Said = Effect.Effect<string, Harness.ProgramError, Harness.Services>

/** What it came to, in a word or as tag, reason and status. */
const said: Readonly<Record<Exclude<Harness.ProgramName, "showStatus">, Said>> = {
  showUsage: Effect.map(Harness.programs.showUsage, () => "shown"),
  guard: Effect.map(Harness.programs.guard, ({ usable }) => (usable ? "shown" : "blocked")),
  redeemReset: Effect.map(Harness.programs.redeemReset, ({ outcome }) => outcome),
  inviteFriend: Effect.map(Harness.programs.inviteFriend, ({ _tag }) => _tag.toLowerCase()),
  notifyOwner: Effect.map(Harness.programs.notifyOwner, ({ outcome }) => outcome),
  showRole: Effect.map(Harness.programs.showRole, ({ role }) => role.source),
  showWorkspaces: Effect.map(Harness.programs.showWorkspaces, () => "shown"),
  signOut: Effect.map(Harness.programs.signOut, (outcome) =>
    outcome._tag === "SignedOut"
      ? [outcome.removed ? "removed" : "", outcome.revoked === true ? "revoked" : ""]
          .filter((word) => word !== "")
          .join(", ")
      : outcome._tag
  )
}

interface Column {
  readonly program: keyof typeof said
  readonly endpoint: FaultPlan.EndpointName
  readonly table: ReadonlyMap<string, Cell>
  /** The other requests, given what the program came to and when. */
  readonly others: (result: string, took: number) => Readonly<Record<string, ReadonlyArray<number>>>
}

const nothing = () => ({})

const columns: ReadonlyArray<Column> = [
  { program: "showUsage", endpoint: "usage.read", table: usage, others: () => ({ "resetCredits.list": [0] }) },
  { program: "guard", endpoint: "usage.read", table: usage, others: () => ({ "resetCredits.list": [0] }) },
  {
    program: "redeemReset",
    endpoint: "resetCredits.consume",
    table: consume,
    // What there is before; what is left after a reset.
    others: (result, took) => {
      const reads = result === "reset" ? [0, took] : [0]
      return { "usage.read": reads, "resetCredits.list": reads }
    }
  },
  {
    program: "inviteFriend",
    endpoint: "referrals.invite",
    table: invite,
    // The offer, and the same again just before the POST.
    others: () => ({ "referrals.eligibility": [0, 0], "referrals.rules": [0, 0] })
  },
  {
    program: "notifyOwner",
    endpoint: "workspace.nudge",
    table: nudge,
    others: () => ({ "workspace.accountsCheck": [0] })
  },
  { program: "showRole", endpoint: "workspace.accountsCheck", table: role, others: nothing },
  { program: "signOut", endpoint: "oauth.revoke", table: revoke, others: nothing }
]

const every = (endpoints: ReadonlyArray<FaultPlan.EndpointName>, fault: Fault.Fault) =>
  Harness.account({ plan: endpoints.map((endpoint) => FaultPlan.on(endpoint, "every", fault)) })

/** The log knows no endpoint that was never reached. */
const heard = (requests: Readonly<Record<string, ReadonlyArray<number>>>) =>
  filter(requests, (times) => times.length > 0)

const renewals = (at: ReadonlyArray<number> | undefined) => (at === undefined ? {} : { "oauth.token": at })

it("the table has every kind of fault", () => {
  const kinds = new Set<string>(faultNames.map((name) => faults[name]._tag))
  const known = FastCheck.sample(Arbitraries.fault(), 2_000).map((fault) => fault._tag)
  assert.sameMembers(Array.from(kinds), Array.from(new Set(known)))
})

describe.each(columns)("$program", ({ endpoint, others, program, table }) => {
  test.each(faultNames, (name) => every([endpoint], faults[name]))("%s", function* (name) {
    const [times, result, took, renewedAt] = table.get(name) ?? assert.fail()
    const ended = yield* Harness.finish(said[program])
    assert.deepStrictEqual(
      {
        result: Harness.briefExit(ended.exit, (word) => word),
        took: ended.took,
        requests: yield* Harness.requests
      },
      {
        result,
        took,
        requests: heard({ [endpoint]: times, ...others(result, took), ...renewals(renewedAt) })
      }
    )
    // However often it was sent, it was done once at most.
    for (const times of Object.values(yield* Harness.done)) assert.isAtMost(times, 1)
  })
})

describe("showStatus", () => {
  const endpoints = [
    "usage.read",
    "resetCredits.list",
    "workspace.accountsCheck",
    "profile.me",
    "workspace.messages",
    "workspaces.list"
  ] as const
  const parts = Effect.map(Harness.programs.showStatus, (shown) => ({
    usage: Either.match(shown.usage, { onLeft: Harness.brief, onRight: () => "read" }),
    activity: Either.match(shown.activity, { onLeft: Harness.brief, onRight: () => "read" }),
    messages: Either.match(shown.messages, {
      onLeft: Harness.brief,
      onRight: ({ featureEnabled }) => (featureEnabled ? "read" : "none")
    }),
    role: shown.role.source
  }))

  test.each(faultNames, (name) => every(endpoints, faults[name]))("%s", function* (name) {
    const [times, usage, role, messages, took, renewedAt] = status.get(name) ?? assert.fail()
    const ended = yield* Harness.finish(parts)
    assert.deepStrictEqual(yield* ended.exit, { usage, activity: usage, messages, role })
    assert.deepStrictEqual(
      { took: ended.took, requests: yield* Harness.requests },
      {
        took,
        requests: heard({
          "usage.read": times.usage,
          "resetCredits.list": times.credits,
          "workspace.accountsCheck": times.role,
          "profile.me": times.activity,
          "workspace.messages": times.messages,
          "workspaces.list": times.workspaces,
          ...renewals(renewedAt)
        })
      }
    )
  })
})
