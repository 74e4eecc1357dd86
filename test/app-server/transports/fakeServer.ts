/**
 * The smallest server that keeps the promises of `AppServer`: `echo` answers its params, `notify` sends that many
 * notifications and answers, `hang` answers when it is cancelled. A client of kind `socket` that leaves more than 128
 * messages is given up.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { errorResponse, type Message, notification, response } from "../../../src/rpc/Envelope.js"
import { AppServer, type ConnectionKind } from "../../../src/app-server/server/AppServer.js"

const capacity = 128

interface Client {
  readonly received: Array<Message>
  readonly kind: ConnectionKind
  released: boolean
  readonly settle: () => void
}

export const makeFakeServer = Effect.gen(function* () {
  const clients: Array<Client> = []
  const shutdowns: Array<unknown> = []

  const server = AppServer.of({
    connect: ({ kind }) =>
      Effect.gen(function* () {
        const out: Array<Message> = []
        const hanging = new Map<Message, () => void>()
        const arrived = yield* Effect.makeLatch(false)
        const closed = yield* Deferred.make<void>()
        let ended = false
        const put = (message: Message) => {
          out.push(message)
          arrived.unsafeOpen()
          if (kind === "socket" && out.length > capacity) Deferred.unsafeDone(closed, Effect.void)
        }
        const client: Client = {
          received: [],
          kind,
          released: false,
          settle: () => {
            for (const answer of hanging.values()) answer()
            hanging.clear()
            ended = true
            Deferred.unsafeDone(closed, Effect.void)
            arrived.unsafeOpen()
          }
        }
        clients.push(client)
        yield* Effect.addFinalizer(() => Effect.sync(() => (client.released = true)))
        const receive = (message: Message) => {
          client.received.push(message)
          if (message._tag !== "Request") return
          const { id, method, params } = message
          if (method === "hang") {
            hanging.set(message, () => put(errorResponse(id, { code: -32603, message: "cancelled" })))
            return
          }
          if (method === "notify") for (let n = 0; n < Number(params); n++) put(notification("tick", n))
          put(response(id, params ?? null))
        }
        const takeAll: Effect.Effect<ReadonlyArray<Message>> = Effect.suspend(() => {
          if (out.length > 0) return Effect.succeed(out.splice(0))
          if (ended && hanging.size === 0) return Effect.succeed([])
          arrived.unsafeClose()
          return Effect.zipRight(arrived.await, takeAll)
        })
        return {
          receive: (message) => Effect.sync(() => receive(message)),
          takeAll,
          end: Effect.sync(() => {
            ended = true
            arrived.unsafeOpen()
          }),
          closed: Deferred.await(closed)
        }
      }),
    shutdown: ({ drain }) =>
      Effect.sync(() => shutdowns.push(drain)).pipe(
        Effect.zipRight(Effect.sleep(drain)),
        Effect.zipRight(Effect.sync(() => clients.forEach(({ settle }) => settle())))
      )
  })
  return {
    clients,
    shutdowns,
    layer: Layer.succeed(AppServer, server),
    client: (n: number) => Option.fromNullable(clients[n])
  }
})
