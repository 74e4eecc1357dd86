/** Law 15: every accepted request is answered exactly once, whatever happens in whatever order. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { type Message, notification, request, response } from "../../../src/rpc/Envelope.js"
import { codes, rpcError } from "../../../src/rpc/RpcError.js"
import { AppServer, type Connection, type ConnectionKind } from "../../../src/app-server/server/AppServer.js"
import type { Forward } from "../../../src/app-server/server/Handler.js"
import { makeServerConnection, type ServerConnection } from "../../../src/app-server/server/ServerConnection.js"
import { connect, initializeParams, server } from "./harness.js"
import { runs } from "../../cases.js"

const behaviours = ["quick", "later", "never", "fail", "die", "interrupt", "ask", "talk", "stubborn"] as const

type Behaviour = (typeof behaviours)[number]

/** What a handler does, with ways to reach its client. */
const behave = (
  behaviour: Behaviour,
  client: {
    readonly ask: (method: string, params: unknown) => Effect.Effect<unknown, ReturnType<typeof rpcError>>
    readonly notifyRaw: (method: string, params: unknown) => Effect.Effect<void>
  }
): Effect.Effect<unknown, ReturnType<typeof rpcError>> => {
  switch (behaviour) {
    case "quick":
      return Effect.succeed(1)
    case "later":
      return Effect.delay(Effect.succeed(2), "30 millis")
    case "never":
      return Effect.never
    case "fail":
      return Effect.fail(rpcError(codes.internal, "no"))
    case "die":
      return Effect.dieMessage("oh")
    case "interrupt":
      return Effect.interrupt
    case "ask":
      return client.ask("question", null)
    case "talk":
      return Effect.as(Effect.zipRight(client.notifyRaw("a", 1), client.notifyRaw("b", 2)), 3)
    case "stubborn":
      return Effect.uninterruptible(Effect.as(Effect.repeatN(Effect.yieldNow(), 50), 4))
  }
}

type Step =
  | { readonly _tag: "Send"; readonly behaviour: Behaviour }
  | { readonly _tag: "Take" }
  | { readonly _tag: "TakeAll" }
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "Answer" }
  | { readonly _tag: "Say" }
  | { readonly _tag: "End" }
  | { readonly _tag: "Close" }
  | { readonly _tag: "Shutdown"; readonly drain: number }

const step = (of: Step) => FastCheck.constant(of)
const weighted = (...choices: ReadonlyArray<readonly [weight: number, FastCheck.Arbitrary<Step>]>) =>
  FastCheck.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const steps = FastCheck.array(
  weighted(
    [12, FastCheck.constantFrom(...behaviours).map((behaviour) => ({ _tag: "Send", behaviour }))],
    [3, step({ _tag: "Take" })],
    [2, step({ _tag: "TakeAll" })],
    [3, FastCheck.nat({ max: 40 }).map((millis) => ({ _tag: "Wait", millis }))],
    [2, step({ _tag: "Answer" })],
    [1, step({ _tag: "Say" })],
    [1, step({ _tag: "End" })],
    [1, step({ _tag: "Close" })],
    [1, FastCheck.constantFrom(0, 20, 100).map((drain) => ({ _tag: "Shutdown", drain }))]
  ),
  { minLength: 1, maxLength: 40 }
)

const kinds = FastCheck.constantFrom<Array<ConnectionKind>>("stdio", "inProcess", "socket")

/** Others have their turn. */
const aWhile = Effect.repeatN(Effect.yieldNow(), 30)

/** What was sent and what came back. */
interface Ledger {
  /** Before anything ended. */
  readonly owed: Array<number>
  readonly sent: Set<number>
  readonly got: Array<Message>
}

/** Plays the steps, and takes everything that is left. `give` says what ends things. */
const play = (
  connection: Connection,
  plan: ReadonlyArray<Step>,
  endings: {
    readonly close: Effect.Effect<void>
    readonly shutdown: (drain: number) => Effect.Effect<void>
  }
) =>
  Effect.gen(function* () {
    const ledger: Ledger = { owed: [], sent: new Set(), got: [] }
    const receiving: Array<Fiber.RuntimeFiber<void>> = []
    let over = false
    let nextId = 0
    const receive = (message: Message) =>
      // It begins at once, and may have to wait.
      Effect.zipLeft(
        Effect.map(Effect.fork(connection.receive(message)), (fiber) => void receiving.push(fiber)),
        Effect.yieldNow()
      )
    const note = (messages: ReadonlyArray<Message>) => Effect.sync(() => void ledger.got.push(...messages))
    /** A take that is interrupted may have taken something all the same: its exit tells. */
    const taken = (take: Effect.Effect<ReadonlyArray<Message>>): Effect.Effect<boolean> =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(take)
        yield* aWhile
        const exit = yield* Fiber.interrupt(fiber)
        if (Exit.isSuccess(exit)) yield* note(exit.value)
        return Exit.isSuccess(exit)
      })
    const takeAll = taken(connection.takeAll)

    for (const step of plan) {
      switch (step._tag) {
        case "Send": {
          const id = nextId++
          ledger.sent.add(id)
          if (!over) ledger.owed.push(id)
          yield* receive(request(id, step.behaviour))
          break
        }
        case "Take":
          yield* taken(Effect.map(connection.take, (one) => Option.toArray(one)))
          break
        case "TakeAll":
          yield* takeAll
          break
        case "Wait":
          yield* TestClock.adjust(step.millis)
          break
        case "Answer": {
          const question = ledger.got.find((message) => message._tag === "Request")
          if (question?._tag === "Request") yield* receive(response(question.id, "an answer"))
          break
        }
        case "Say":
          yield* receive(notification("initialized"))
          break
        case "End":
          over = true
          yield* connection.end
          break
        case "Close":
          over = true
          yield* Effect.yieldNow()
          yield* endings.close
          break
        case "Shutdown":
          over = true
          yield* endings.shutdown(step.drain)
          break
      }
    }
    // Whoever still takes is given all that is owed, and the client of a waiting server is not the last to speak.
    for (let i = 0; i < 8; i++) {
      yield* takeAll
      yield* TestClock.adjust("20 millis")
    }
    yield* Effect.fork(endings.close)
    for (let i = 0; i < 8; i++) {
      yield* takeAll
      yield* TestClock.adjust("20 millis")
    }
    assert.isTrue(yield* takeAll, "nothing more comes")
    yield* Fiber.joinAll(receiving)
    return ledger
  })

/** `mayDrop`: a client that did not read was cut off, and is owed nothing. */
const answeredOnce = ({ got, owed, sent }: Ledger, mayDrop: boolean) => {
  const answers = new Map<unknown, number>()
  for (const message of got) {
    if (message._tag !== "Response" && message._tag !== "ErrorResponse") continue
    assert.isTrue(sent.has(Number(message.id)), "an answer to nothing")
    answers.set(message.id, (answers.get(message.id) ?? 0) + 1)
  }
  for (const id of sent) assert.isAtMost(answers.get(id) ?? 0, 1, `request ${id}`)
  if (mayDrop) return
  for (const id of owed) assert.strictEqual(answers.get(id) ?? 0, 1, `request ${id}`)
}

it.effect.prop(
  "of a server, with connections that end at any moment",
  { plan: steps, kind: kinds, capacity: FastCheck.integer({ min: 1, max: 4 }) },
  ({ capacity, kind, plan }) =>
    Effect.gen(function* () {
      const app = yield* AppServer
      const scope = yield* Scope.make()
      const client = yield* Scope.extend(connect({ kind, capacity }), scope)
      yield* client.call("initialize", initializeParams())
      let cut = false
      yield* Effect.fork(Effect.map(client.connection.closed, () => (cut = true)))
      const ledger = yield* play(client.connection, plan, {
        close: Scope.close(scope, Exit.void),
        shutdown: (drain) => Effect.asVoid(Effect.fork(app.shutdown({ drain })))
      })
      assert.isTrue(cut)
      const speaks = plan.some(
        (step) => step._tag === "Send" && (step.behaviour === "talk" || step.behaviour === "ask")
      )
      answeredOnce(ledger, kind === "socket" && speaks)
    }).pipe(Effect.provide(server({ record: "nobody", server: { forward: forwarding } }))),
  { ...runs(20), timeout: 120_000 }
)

const isBehaviour = (method: string): method is Behaviour => behaviours.some((one) => one === method)

const forwarding: Forward = ({ method }, caller) => (isBehaviour(method) ? behave(method, caller) : undefined)

/** A connection with few limits, so that requests wait and are refused, and the client has to wait as well. */
const narrow = (
  kind: ConnectionKind,
  capacity: number,
  limits: { readonly running: number; readonly rejections: number }
) =>
  Effect.gen(function* () {
    const run = Runtime.runFork(yield* Effect.runtime<never>())
    const connection: ServerConnection = makeServerConnection<never>({
      id: 0,
      kind,
      capacity,
      limits,
      scope: yield* Scope.make(),
      fork: (work) => run(work, { immediate: false }),
      serve: (job, self) => {
        const { method } = job.request
        if (!isBehaviour(method)) return Effect.sync(() => job.fail(rpcError(codes.invalidRequest, "unknown")))
        return behave(method, self.contextOf(job, initializeParams())).pipe(
          Effect.flatMap(job.succeed),
          Effect.catchAll((error) => Effect.sync(() => job.fail(error)))
        )
      }
    })
    connection.initialize(initializeParams())
    return connection
  })

it.effect.prop(
  "of a connection with few limits",
  {
    plan: steps,
    kind: FastCheck.constantFrom<Array<ConnectionKind>>("stdio", "inProcess"),
    capacity: FastCheck.integer({ min: 1, max: 3 }),
    limits: FastCheck.record({
      running: FastCheck.integer({ min: 1, max: 3 }),
      rejections: FastCheck.integer({ min: 1, max: 3 })
    })
  },
  ({ capacity, kind, limits, plan }) =>
    Effect.gen(function* () {
      const self = yield* narrow(kind, capacity, limits)
      let most = 0
      const watched: Connection = {
        ...self.connection,
        takeAll: Effect.tap(self.connection.takeAll, (all) => {
          most = Math.max(most, all.length)
        })
      }
      const ledger = yield* play(watched, plan, {
        close: Effect.sync(() => self.close("kept")),
        shutdown: () => Effect.sync(self.finish)
      })
      // A request that still waits outside when all ends is not accepted, and not owed.
      answeredOnce(ledger, true)
      assert.isAtMost(most, limits.running + capacity + limits.rejections + capacity)
      const refused = ledger.got.filter((one) => one._tag === "ErrorResponse" && one.error.code === codes.overloaded)
      const isOver = plan.some(({ _tag }) => _tag === "Close" || _tag === "Shutdown" || _tag === "End")
      const answered = new Set(ledger.got.flatMap((one) => ("id" in one && one._tag !== "Request" ? [one.id] : [])))
      if (!isOver) assert.strictEqual(answered.size, ledger.sent.size, `${refused.length} refused`)
    }),
  { ...runs(40), timeout: 120_000 }
)
