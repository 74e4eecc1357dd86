import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { AuthError } from "../../src/domain/AuthError.js"
import { BackendError, BackendErrorReason } from "../../src/domain/BackendError.js"
import { onlyOnce } from "../layers/support/backend.js"
import { CallPolicy, defaultPolicies } from "../../src/domain/CallPolicy.js"
import { Identity, UserId } from "../../src/domain/Identity.js"
import type { OperationState } from "../../src/domain/Operation.js"
import { Session } from "../../src/domain/Session.js"
import { callUnderPolicy } from "../../src/layers/internal/callUnderPolicy.js"
import * as LeaseMemory from "../../src/layers/LeaseMemory.js"
import * as OperationJournalMemory from "../../src/layers/OperationJournalMemory.js"
import { isDefiniteRefusal, type OperationRequest, runOperation } from "../../src/programs/runOperation.js"
import type { AuthSession } from "../../src/services/AuthSession.js"
import { JournalError, OperationJournal } from "../../src/services/OperationJournal.js"
import { brief } from "./harness.js"
import { test } from "../cases.js"

const reader = new Identity({ userId: UserId.make("user-A"), accountId: null })

type Attempt = OperationRequest<string>["send"]

/** A call that is repeated at once, whatever the reason, up to three times in all. */
const policy = new CallPolicy({
  ...defaultPolicies.consumeResetCredit,
  backoff: { ...defaultPolicies.consumeResetCredit.backoff, base: Duration.zero },
  retryOn: BackendErrorReason.literals
})

const authorization = Effect.succeed({
  session: new Session({
    mode: "chatgpt",
    identity: reader,
    email: null,
    plan: "pro",
    isOrgOwner: null,
    isFedramp: false,
    accessExpiresAt: null,
    lastRefreshAt: null,
    source: "file"
  }),
  headers: Redacted.make({})
})

interface Options extends Partial<OperationRequest<string>> {
  readonly policy?: CallPolicy
  readonly authorization?: AuthSession["Type"]["authorization"]
}

const act = (attempt: Attempt, options: Options = {}): OperationRequest<string> => ({
  key: "k",
  act: "redeem",
  identity: reader,
  target: "rc_1",
  send: callUnderPolicy({
    name: "resetCredits.consume",
    policy: options.policy ?? onlyOnce(policy),
    session: { authorization, recover: () => authorization, ...options },
    attempt: () => attempt
  }),
  isRejection: isDefiniteRefusal,
  outcomeOf: (answer) => answer,
  before: Effect.void,
  ...options
})

/** These one after the other. */
const steps = (...all: ReadonlyArray<Attempt>): Attempt => {
  let made = 0
  return Effect.suspend(() => all[made++] ?? Effect.dieMessage("one attempt too many"))
}

const state = Effect.flatMap(OperationJournal, (journal) =>
  Effect.map(Effect.flatten(journal.find("k")), (operation) => operation.state)
)

const failing = (error: BackendError | AuthError): Attempt => Effect.fail(error)
const backend = (reason: BackendErrorReason, status: number | null = null) =>
  new BackendError({ ...BackendError.of("test", reason), status })

const memory = Layer.merge(OperationJournalMemory.layerMemory, LeaseMemory.layer)

const outcome = (made: OperationRequest<string>) =>
  Effect.gen(function* () {
    const exit = yield* Effect.either(runOperation(made))
    return [exit._tag === "Left" ? brief(exit.left) : exit.right, yield* state] as const
  })

const unknown = (reason: string): OperationState => ({ _tag: "unknown", reason })
const rejected = (reason: string): OperationState => ({ _tag: "rejected", reason })
const abandoned: OperationState = { _tag: "abandoned" }

describe("an act that fails", () => {
  test.each(
    [
      // Certainly nothing left: what went wrong is told as it is.
      [backend("Unsupported"), "BackendError Unsupported", abandoned],
      [backend("Unreachable"), "BackendError Unreachable", abandoned],
      [backend("IdentityChanged"), "ActError IdentityChanged", abandoned],
      [AuthError.of("Expired"), "AuthError Expired", abandoned],
      // A definite no.
      [backend("Rejected", 400), "ActError Rejected 400", rejected("Rejected 400")],
      [backend("Unauthorized", 401), "ActError Rejected 401", rejected("Unauthorized 401")],
      [backend("Forbidden", 403), "ActError Rejected 403", rejected("Forbidden 403")],
      [backend("NotFound", 404), "ActError Rejected 404", rejected("NotFound 404")],
      [backend("RateLimited", 429), "ActError Rejected 429", rejected("RateLimited 429")],
      [backend("Challenged", 403), "BackendError Challenged 403", rejected("Challenged 403")],
      [backend("Challenged", 503), "ActError OutcomeUnknown 503", unknown("Challenged 503")],
      [backend("ConnectTimeout"), "BackendError ConnectTimeout", abandoned],
      [backend("ProxyAuthRequired", 407), "BackendError ProxyAuthRequired 407", abandoned],
      // Nobody knows.
      [backend("Rejected", 408), "ActError OutcomeUnknown 408", unknown("Rejected 408")],
      [backend("Transport"), "ActError OutcomeUnknown", unknown("Transport")],
      [backend("Timeout"), "ActError OutcomeUnknown", unknown("Timeout")],
      [backend("Redirected", 307), "ActError OutcomeUnknown 307", unknown("Redirected 307")],
      [backend("ServerError", 500), "ActError OutcomeUnknown 500", unknown("ServerError 500")],
      [backend("Malformed"), "ActError OutcomeUnknown", unknown("Malformed")],
      [backend("TooLarge", 200), "ActError OutcomeUnknown 200", unknown("TooLarge 200")]
    ] as const,
    memory
  )("%s: %s", function* ([error, said, after]) {
    assert.deepStrictEqual(yield* outcome(act(failing(error))), [said, after])
  })

  test("by its time limit: nobody knows", memory, function* () {
    const fiber = yield* Effect.fork(outcome(act(Effect.never)))
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(yield* Fiber.join(fiber), ["ActError OutcomeUnknown", unknown("Timeout")])
  })

  test("by its time limit before anything was sent: nothing left", memory, function* () {
    const fiber = yield* Effect.fork(outcome(act(Effect.succeed("done"), { authorization: Effect.never })))
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(yield* Fiber.join(fiber), ["AuthError Unavailable", abandoned])
  })

  test.each(
    [
      [backend("Timeout"), "ActError OutcomeUnknown"],
      [backend("Unreachable"), "BackendError Unreachable"]
    ] as const,
    memory
  )("%s, in a service that keeps no list of its attempts: %s", function* ([error, said]) {
    assert.strictEqual((yield* outcome(act(Effect.never, { send: failing(error) })))[0], said)
  })
})

describe("an act of several attempts", () => {
  test.each(
    [
      ["the connection broke", backend("Transport")],
      ["the backend failed", backend("ServerError", 500)]
    ] as const,
    memory
  )("is not known to be refused when before the refusal %s", function* ([, error]) {
    const attempt = steps(failing(error), failing(backend("Forbidden", 403)), failing(backend("Forbidden", 403)))
    const [said, after] = yield* outcome(act(attempt, { policy }))
    assert.deepStrictEqual([said, after._tag], ["ActError OutcomeUnknown 403", "unknown"])
  })

  test("nor to have been kept back when an earlier one may have left", memory, function* () {
    const attempt = steps(
      failing(backend("Transport")),
      failing(backend("Unreachable")),
      failing(backend("Unreachable"))
    )
    const [said, after] = yield* outcome(act(attempt, { policy }))
    assert.deepStrictEqual([said, after._tag], ["ActError OutcomeUnknown", "unknown"])
  })

  test.each(
    [
      ["Transport", true],
      ["ServerError", true],
      ["Unreachable", false]
    ] as const,
    memory
  )("that succeeds after %s says whether it may have been done before: %s", function* ([reason, sentBefore]) {
    const attempt = steps(failing(backend(reason)), Effect.succeed("done"))
    const [said, after] = yield* outcome(act(attempt, { policy }))
    assert.deepStrictEqual(said, { answer: "done", sentBefore })
    assert.deepStrictEqual(after, { _tag: "succeeded", outcome: "done" })
  })

  test("of which one was cut short, may have been done before", memory, function* () {
    const fiber = yield* Effect.fork(outcome(act(steps(Effect.never, Effect.succeed("done")), { policy })))
    yield* TestClock.adjust("10 seconds")
    const [said] = yield* Fiber.join(fiber)
    assert.deepStrictEqual(said, { answer: "done", sentBefore: true })
  })

  test("that is carried on may have been done before", memory, function* () {
    yield* outcome(act(failing(backend("Transport"))))
    const [said, after] = yield* outcome(act(Effect.succeed("done")))
    assert.deepStrictEqual(said, { answer: "done", sentBefore: true })
    assert.strictEqual(after._tag, "succeeded")
  })
})

/** A journal that takes a second for every step, and can break at one of them. */
const slowJournal = (options: { readonly breaksAt?: "intend" | OperationState["_tag"] } = {}) =>
  Layer.merge(LeaseMemory.layer, slow(options))

const slow = (options: { readonly breaksAt?: "intend" | OperationState["_tag"] }) =>
  Layer.effect(
    OperationJournal,
    Effect.map(OperationJournalMemory.make, (journal) => {
      const step = <A>(name: string, work: Effect.Effect<A, JournalError>) =>
        Effect.zipRight(
          Effect.sleep("1 second"),
          name === options.breaksAt ? Effect.fail(new JournalError({ reason: "Unavailable", key: "k" })) : work
        )
      return OperationJournal.of({
        ...journal,
        intend: (operation) => step("intend", journal.intend(operation)),
        advance: (key, state) => step(state._tag, journal.advance(key, state))
      })
    })
  )

describe("an act that is interrupted", () => {
  // Intent until 1 s, `sent` until 2 s, the attempt until 12 s, the outcome until 13 s.
  test.each(
    [
      ["while the intent is written", 500, "none", 0],
      ["before it is marked as sent", 1_500, "abandoned", 0],
      ["while it is on the wire", 5_000, "unknown", 1],
      ["while the outcome is written", 12_500, "succeeded", 1]
    ] as const,
    slowJournal()
  )("%s", function* ([, at, after, attempts]) {
    let begun = 0
    const attempt: Attempt = Effect.suspend(() => {
      begun += 1
      return Effect.delay(Effect.succeed("done"), "10 seconds")
    })
    const fiber = yield* Effect.fork(runOperation(act(attempt, { send: attempt })))
    yield* TestClock.adjust(at)
    const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
    yield* TestClock.adjust("1 minute")
    const exit = yield* Fiber.join(interruption)
    const found = yield* (yield* OperationJournal).find("k")
    assert.deepStrictEqual([found._tag === "Some" ? found.value.state._tag : "none", begun], [after, attempts])
    assert.isTrue(Exit.isInterrupted(exit))
  })
})

describe("when the journal breaks", () => {
  test.each(["intend", "sent"] as const, (breaksAt) => slowJournal({ breaksAt }))(
    "at %s, nothing is sent",
    function* () {
      const attempt: Attempt = Effect.dieMessage("sent without a journal")
      const fiber = yield* Effect.fork(Effect.flip(runOperation(act(attempt))))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(brief(yield* Fiber.join(fiber)), "JournalError Unavailable")
    }
  )

  test(
    "after a success, it is a success, and the journal says sent",
    slowJournal({ breaksAt: "succeeded" }),
    function* () {
      const fiber = yield* Effect.fork(outcome(act(Effect.succeed("done"))))
      yield* TestClock.adjust("1 minute")
      const [said, after] = yield* Fiber.join(fiber)
      assert.deepStrictEqual([said, after._tag], [{ answer: "done", sentBefore: false }, "sent"])
    }
  )

  test.each(
    [
      ["unknown", backend("Transport"), "ActError OutcomeUnknown"],
      ["rejected", backend("Forbidden", 403), "ActError Rejected 403"],
      ["abandoned", backend("Unreachable"), "BackendError Unreachable"]
    ] as const,
    ([breaksAt]) => slowJournal({ breaksAt })
  )("after a failure (%s), what is told is the failure, never that nothing was sent", function* ([, error, expected]) {
    const fiber = yield* Effect.fork(outcome(act(failing(error))))
    yield* TestClock.adjust("1 minute")
    const [said, after] = yield* Fiber.join(fiber)
    // Still open: nobody takes it for undone.
    assert.deepStrictEqual([said, after._tag], [expected, "sent"])
  })
})

test("the same key for another target is refused before anything is sent", memory, function* () {
  yield* outcome(act(failing(backend("Transport"))))
  const error = yield* Effect.flip(runOperation(act(Effect.dieMessage("sent"), { target: "rc_2" })))
  assert.strictEqual(brief(error), "JournalError InUse")
})
