/** Law 14: no token, bearer header or invitee address occurs in any error, log line, span or metric. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as HashMap from "effect/HashMap"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { AuthError } from "../../src/domain/AuthError.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { Arbitraries, FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import {
  account,
  ending,
  invitee,
  type Options,
  program,
  programNames,
  type Services,
  faulty
} from "../programs/harness.js"
import { forms, watched, type Watched } from "./watching.js"
import { runs, test, virtual } from "../cases.js"

/** What must not be seen: the prefixes of the fake's tokens, and the address of an invite. */
const secrets = ["Bearer ", "eyJhbGciOi", "rt_fake_", invitee, invitee.toUpperCase(), "zoe.invitee"]

const leaks = (seen: Watched): ReadonlyArray<string> =>
  Object.entries(seen).flatMap(([where, texts]: [string, ReadonlyArray<string>]) =>
    texts.flatMap((text) =>
      secrets.filter((secret) => text.includes(secret)).map((secret) => `${where}: ${secret} in ${text.slice(0, 300)}`)
    )
  )

const nothingLeaks = (seen: Watched) => assert.deepStrictEqual(leaks(seen), [])

/** Runs the program to its end, and looks at the session and the store besides. */
const used = (work: Effect.Effect<unknown, unknown, Services>) =>
  Effect.gen(function* () {
    const ended = yield* ending(Effect.exit(work))
    const auth = yield* AuthSession
    return {
      ended: Option.map(ended, ({ exit }) => exit),
      // Held, and shown by mistake.
      authorization: yield* ending(Effect.exit(auth.authorization)),
      record: yield* Effect.exit((yield* CredentialStore).read)
    }
  })

/** A run, whatever it comes to, as a failure if it failed: so that the cause is looked at too. */
const failing = (work: Effect.Effect<unknown, unknown, Services>) =>
  Effect.flatMap(ending(work), (ended) => (Option.isSome(ended) ? ended.value.exit : Effect.void))

const isSecret = (token: string): boolean => secrets.some((secret) => token.includes(secret))

test("control: the fake's tokens are what is looked for", account(), function* () {
  const backend = yield* FakeBackend.FakeBackend
  const { tokens } = yield* backend.signIn()
  const { accessTokens, refreshTokens } = yield* backend.state
  for (const token of [...HashMap.keys(accessTokens), ...HashMap.keys(refreshTokens), ...Object.values(tokens)]) {
    assert.isTrue(isSecret(token), token)
  }
})

const echo = FastCheck.constantFrom(200, 204, 302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503).map(
  Fault.echoSecrets
)

const plan: FastCheck.Arbitrary<FaultPlan.FaultPlan> = FastCheck.array(
  FastCheck.record({
    endpoint: FastCheck.constantFrom("*" as const, ...FaultPlan.EndpointName.literals),
    call: FastCheck.oneof(FastCheck.integer({ min: 1, max: 4 }), FastCheck.constant("every" as const)),
    fault: FastCheck.oneof(echo, Arbitraries.fault())
  }),
  { maxLength: 8 }
)

/** Tokens that the server has dropped, or that are about to expire: the session is renewed on the way. */
const tokens = FastCheck.constantFrom<Options>({}, { tokens: { accessTokenSeconds: 60 } })

it.effect.prop(
  "nothing is to be seen, whatever goes wrong",
  { name: FastCheck.constantFrom(...programNames), plan, tokens, dropped: FastCheck.boolean() },
  ({ dropped, name, plan, tokens }) =>
    Effect.gen(function* () {
      const work = Effect.gen(function* () {
        if (dropped) yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
        return yield* program(name)
      })
      const layer = account({ ...tokens, plan })
      nothingLeaks(yield* watched(used(work), layer))
      nothingLeaks(yield* watched(failing(work), layer))
    }),
  runs(8)
)

describe.each([...programNames])("%s", (name) => {
  virtual.each([200, 400, 401, 403, 404, 409, 429, 500])("with our own secrets in every %s", function* (status) {
    const layer = account(faulty("*", Fault.echoSecrets(status)))
    nothingLeaks(yield* watched(failing(program(name)), layer))
  })
})

virtual("nor is there when the secrets stand in headers", function* () {
  const text = "Bearer-eyJhbGciOiJub25l.rt_fake_zoe.invitee"
  for (const fault of [
    Fault.status(429, { retryAfter: { text }, contentType: `text/plain; of=${text}` }),
    Fault.status(200, { contentType: `text/plain; of=${text}`, body: text }),
    Fault.status(500, { contentType: text, body: JSON.stringify({ error: { code: text, message: text } }) })
  ]) {
    for (const name of programNames) {
      const layer = account(faulty("*", fault))
      nothingLeaks(yield* watched(failing(program(name)), layer))
    }
  }
})

virtual("something is to be seen: logs, spans and errors are looked at", function* () {
  const layer = account(faulty("resetCredits.list", Fault.echoSecrets(500)))
  const seen = yield* watched(used(program("showUsage")), layer)
  assert.isTrue(seen.logs.some((text) => text.includes("Only the number of reset credits is known")))
  assert.isTrue(seen.spans.includes("codex.program.showUsage"))
  const broken = account(faulty("usage.read", Fault.echoSecrets(400)))
  const { results } = yield* watched(failing(program("showUsage")), broken)
  assert.isTrue(results.some((text) => text.includes("usage.read: the backend refused the request (HTTP 400)")))
})

const bearer = Effect.gen(function* () {
  const { headers } = yield* (yield* AuthSession).authorization
  return Redacted.value(headers)["authorization"] ?? ""
})

const careless: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, Services>]> = [
  ["a log line at the lowest level", Effect.flatMap(bearer, (token) => Effect.logTrace("sending", { token }))],
  ["a log annotation", Effect.flatMap(bearer, (token) => Effect.annotateLogs(Effect.logDebug("sent"), { token }))],
  [
    "a span's attribute",
    Effect.flatMap(bearer, (token) => Effect.withSpan(Effect.void, "send", { attributes: { token } }))
  ],
  [
    "a span's attribute, set later",
    Effect.withSpan(
      Effect.flatMap(bearer, (token) => Effect.annotateCurrentSpan({ token })),
      "send"
    )
  ],
  ["an error", Effect.flatMap(bearer, (token) => AuthError.of("Refused", token))],
  ["an error's cause", Effect.flatMap(bearer, (token) => Effect.fail(new Error("no", { cause: { token } })))],
  ["a defect", Effect.flatMap(bearer, (token) => Effect.dieMessage(token))],
  ["a result", Effect.flatMap(CredentialStore, (store) => Effect.map(store.read, forms)).pipe(Effect.zipRight(bearer))],
  ["an invitee's address", Effect.zipLeft(inviteFriend({ email: invitee }), Effect.logInfo(`invited ${invitee}`))]
]

virtual.each(careless)("control: it would be seen in %s", function* ([, work]) {
  const seen = yield* watched(failing(work), account())
  assert.isAbove(leaks(seen).length, 0)
})

virtual("control: it would be seen in a metric", function* () {
  const counter = Metric.counter("careless").pipe(Metric.tagged("authorization", "Bearer token"))
  yield* Metric.increment(counter)
  const seen = yield* watched(failing(Effect.void), account())
  assert.deepStrictEqual(
    leaks(seen).map((leak) => leak.split(":")[0]),
    seen.metrics.filter((text) => text.includes("Bearer ")).map(() => "metrics")
  )
  assert.isAbove(leaks(seen).length, 0)
})
