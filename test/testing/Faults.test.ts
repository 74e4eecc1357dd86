import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { ResetCreditsResponse, UsageResponse } from "../../src/contracts/BackendEndpoints.js"
import { FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import { consume, faces, json, memory, send, socket, usage } from "./faces.js"
import { test, virtual } from "../cases.js"

const backend = FakeBackend.FakeBackend

const read = Effect.gen(function* () {
  const { tokens } = yield* (yield* backend).signIn()
  return yield* send(usage, { token: tokens.accessToken })
})

const redeem = Effect.gen(function* () {
  const { tokens } = yield* (yield* backend).signIn()
  return yield* send(consume, { token: tokens.accessToken, json: { redeem_request_id: "k" } })
})

const spent = Effect.gen(function* () {
  return (yield* (yield* backend).account()).redemptions.length
})

const last = Effect.gen(function* () {
  const call = (yield* (yield* backend).log).at(-1)
  return [call?.fault, call?.status, call?.committed]
})

const failure = <A, R>(effect: Effect.Effect<A, HttpClientError.HttpClientError, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    const code =
      typeof error.cause === "object" && error.cause !== null && "code" in error.cause ? error.cause.code : undefined
    return [error._tag, error.reason, code]
  })

const every = (endpoint: FaultPlan.EndpointName, fault: Fault.Fault) => ({
  plan: [FaultPlan.on(endpoint, "every", fault)]
})

describe.each(faces)("in %s", (_name, face) => {
  test("answers any status, before or after the act", face(), function* () {
    const plan = [
      FaultPlan.on("resetCredits.consume", 1, Fault.status(503, { body: "no", contentType: "text/plain" })),
      FaultPlan.on("resetCredits.consume", 2, Fault.status(502, { afterCommit: true, retryAfter: { text: "soon" } }))
    ]
    yield* (yield* backend).setPlan(plan)
    const first = yield* redeem
    assert.deepStrictEqual([first.status, first.text, first.headers["content-type"]], [503, "no", "text/plain"])
    assert.strictEqual(yield* spent, 0)
    const second = yield* redeem
    assert.deepStrictEqual([second.status, second.headers["retry-after"]], [502, "soon"])
    assert.strictEqual(yield* spent, 1)
    assert.deepStrictEqual(yield* last, ["Status", 502, true])
    assert.deepStrictEqual(json(yield* redeem), { code: "already_redeemed", windows_reset: 0 })
  })

  test("resets the connection, before or after the act", face(), function* () {
    yield* (yield* backend).failNext("resetCredits.consume", Fault.resetBeforeCommit, Fault.resetAfterCommit)
    assert.deepStrictEqual(yield* failure(redeem), ["RequestError", "Transport", "ECONNRESET"])
    assert.strictEqual(yield* spent, 0)
    assert.deepStrictEqual(yield* last, ["Reset", null, false])
    assert.deepStrictEqual(yield* failure(redeem), ["RequestError", "Transport", "ECONNRESET"])
    assert.strictEqual(yield* spent, 1)
    assert.deepStrictEqual(yield* last, ["Reset", null, true])
  })

  test("breaks off in the middle of the body", face(every("resetCredits.consume", Fault.truncated)), function* () {
    assert.deepStrictEqual(yield* failure(redeem), ["ResponseError", "Decode", "UND_ERR_SOCKET"])
    assert.strictEqual(yield* spent, 1)
    const { tokens } = yield* (yield* backend).signIn()
    const client = yield* HttpClient.HttpClient
    const url = `${(yield* backend).urls.chatgpt}${usage}`
    yield* (yield* backend).failNext("usage.read", Fault.pass, Fault.truncated)
    const get = client.get(url, { headers: { authorization: `Bearer ${tokens.accessToken}` } })
    const whole = yield* Effect.flatMap(get, (response) => response.text)
    const half = yield* Effect.flatMap(get, (response) =>
      response.stream.pipe(
        Stream.catchAll(() => Stream.empty),
        Stream.decodeText(),
        Stream.mkString
      )
    )
    assert.strictEqual(half, whole.slice(0, whole.length >> 1))
  })

  test("shows a page instead", face(every("usage.read", Fault.htmlPage())), function* () {
    const answer = yield* read
    assert.strictEqual(answer.status, 403)
    assert.match(answer.headers["content-type"] ?? "", /^text\/html/)
    assert.include(answer.text, "<!DOCTYPE html>")
  })

  test("redirects here or elsewhere, and does nothing itself", face(), function* () {
    for (const status of [301, 302, 303, 307, 308] as const) {
      for (const crossOrigin of [false, true]) {
        yield* (yield* backend).failNext("resetCredits.consume", Fault.redirect(status, { crossOrigin }))
        const answer = yield* redeem
        const { urls } = yield* backend
        const location = new URL(answer.headers["location"] ?? "")
        assert.strictEqual(answer.status, status)
        assert.strictEqual(location.origin === urls.origin, !crossOrigin)
        assert.isTrue(location.pathname.endsWith(consume))
        assert.strictEqual(yield* spent, 0)
      }
    }
  })

  test("logs what a client that follows redirects sends again", face(), function* () {
    const follow = Effect.provideServiceEffect(
      redeem,
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, (client) => HttpClient.followRedirects(client))
    )
    yield* (yield* backend).failNext("resetCredits.consume", Fault.redirect(307, { crossOrigin: true }))
    assert.strictEqual((yield* follow).status, 200)
    const calls = yield* (yield* backend).calls("resetCredits.consume")
    assert.strictEqual(calls.length, 2)
    assert.notStrictEqual(calls[0]?.origin, calls[1]?.origin)
    assert.deepStrictEqual(
      calls.map((call) => call.committed),
      [false, true]
    )
  })

  test("spoils the JSON after the act", face(every("resetCredits.consume", Fault.malformedJson)), function* () {
    const answer = yield* redeem
    assert.strictEqual(answer.status, 200)
    assert.throws(() => json(answer))
    assert.strictEqual(yield* spent, 1)
  })

  test(
    "speaks words from the future, which reads put up with",
    face({ plan: [FaultPlan.on("*", "every", Fault.unknownEnum)] }),
    function* () {
      const { tokens } = yield* (yield* backend).signIn()
      const token = tokens.accessToken
      const answer = json(yield* send(usage, { token }))
      assert.deepInclude(answer, { plan_type: "word_from_the_future" })
      assert.nestedProperty(answer, "rate_limit.field_from_the_future.nested")
      assert.isTrue(Either.isRight(Schema.decodeUnknownEither(UsageResponse)(answer)))
      const list = json(yield* send("/wham/rate-limit-reset-credits", { token }))
      const decoded = yield* Schema.decodeUnknown(ResetCreditsResponse)(list)
      assert.deepStrictEqual(
        decoded.credits?.map((credit) => [credit.reset_type, credit.status]),
        [
          ["unknown", "unknown"],
          ["unknown", "unknown"]
        ]
      )
    }
  )

  test("limits the rate, and says until when, or not", face(), function* () {
    yield* (yield* backend).failNext(
      "usage.read",
      Fault.rateLimited(),
      Fault.rateLimited({ seconds: 7 }),
      Fault.rateLimited({ dateInSeconds: 60 }),
      Fault.forbidden
    )
    const answers = yield* Effect.replicateEffect(read, 4)
    assert.deepStrictEqual(
      answers.map((answer) => [answer.status, answer.headers["retry-after"]]),
      [
        [429, undefined],
        [429, "7"],
        [429, "Thu, 01 Jan 1970 00:01:00 GMT"],
        [403, undefined]
      ]
    )
  })

  test("sends more than anyone wants", face(every("usage.read", Fault.hugeBody())), function* () {
    const answer = yield* read
    assert.isAbove(answer.text.length, 1_048_576)
    assert.deepInclude(json(answer), { plan_type: "business" })
  })

  test.live("dribbles", face(every("usage.read", Fault.slowBody(300, "20 millis"))), function* () {
    const [took, answer] = yield* Effect.timed(read)
    assert.deepInclude(json(answer), { plan_type: "business" })
    assert.isAbove(Duration.toMillis(took), 30)
  })

  test.live("waits before or after the act", face(), function* () {
    yield* (yield* backend).failNext(
      "resetCredits.consume",
      Fault.delay("2 minutes"),
      Fault.delay("2 minutes", { afterCommit: true }),
      Fault.delay("5 millis")
    )
    assert.isTrue(Option.isNone(yield* Effect.timeoutOption(redeem, "150 millis")))
    assert.strictEqual(yield* spent, 0)
    assert.isTrue(Option.isNone(yield* Effect.timeoutOption(redeem, "150 millis")))
    assert.strictEqual(yield* spent, 1)
    assert.strictEqual((yield* redeem).status, 200)
  })

  test.live("hangs, before or after the act, until the caller leaves", face(), function* () {
    yield* (yield* backend).failNext("resetCredits.consume", Fault.hang, Fault.hangAfterCommit)
    assert.isTrue(Option.isNone(yield* Effect.timeoutOption(redeem, "150 millis")))
    assert.strictEqual(yield* spent, 0)
    const fiber = yield* Effect.fork(redeem)
    yield* Effect.sleep("150 millis")
    yield* Fiber.interrupt(fiber)
    assert.strictEqual(yield* spent, 1)
    assert.deepStrictEqual(yield* last, ["Hang", null, true])
    assert.deepStrictEqual(json(yield* redeem), { code: "already_redeemed", windows_reset: 0 })
  })

  test(
    "shows what was sent, so that a leak can be seen",
    face(every("resetCredits.consume", Fault.echoSecrets())),
    function* () {
      const { tokens } = yield* (yield* backend).signIn()
      const answer = yield* send(consume, { token: tokens.accessToken, json: { redeem_request_id: "the key" } })
      assert.strictEqual(answer.status, 500)
      assert.include(answer.text, tokens.accessToken)
      assert.include(answer.text, "the key")
      assert.notInclude(JSON.stringify(yield* (yield* backend).log), tokens.accessToken)
    }
  )

  test(
    "serves the state of a while ago, as of now",
    face(every("usage.read", Fault.staleRead("1 minute"))),
    function* () {
      const { tokens } = yield* (yield* backend).signIn()
      const percent = Effect.gen(function* () {
        const answer = json(yield* send(usage, { token: tokens.accessToken }))
        const window = (yield* Schema.decodeUnknown(UsageResponse)(answer)).rate_limit?.primary_window
        return [window?.used_percent, window?.reset_at, window?.reset_after_seconds]
      })
      yield* redeem
      assert.deepStrictEqual(yield* percent, [37, 9000, 9000])
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(yield* percent, [37, 9000, 8970])
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(yield* percent, [0, 18_000, 17_940])
    }
  )
})

describe("in memory, under the test's clock", () => {
  test("a wait is moved by it", memory(every("usage.read", Fault.delay("1 minute"))), function* () {
    const fiber = yield* Effect.fork(read)
    yield* TestClock.adjust("59 seconds")
    assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
    yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* fiber).status, 200)
  })

  test("a hang meets a timeout, and nothing is done", memory(every("resetCredits.consume", Fault.hang)), function* () {
    const fiber = yield* Effect.fork(Effect.timeoutOption(redeem, "10 seconds"))
    yield* TestClock.adjust("10 seconds")
    assert.isTrue(Option.isNone(yield* fiber))
    assert.strictEqual(yield* spent, 0)
  })

  test(
    "a slow body takes its time",
    memory(every("resetCredits.consume", Fault.slowBody(10, "1 second"))),
    function* () {
      const fiber = yield* Effect.fork(redeem)
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* fiber).status, 200)
    }
  )
})

describe("a refused connection", () => {
  const refused = { plan: [FaultPlan.on("resetCredits.consume", 1, Fault.refused)] }

  test("is one in memory, and the call never arrived", memory(refused), function* () {
    assert.deepStrictEqual(yield* failure(redeem), ["RequestError", "Transport", "ECONNREFUSED"])
    assert.deepStrictEqual(yield* (yield* backend).log, [])
    assert.strictEqual((yield* redeem).status, 200)
  })

  test("is a reset on a socket", socket(refused), function* () {
    assert.deepStrictEqual(yield* failure(redeem), ["RequestError", "Transport", "ECONNRESET"])
    assert.deepStrictEqual(yield* (yield* backend).log, [])
    assert.strictEqual((yield* redeem).status, 200)
  })
})

describe("the plan", () => {
  test(
    "counts calls by endpoint, and in all for *",
    memory({ plan: [FaultPlan.on("usage.read", 2, Fault.status(500))] }),
    function* () {
      const statuses = Effect.map(Effect.replicateEffect(read, 3), (answers) => answers.map((answer) => answer.status))
      assert.deepStrictEqual(yield* statuses, [200, 500, 200])
      const fake = yield* backend
      yield* fake.addFaults(FaultPlan.on("usage.read", 5, Fault.status(501)))
      assert.deepStrictEqual(yield* statuses, [200, 501, 200])
      yield* fake.setPlan([FaultPlan.on("*", 1, Fault.status(502))])
      assert.deepStrictEqual(yield* statuses, [502, 200, 200])
      assert.strictEqual(yield* fake.count("usage.read"), 9)
    }
  )

  virtual("is read from JSON, with what is left out filled in", function* () {
    const plan = yield* Schema.decode(FaultPlan.FaultPlanText)(
      '[{"endpoint":"usage.read","call":"every","fault":{"_tag":"Status","status":500}},' +
        '{"endpoint":"*","call":3,"fault":{"_tag":"RateLimited","retryAfter":{"seconds":5}}}]'
    )
    assert.deepStrictEqual(plan, [
      FaultPlan.on("usage.read", "every", Fault.status(500)),
      FaultPlan.on("*", 3, Fault.rateLimited({ seconds: 5 }))
    ])
    const wrong = Schema.decodeEither(FaultPlan.FaultPlanText)('[{"endpoint":"x","call":1,"fault":{"_tag":"Hang"}}]')
    assert.isTrue(Either.isLeft(wrong))
  })

  it.prop("survives JSON", [FaultPlan.FaultPlan], ([plan]) => {
    const text = Schema.encodeSync(FaultPlan.FaultPlanText)(plan)
    assert.deepStrictEqual(Schema.decodeSync(FaultPlan.FaultPlanText)(text), plan)
  })
})
