/**
 * The smallest server that keeps the promises of `AppServer`: `echo` answers its params, `notify` sends that many
 * notifications and answers, `hang` answers when it is cancelled. A client of kind `socket` that leaves more than 128
 * messages is given up.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import { errorResponse, type Message, notification, type RequestId, response } from "../../../src/rpc/Envelope.js"
import { AppServer } from "../../../src/app-server/server/AppServer.js"

const capacity = 128

export const makeFakeServer = Effect.sync(() => {
  const clients: Array<{ released: boolean; readonly cancel: () => void }> = []
  const shutdowns: Array<unknown> = []

  const server = AppServer.of({
    connect: ({ kind }) =>
      Effect.gen(function* () {
        const out = yield* Mailbox.make<Message>()
        const closed = yield* Deferred.make<void>()
        const hanging: Array<RequestId> = []
        const put = (message: Message) => {
          out.unsafeOffer(message)
          const size = Option.getOrElse(out.unsafeSize(), () => 0)
          if (kind === "socket" && size > capacity) Deferred.unsafeDone(closed, Effect.void)
        }
        // What hangs is still owed.
        const end = () => void (hanging.length === 0 && out.unsafeDone(Exit.void))
        const client = {
          released: false,
          cancel: () => {
            for (const id of hanging.splice(0)) put(errorResponse(id, { code: -32603, message: "cancelled" }))
            end()
            Deferred.unsafeDone(closed, Effect.void)
          }
        }
        clients.push(client)
        yield* Effect.addFinalizer(() => Effect.sync(() => (client.released = true)))
        return {
          receive: (message) =>
            Effect.sync(() => {
              if (message._tag !== "Request") return
              const { id, method, params } = message
              if (method === "hang") return void hanging.push(id)
              if (method === "notify") for (let n = 0; n < Number(params); n++) put(notification("tick", n))
              put(response(id, params ?? null))
            }),
          take: Effect.dieMessage("not used"),
          takeAll: Effect.map(out.takeAll, ([messages]) => [...messages]),
          end: Effect.sync(end),
          closed: Deferred.await(closed)
        }
      }),
    shutdown: ({ drain }) =>
      Effect.sync(() => shutdowns.push(drain)).pipe(
        Effect.zipRight(Effect.sleep(drain)),
        Effect.zipRight(Effect.sync(() => clients.forEach(({ cancel }) => cancel())))
      )
  })
  return { clients, shutdowns, layer: Layer.succeed(AppServer, server) }
})
