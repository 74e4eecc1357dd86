/** Whatever the backend does, no token, no header and no address of an invitee is printed or logged. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Fault, type FaultPlan } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { answerOf, type Ran, world } from "./harness.js"

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
  EchoSecrets: Fault.echoSecrets(401)
}
const everyFault = Object.values(faults).concat(
  Fault.echoSecrets(200),
  Fault.status(401),
  Fault.status(503, { retryAfter: { seconds: 9 } })
)

const every = (endpoint: FaultPlan.FaultRule["endpoint"]) => (fault: Fault.Fault) => ({
  endpoint,
  call: "every" as const,
  fault
})
const refused = every("usage.read")(Fault.status(401))

/**
 * What is tried, which calls meet the fault, and how it may end: 6 also where a read before the act does not come through
 * within the time given, on a busy machine.
 */
const cases = [
  { args: ["status", "--json"], plan: (fault: Fault.Fault) => [every("*")(fault)], codes: [0, 3, 4, 6] },
  {
    args: ["redeem", "-y", "--key", "k1"],
    plan: (fault: Fault.Fault) => [every("resetCredits.consume")(fault)],
    codes: [0, 3, 4, 5, 6]
  },
  {
    args: ["invite", invitee, "-y", "--json"],
    plan: (fault: Fault.Fault) => [every("referrals.invite")(fault)],
    codes: [0, 3, 4, 5, 6]
  },
  {
    args: ["notify-owner", "--type", "credits", "-y"],
    plan: (fault: Fault.Fault) => [every("workspace.nudge")(fault)],
    codes: [0, 3, 4, 5, 6, 7]
  },
  { args: ["usage"], plan: (fault: Fault.Fault) => [refused, every("oauth.token")(fault)], codes: [3, 4, 6] }
]

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
  const leaks = ["header-of-a-token", "x payload-of-a-token", "Authorization: Bearer x", invitee, "Error\n    at f"]
  for (const leak of leaks) {
    assert.throws(() => checkSilence({ ...quiet, stderr: leak }, secrets))
  }
})

const check = Effect.fn(function* (fault: Fault.Fault, { args, codes, plan }: (typeof cases)[number]) {
  const { cli, secrets } = yield* world({ plan: plan(fault) })
  const ran = yield* cli([...args, "--timeout", "600ms", "--log-level", "debug"])
  assert.include(codes, ran.code, `${args.join(" ")} under ${JSON.stringify(fault)}: ${ran.stdout}${ran.stderr}`)
  checkSilence(ran, secrets)
  if (!args.includes("--json")) return
  assert.strictEqual(answerOf(args[0] === "status" ? "status" : "invite", ran).exitCode, ran.code)
  assert.notInclude(ran.stdout, "ada@example.test")
}, Effect.scoped)

// Law 14 meets every fault with every program; here each goes once through the whole command, the most talkative with all.
describe.concurrent("a backend that fails in every way", () => {
  const once = everyFault.flatMap((fault, index) =>
    cases.slice(index % cases.length, (index % cases.length) + 1).map((one) => [fault, one] as const)
  )
  live.each([...cases.map((one) => [Fault.echoSecrets(400), one] as const), ...once])("%j", function* ([fault, one]) {
    yield* check(fault, one)
  })
})
