/** Whatever the backend does, no token, no header and no address of an invitee is printed or logged. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Fault, type FaultPlan } from "../../../src/testing/index.js"
import { answerOf, bundle, type Ran, world } from "./harness.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

const invitee = "zoe.invitee@friends.test"

const faults: Readonly<Record<Exclude<Fault.Fault["_tag"], "Pass" | "StaleRead">, Fault.Fault>> = {
  Status: Fault.status(418, { body: '{"error":"teapot"}' }),
  Delay: Fault.delay("3 seconds"),
  Hang: Fault.hangAfterCommit,
  Refused: Fault.refused,
  Reset: Fault.resetAfterCommit,
  Truncated: Fault.truncated,
  HtmlPage: Fault.htmlPage(502),
  Redirect: Fault.redirect(307, { crossOrigin: true }),
  MalformedJson: Fault.malformedJson,
  UnknownEnum: Fault.unknownEnum,
  RateLimited: Fault.rateLimited({ seconds: 30 }),
  Forbidden: Fault.forbidden,
  HugeBody: Fault.hugeBody(),
  SlowBody: Fault.slowBody(16, "200 millis"),
  EchoSecrets: Fault.echoSecrets(400)
}
const everyFault = Object.values(faults).concat(
  Fault.echoSecrets(401),
  Fault.echoSecrets(200),
  Fault.status(401),
  Fault.status(503, { retryAfter: { seconds: 9 } })
)

const every = (endpoint: FaultPlan.FaultRule["endpoint"], fault: Fault.Fault): FaultPlan.FaultRule => ({
  endpoint,
  call: "every",
  fault
})

/** Faults that say or show something about the request. */
const talkative = (fault: Fault.Fault) => ["EchoSecrets", "HtmlPage", "MalformedJson", "Redirect"].includes(fault._tag)

/** What is tried, and which calls meet the fault. */
const cases = [
  { args: ["status", "--json"], plan: (fault: Fault.Fault) => [every("*", fault)] },
  { args: ["redeem", "-y", "--key", "k1"], plan: (fault: Fault.Fault) => [every("resetCredits.consume", fault)] },
  { args: ["invite", invitee, "-y", "--json"], plan: (fault: Fault.Fault) => [every("referrals.invite", fault)] },
  {
    args: ["notify-owner", "--type", "credits", "-y"],
    plan: (fault: Fault.Fault) => [every("workspace.nudge", fault)]
  },
  {
    args: ["usage"],
    plan: (fault: Fault.Fault) => [every("usage.read", Fault.status(401)), every("oauth.token", fault)]
  }
]

// On a busy machine a read before the act may not come through within the time given: 6.
const told = {
  status: [0, 3, 4, 6],
  redeem: [0, 3, 4, 5, 6],
  invite: [0, 3, 4, 5, 6],
  "notify-owner": [0, 3, 4, 5, 6, 7],
  usage: [3, 6]
}

const checkSilence = ({ stderr, stdout }: Ran, secrets: ReadonlyArray<string>) => {
  const all = stdout + stderr
  for (const secret of secrets) {
    // Also no part of a token.
    for (const part of secret.split(".").filter((part) => part.length > 16)) assert.notInclude(all, part)
  }
  assert.notMatch(all, /bearer/i)
  assert.notInclude(all, invitee)
  assert.notMatch(stderr, /\n\s+at /)
}

it("the check itself fails on a token, a part of one, a header, an address and a stack", () => {
  const secrets = ["header-of-a-token.payload-of-a-token.signature"]
  const quiet = { code: 0, stdout: "fine", stderr: "" }
  checkSilence(quiet, secrets)
  for (const leak of [
    "header-of-a-token",
    "x payload-of-a-token",
    "Authorization: Bearer x",
    invitee,
    "Error\n    at f"
  ]) {
    assert.throws(() => checkSilence({ ...quiet, stderr: leak }, secrets))
  }
})

type Case = (typeof cases)[number]

const check = (fault: Fault.Fault, { args, plan }: Case) =>
  Effect.gen(function* () {
    const { cli, secrets } = yield* world(bin, { plan: plan(fault) })
    const ran = yield* cli([...args, "--timeout", "600ms", "--log-level", "debug"])
    const name = args[0] as keyof typeof told
    const context = `${args.join(" ")} under ${JSON.stringify(fault)}: ${ran.code}\n${ran.stdout}${ran.stderr}`
    assert.include(told[name], ran.code, context)
    checkSilence(ran, secrets)
    if (args.includes("--json")) {
      const answer = answerOf(name, ran)
      assert.strictEqual(answer.exitCode, ran.code)
      assert.notInclude(ran.stdout, "ada@example.test")
    }
  }).pipe(Effect.scoped)

describe.concurrent("a backend that fails in every way", { timeout: 60_000 }, () => {
  it.scopedLive.each(everyFault.filter(talkative))("$_tag $status: every act", (fault) =>
    Effect.forEach(cases, (one) => check(fault, one), { concurrency: 2, discard: true })
  )

  // Law 14 meets every fault with every program; here each goes once through the whole command.
  it.scopedLive("the faults that show nothing of the request", () =>
    Effect.forEach(
      everyFault.filter((fault) => !talkative(fault)),
      (fault, index) => Effect.forEach(cases.slice(index % cases.length).slice(0, 1), (one) => check(fault, one)),
      { concurrency: 4, discard: true }
    )
  )
})
