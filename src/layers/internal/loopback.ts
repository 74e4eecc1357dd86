/** A port of this machine, and no other, for the browser to come back to. */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"

export const host = "127.0.0.1"

/** `attempts` are made on each port, `pause` apart. */
export interface LoopbackOptions {
  readonly ports: readonly [number, ...ReadonlyArray<number>]
  readonly attempts: number
  readonly pause: Duration.DurationInput
}

export class PortTaken extends Data.TaggedError("PortTaken")<{ readonly inUse: boolean }> {}

export interface Listening {
  readonly server: Http.Server
  readonly port: number
}

const listen = (port: number): Effect.Effect<Listening, PortTaken, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Http.Server, PortTaken>((resume) => {
      const server = Http.createServer()
      server.once("error", (error: NodeJS.ErrnoException) =>
        resume(Effect.fail(new PortTaken({ inUse: error.code === "EADDRINUSE" })))
      )
      server.listen({ port, host, exclusive: true }, () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ).pipe(
    Effect.map((server) => {
      const address = server.address()
      return { server, port: typeof address === "object" && address !== null ? address.port : port }
    })
  )

/**
 * Asks an earlier sign-in that still waits on the port to end. Straight to this machine: a proxy has no part in it.
 */
const cancelHolder = (port: number): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const request = Http.get({ host, port, path: "/cancel", agent: false }, (response) => {
      response.resume()
      response.once("close", () => resume(Effect.void))
    })
    request.once("error", () => resume(Effect.void))
    return Effect.sync(() => request.destroy())
  }).pipe(Effect.timeoutOption("2 seconds"), Effect.asVoid)

/** Listens on the first port that is free in the end. Whoever holds the first one is asked once to give it up. */
export const listenOnLoopback = ({
  attempts,
  pause,
  ports: [first, ...others]
}: LoopbackOptions): Effect.Effect<Listening, PortTaken, Scope.Scope> => {
  const again = Schedule.intersect(Schedule.spaced(pause), Schedule.recurs(attempts - 1))
  const whileInUse = { schedule: again, while: (error: PortTaken) => error.inUse }
  const onFirst = listen(first).pipe(
    Effect.catchAll((error) =>
      error.inUse ? Effect.zipRight(cancelHolder(first), Effect.retry(listen(first), whileInUse)) : Effect.fail(error)
    )
  )
  return others.reduce((found, port) => Effect.orElse(found, () => Effect.retry(listen(port), whileInUse)), onFirst)
}
