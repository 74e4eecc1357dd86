/**
 * Laws 15 and 16 of the clients: whatever the server says, however slowly its events are read and whenever it all ends,
 * every request comes to one end, what must be delivered is delivered in order, what is dropped is counted, and every
 * question of the server is answered once.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AppServerClientService, ClientOptions } from "../../../src/app-server/client/AppServerClient.js"
import * as inProcess from "../../../src/app-server/client/inProcess.js"
import { makeClient, refuseUnknown } from "../../../src/app-server/client/makeClient.js"
import type { IoError } from "../../../src/app-server/client/TypedRequestError.js"
import { errorResponse, type Message, response } from "../../../src/rpc/Envelope.js"
import { memoryTransport } from "./peer.js"
import { makeScripted } from "./scripted.js"
import { eventOf, type Kind, type Seen, seenIn, verdict } from "./transcript.js"
import { runs } from "../../cases.js"

interface Server {
  readonly heardSoFar: Effect.Effect<ReadonlyArray<Message>>
  readonly say: (...messages: ReadonlyArray<Message>) => Effect.Effect<void>
  readonly hangUp: Effect.Effect<void>
}

type Connect = (
  options: ClientOptions
) => Effect.Effect<{ readonly client: AppServerClientService; readonly server: Server }, IoError, Scope.Scope>

const clients: Readonly<Record<string, Connect>> = {
  "in process": (options) =>
    Effect.gen(function* () {
      const { layer, next } = yield* makeScripted()
      const client = yield* Effect.provide(inProcess.start(options), layer)
      return { client, server: yield* next }
    }),
  "over a transport": (options) =>
    Effect.gen(function* () {
      const { peer, transport } = yield* memoryTransport()
      const client = yield* makeClient(Effect.succeed(transport), "memory", { ...options, refusal: refuseUnknown })
      return { client, server: { ...peer, hangUp: peer.cut } }
    })
}

type Move =
  /** All in one breath, or with time after each to go as far as it can. */
  | { readonly _tag: "Say"; readonly kinds: ReadonlyArray<Kind>; readonly slowly: boolean }
  | { readonly _tag: "Ask" }
  /** The server answers the request that has waited longest. */
  | { readonly _tag: "Answer"; readonly isError: boolean }
  | { readonly _tag: "Read"; readonly count: number }
  | { readonly _tag: "Pause" }

type End = "nothing" | "shutdown" | "hangUp"

const kind = FastCheck.constantFrom<Kind>("lossless", "output", "asked")
const moves = FastCheck.array(
  FastCheck.oneof(
    FastCheck.record<Move>({
      _tag: FastCheck.constant("Say"),
      kinds: FastCheck.array(kind, { minLength: 1, maxLength: 6 }),
      slowly: FastCheck.boolean()
    }),
    FastCheck.constant<Move>({ _tag: "Ask" }),
    FastCheck.record<Move>({ _tag: FastCheck.constant("Answer"), isError: FastCheck.boolean() }),
    FastCheck.record<Move>({ _tag: FastCheck.constant("Read"), count: FastCheck.integer({ min: 1, max: 5 }) }),
    FastCheck.constant<Move>({ _tag: "Pause" })
  ),
  { maxLength: 30 }
)

const pause = Effect.repeatN(Effect.yieldNow(), 30)

const play = (connect: Connect, all: ReadonlyArray<Move>, end: End, channelCapacity: number) =>
  Effect.gen(function* () {
    const { client, server } = yield* connect({ clientName: "laws", clientVersion: "1", channelCapacity })
    const sent: Array<Kind> = []
    const seen: Array<Seen> = []
    const heard: Array<Message> = []
    const requests: Array<Fiber.RuntimeFiber<Either.Either<unknown, string>>> = []
    const permits = yield* Effect.makeSemaphore(0)

    const listen = Effect.gen(function* () {
      heard.push(...(yield* server.heardSoFar))
      return heard.filter((message) => message._tag === "Request" && message.method === "ask")
    })
    let answered = 0

    const consumer = yield* Effect.fork(
      Stream.runForEach(
        Stream.tap(client.events, () => permits.take(1)),
        (event) => {
          const one = seenIn(event)
          if (one !== null) seen.push(one)
          return event._tag === "ServerRequest"
            ? Effect.ignore(client.resolveServerRequest(event.id, "yes"))
            : Effect.void
        }
      )
    )

    const answer = (isError: boolean) =>
      Effect.gen(function* () {
        yield* pause
        const next = (yield* listen)[answered]
        if (next === undefined || !("id" in next)) return false
        answered += 1
        yield* server.say(
          isError ? errorResponse(next.id, { code: -32603, message: "no" }) : response(next.id, next.id)
        )
        return true
      })

    for (const move of all) {
      switch (move._tag) {
        case "Say":
          for (const one of move.kinds) {
            yield* server.say(eventOf(one, sent.length))
            sent.push(one)
            if (move.slowly) yield* pause
          }
          break
        case "Ask":
          requests.push(
            yield* Effect.fork(Effect.either(Effect.mapError(client.requestRaw({ method: "ask" }), ({ _tag }) => _tag)))
          )
          break
        case "Answer":
          yield* answer(move.isError)
          break
        case "Read":
          yield* permits.release(move.count)
          break
        case "Pause":
          yield* pause
      }
    }

    if (end === "shutdown") yield* client.shutdown
    yield* permits.release(100_000)
    if (end === "hangUp") yield* server.hangUp
    if (end === "nothing") {
      for (let more = true; more || answered < requests.length; more = yield* answer(false)) yield* pause
      yield* pause
      heard.push(...(yield* server.heardSoFar))
    }
    // Each comes to its end by itself, before the client does.
    const results = yield* Fiber.joinAll(requests)
    if (end === "nothing") yield* pause
    if (end === "hangUp") yield* Fiber.join(consumer)
    const before = seen.length
    yield* client.shutdown
    yield* Fiber.join(consumer)
    heard.push(...(yield* server.heardSoFar))

    const replies = heard.flatMap((message) =>
      (message._tag === "Response" || message._tag === "ErrorResponse") && typeof message.id === "number"
        ? [message.id]
        : []
    )
    assert.strictEqual(new Set(replies).size, replies.length, "a question was answered twice")
    assert.isNull(verdict(sent, seen, end !== "shutdown"))
    if (end === "nothing") {
      assert.strictEqual(before, seen.length)
      assert.isTrue(results.every((result) => Either.isRight(result) || result.left === "ServerError"))
      const questions = sent.flatMap((one, n) => (one === "asked" ? [n] : []))
      assert.deepStrictEqual(
        replies.toSorted((a, b) => a - b),
        questions
      )
    }
    assert.strictEqual(results.length, requests.length)
  }).pipe(Effect.scoped, Effect.timeout("8 seconds"))

describe.each(Object.entries(clients))("a client %s", (_name, connect) => {
  it.live.prop(
    "keeps the laws until it ends, however it ends",
    {
      all: moves,
      end: FastCheck.constantFrom<End>("nothing", "shutdown", "hangUp"),
      capacity: FastCheck.integer({ min: 1, max: 4 })
    },
    ({ all, capacity, end }) => play(connect, all, end, capacity),
    { ...runs(40), timeout: 60_000 }
  )
})
