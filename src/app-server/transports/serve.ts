/** The server's side of a transport. */
import * as Effect from "effect/Effect"
import { makeIgnored, type PeerError, type Transport } from "../../rpc/Transport.js"
import type { Connection } from "../server/AppServer.js"

/** How long a client may take to read what is queued, once the server has given it up. */
export const lastReads = "1 second"

/** Passes on what arrives until the transport ends. Text that is no message is ignored. */
export const readAll = <Packet>(
  connection: Connection,
  transport: Pick<Transport<Packet>, "receive">
): Effect.Effect<void> => {
  const ignored = makeIgnored("Text that is no message was ignored.")
  return Effect.flatMap(
    transport.receive,
    Effect.forEach((message) => (message === null ? ignored : connection.receive(message)), { discard: true })
  ).pipe(Effect.forever, Effect.ignore)
}

/** Sends what is queued until nothing more comes. What is queued during a write goes out with the next one. */
export const writeAll = <Packet>(
  connection: Connection,
  transport: Pick<Transport<Packet>, "pack" | "send">
): Effect.Effect<void, PeerError> =>
  Effect.flatMap(connection.takeAll, (messages) =>
    messages.length === 0
      ? Effect.void
      : Effect.zipRight(
          transport.send(messages.map(transport.pack)),
          Effect.suspend(() => writeAll(connection, transport))
        )
  )
