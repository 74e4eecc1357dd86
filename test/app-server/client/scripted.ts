/** An app-server of which a test writes every word. */
import { assert } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AppServerClientService } from "../../../src/app-server/client/AppServerClient.js"
import { type Message, notification, response } from "../../../src/rpc/Envelope.js"
import { AppServer, type Connection, type ConnectOptions } from "../../../src/app-server/server/AppServer.js"

/** The server's end of a connection. */
export interface Scripted {
  readonly how: ConnectOptions
  /** The next message of the client; `initialize` and `initialized` are among them. */
  readonly heard: Effect.Effect<Message>
  /** What was heard and not asked for yet. */
  readonly heardSoFar: Effect.Effect<ReadonlyArray<Message>>
  readonly say: (...messages: ReadonlyArray<Message>) => Effect.Effect<void>
  /** The server gives the connection up. */
  readonly hangUp: Effect.Effect<void>
  /** Nothing that the client says is taken while this is so. */
  readonly deaf: (isDeaf: boolean) => Effect.Effect<void>
  /** Whether the client has let go of the connection. */
  readonly isLeft: Effect.Effect<boolean>
}

export const initializeResult = {
  userAgent: "tests/1.2.3 (Linux) dumb (tests; 1.0.0)",
  codexHome: "/server/.codex",
  platformFamily: "unix",
  platformOs: "linux"
}

export interface Script {
  /** What is said to a message at once; by default `initialize` is answered. */
  readonly answer?: (message: Message) => ReadonlyArray<Message>
}

export const answerInitialize = (message: Message): ReadonlyArray<Message> =>
  message._tag === "Request" && message.method === "initialize" ? [response(message.id, initializeResult)] : []

/** Every connection that is made comes out of `next`. */
export const makeScripted = (script: Script = {}) =>
  Effect.gen(function* () {
    const made = yield* Queue.unbounded<Scripted>()
    const answer = script.answer ?? answerInitialize
    const connect = (how: ConnectOptions): Effect.Effect<Connection, never, Scope.Scope> =>
      Effect.gen(function* () {
        const heard = yield* Queue.unbounded<Message>()
        const said = yield* Mailbox.make<Message>()
        const left = yield* Deferred.make<void>()
        const ear = yield* Effect.makeLatch(true)
        yield* Effect.addFinalizer(() => Effect.zipRight(Deferred.succeed(left, undefined), said.shutdown))
        const say = (...messages: ReadonlyArray<Message>) => Effect.asVoid(said.offerAll(messages))
        yield* Queue.offer(made, {
          how,
          heard: Queue.take(heard),
          heardSoFar: Effect.map(Queue.takeAll(heard), (all) => [...all]),
          say,
          hangUp: Effect.asVoid(said.end),
          deaf: (isDeaf) => Effect.asVoid(isDeaf ? ear.close : ear.open),
          isLeft: Deferred.isDone(left)
        })
        return {
          receive: (message) =>
            ear.await.pipe(
              Effect.zipRight(Queue.offer(heard, message)),
              Effect.zipRight(Effect.suspend(() => say(...answer(message))))
            ),
          takeAll: Effect.map(said.takeAll, ([messages]) => [...messages]),
          end: Effect.asVoid(said.end),
          closed: said.await
        }
      })
    const layer = Layer.succeed(AppServer, { connect, shutdown: () => Effect.void })
    return { layer, next: Queue.take(made), connections: Effect.map(Queue.poll(made), Option.getOrNull) }
  })

export const me = { clientName: "tests", clientVersion: "1.0.0" }

export const accountResult = { account: { type: "apiKey" }, userId: null, requiresOpenaiAuth: true }

export const nextEvents = (client: AppServerClientService, n: number) =>
  Effect.map(Stream.runCollect(Stream.take(client.events, n)), Chunk.toReadonlyArray)

export const idOf = (message: Message) => ("id" in message ? message.id : -1)

export const brief = (error: { readonly _tag: string; readonly message: string }) => `${error._tag}: ${error.message}`

export const delta = (n: number) => notification("item/agentMessage/delta", { n })

/** Lets every fiber run until it waits. */
export const settled = Effect.repeatN(Effect.yieldNow(), 40)

const closed = "the app-server client is closed"

/** What everything fails with that is asked of a client at its end. */
export const failsClosed = (client: AppServerClientService) =>
  Effect.gen(function* () {
    const errors = yield* Effect.all([
      Effect.flip(client.request("account/read")),
      Effect.flip(client.requestHandle.requestRaw({ method: "x" })),
      Effect.flip(client.requestRaw({ id: "mine", method: "x" })),
      Effect.flip(client.notify("x")),
      Effect.flip(client.resolveServerRequest(1, null)),
      Effect.flip(client.rejectServerRequest(1, { code: 1, message: "" }))
    ])
    assert.deepStrictEqual(errors.map(brief), [
      `TransportError: account/read transport error: ${closed}`,
      ...[1, 2].map(() => `TransportError: x transport error: ${closed}`),
      ...[1, 2, 3].map(() => `IoError: ${closed}`)
    ])
  })
