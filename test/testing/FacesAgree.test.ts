import { assert, it } from "@effect/vitest"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { Arbitraries, FakeBackend, type FaultPlan } from "../../src/testing/index.js"
import { consume, nudge, refresh, send, usage } from "./faces.js"
import { runs } from "../cases.js"

const invite = (email: string) => ({ referral_key: "codex_referral_persistent_invite", emails: [email] })
const eligibility =
  "?referral_key=codex_referral_persistent_invite&requested_referrals=1&supports_rewardless_invites=false"

/** What a client may send; `sign` stands for the bearer of a fresh session. */
const requests = [
  [usage],
  ["/wham/rate-limit-reset-credits"],
  [consume, { redeem_request_id: "k1" }],
  [consume, { redeem_request_id: "k2", credit_id: "rc_2" }],
  [consume, { redeem_request_id: 7 }],
  [`/referrals/invite/eligibility${eligibility}`],
  ["/wham/referrals/eligibility_rules?referral_key=codex_referral_persistent_invite"],
  ["/wham/referrals/invite", invite("bob@example.test")],
  ["/wham/referrals/invite", invite("nobody")],
  ["/accounts/check/v4-2023-04-27"],
  [nudge, { credit_type: "usage_limit" }],
  [nudge, { credit_type: "other" }],
  ["/wham/workspace-messages"],
  ["/wham/profiles/me"],
  ["/wham/unknown"]
] as const

const seen = (effect: ReturnType<typeof send> | ReturnType<typeof refresh>) =>
  Effect.gen(function* () {
    const result = yield* Effect.either(effect)
    if (Either.isLeft(result)) {
      const { _tag, cause, reason } = result.left
      return { _tag, reason, code: typeof cause === "object" && cause !== null && "code" in cause ? cause.code : null }
    }
    const { headers, status, text } = result.right
    return { status, text, type: headers["content-type"], retryAfter: headers["retry-after"], ray: headers["cf-ray"] }
  })

const play = (steps: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const backend = yield* FakeBackend.FakeBackend
    const { tokens } = yield* backend.signIn()
    const answers = yield* Effect.forEach(steps, (step) => {
      const request = requests[step]
      if (request === undefined) return seen(refresh(tokens.refreshToken))
      const [path, json] = request
      return seen(send(path, { token: tokens.accessToken, ...(json === undefined ? {} : { json }) }))
    })
    const log = (yield* backend.log).map((call) => ({
      endpoint: call.endpoint,
      path: call.path,
      nth: call.nth,
      fault: call.fault,
      committed: call.committed,
      status: call.status,
      body: call.body,
      bodyDigest: call.bodyDigest,
      authorization: call.headers["authorization"],
      type: call.headers["content-type"]
    }))
    return { answers, log, account: yield* backend.account() }
  })

const inMemory = (plan: FaultPlan.FaultPlan, steps: ReadonlyArray<number>) =>
  Effect.provide(play(steps), FakeBackend.layerClient({ plan }))

const overSocket = (plan: FaultPlan.FaultPlan, steps: ReadonlyArray<number>, client: HttpClient.HttpClient) =>
  Effect.provide(play(steps), FakeBackend.layerServer({ plan })).pipe(
    Effect.provideService(HttpClient.HttpClient, client)
  )

it.scoped.prop(
  "the same requests under the same plan get the same answers on both faces",
  {
    plan: Arbitraries.faultPlan({
      // Without those that take time, and without the echo, which shows the headers that each client adds.
      kinds: [
        "Pass",
        "Status",
        "Reset",
        "Truncated",
        "HtmlPage",
        "Redirect",
        "MalformedJson",
        "UnknownEnum",
        "StaleRead",
        "RateLimited",
        "Forbidden"
      ],
      maxCall: 3
    }),
    steps: FastCheck.array(FastCheck.nat({ max: requests.length }), { minLength: 1, maxLength: 12 })
  },
  ({ plan, steps }) =>
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      assert.deepStrictEqual(yield* overSocket(plan, steps, client), yield* inMemory(plan, steps))
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)),
  runs(20)
)
