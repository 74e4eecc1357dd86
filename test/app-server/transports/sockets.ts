/** A client of a websocket, as the tests need it. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import { WebSocket } from "ws"

export interface TestClient {
  readonly socket: WebSocket
  readonly messages: ReadonlyArray<unknown>
  readonly send: (message: unknown) => void
  /** Waits until so many messages have come. */
  readonly until: (count: number) => Effect.Effect<ReadonlyArray<unknown>>
  /** The code that the socket was closed with. */
  readonly closed: Effect.Effect<number>
}

export interface Turned {
  readonly status: number
  readonly text: string
}

const bodyOf = (response: Http.IncomingMessage): Promise<Turned> =>
  new Promise((resolve) => {
    let text = ""
    response.setEncoding("utf8").on("data", (more: string) => (text += more))
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
  })

/** Opens a websocket, which is gone with the scope; or gives how it was turned away. */
export const open = (
  url: string,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<TestClient, Turned, Scope.Scope> =>
  Effect.gen(function* () {
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => new WebSocket(url, { headers, maxPayload: 256 * 1024 * 1024 })),
      (socket) => Effect.sync(() => socket.terminate())
    )
    socket.on("error", () => {})
    const messages: Array<unknown> = []
    const closed = Effect.runSync(Effect.makeLatch(false))
    let code = 0
    let onMessage = () => {}
    socket.on("message", (data) => {
      messages.push(JSON.parse(data.toString("utf8")))
      onMessage()
    })
    socket.on("close", (why) => {
      code = why
      closed.unsafeOpen()
    })
    yield* Effect.async<void, Turned>((resume) => {
      socket.on("open", () => resume(Effect.void))
      socket.on("unexpected-response", (_, response) => {
        void bodyOf(response).then((turned) => resume(Effect.fail(turned)))
      })
      socket.on("close", () => resume(Effect.fail({ status: 0, text: "" })))
    })
    return {
      socket,
      messages,
      send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
      until: (count) =>
        Effect.async((resume) => {
          onMessage = () => {
            if (messages.length >= count) resume(Effect.succeed(messages))
          }
          onMessage()
        }),
      closed: Effect.map(closed.await, () => code)
    }
  })

/** How a websocket is turned away. */
export const turnedAway = (url: string, headers?: Readonly<Record<string, string>>): Effect.Effect<Turned> =>
  Effect.scoped(
    open(url, headers).pipe(
      Effect.map(() => "the client got in"),
      Effect.flip,
      Effect.orDieWith((why) => new Error(why))
    )
  )

/** One request of plain HTTP. */
export const get = (
  url: string,
  options: { readonly headers?: Http.OutgoingHttpHeaders; readonly method?: string; readonly socketPath?: string } = {}
): Effect.Effect<Turned> =>
  Effect.promise(
    () =>
      new Promise<Turned>((resolve, reject) => {
        const request = Http.request(
          url,
          { agent: false, ...options },
          (response) => void bodyOf(response).then(resolve)
        )
        request.on("error", reject)
        request.end()
      })
  )
