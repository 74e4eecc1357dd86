/** What a websocket has brought and nobody has taken yet. */
import * as Effect from "effect/Effect"

/** How many frames, and how many bytes, may wait here before no more are read from the socket. */
const highWater = { frames: 64, bytes: 1024 * 1024 }

/** `take` gives all that is there, at least one item, and fails with the end once everything before it was taken. */
export interface SocketInbox<A, E> {
  readonly put: (item: A, bytes: number) => void
  /** The first end stays. */
  readonly end: (error: E) => void
  readonly take: Effect.Effect<ReadonlyArray<A>, E>
}

/** The socket is paused while too much waits, and read on when that was taken. */
export const makeSocketInbox = <A, E = never>(socket: {
  readonly pause: () => void
  readonly resume: () => void
}): SocketInbox<A, E> => {
  let items: Array<A> = []
  let waiting = 0
  let ended: { readonly error: E } | null = null
  let wake = () => {}
  return {
    put: (item, bytes) => {
      items.push(item)
      waiting += bytes
      if (items.length >= highWater.frames || waiting >= highWater.bytes) socket.pause()
      wake()
    },
    end: (error) => {
      ended ??= { error }
      wake()
    },
    take: Effect.async<ReadonlyArray<A>, E>((resume) => {
      const look = () => {
        if (items.length === 0 && ended === null) return
        wake = () => {}
        if (items.length === 0 && ended !== null) return resume(Effect.fail(ended.error))
        const taken = items
        items = []
        waiting = 0
        socket.resume()
        resume(Effect.succeed(taken))
      }
      wake = look
      look()
      return Effect.sync(() => {
        wake = () => {}
      })
    })
  }
}
