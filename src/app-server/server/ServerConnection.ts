/** One client, as the server sees it: what it asks, what it is owed, and what it is asked. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import { errorResponse, type Message, type Notification, notificationNow, type Request } from "../protocol/Envelope.js"
import { codes, overloaded, RpcError, rpcError, shuttingDown as runtimeShuttingDown } from "../protocol/errors.js"
import type { InitializeParams } from "../protocol/schemas/Initialize.js"
import type { Connection, ConnectOptions } from "./AppServer.js"
import type { Caller } from "./Handler.js"
import { makeIntake } from "./Intake.js"
import type { Job } from "./Job.js"
import { requestsRefused } from "./metrics.js"
import { makeOutbox } from "./Outbox.js"
import { makeQuestions } from "./Questions.js"

/**
 * `toRun`: how many handlers of a connection may run, or have run without their answers being taken. `forRefusals`: how
 * many refusals may wait to be taken before the client has to wait instead.
 */
export interface Places {
  readonly toRun: number
  readonly forRefusals: number
}

const defaultPlaces: Places = { toRun: 1024, forRefusals: 1024 }

/** How many requests may wait, and how many notifications, where nothing else is said. */
export const defaultCapacity = 128

/**
 * What became of a notification: it has its place, or that of an older one of which it is the newer state; the client
 * does not want it; or there was no room.
 */
export type Told = "told" | "superseded" | "unwanted" | "noRoom"

/** What tells a whole state, so that only the newest counts. */
const isState = (method: string): boolean => method === "account/updated"

export interface ServerConnection {
  readonly id: number
  readonly connection: Connection
  /** Null before `initialize`. */
  readonly client: () => InitializeParams | null
  readonly initialize: (client: InitializeParams) => void
  readonly caller: (job: Job, client: InitializeParams) => Caller
  /** Tells the client now or not at all. */
  readonly tell: (notification: Notification) => Told
  /** Takes no more requests. */
  readonly stop: () => void
  /** Waits until everything that was accepted is answered and done with. */
  readonly idle: Effect.Effect<void>
  /** Answers everything that was accepted, and cancels it. Nothing more is told: what is owed can still be taken. */
  readonly finish: () => void
  /** As `finish`, and gives the connection up, with what is owed or without. */
  readonly close: (owed: "kept" | "dropped") => void
  /** Waits until no handler runs any more. */
  readonly unwound: Effect.Effect<void>
  /** Waits until what is owed was taken, or the connection was given up. */
  readonly drained: Effect.Effect<void>
}

/**
 * `fork` runs a handler's work beside everything else. `serve` answers a job; what it leaves without an answer is
 * answered for it.
 */
export interface ServerConnectionOptions<R> extends ConnectOptions {
  readonly id: number
  readonly scope: Scope.Scope
  readonly places?: Places | undefined
  readonly fork: (work: Effect.Effect<void, never, R>) => Fiber.RuntimeFiber<void>
  readonly serve: (job: Job, connection: ServerConnection) => Effect.Effect<void, never, R>
}

export const makeServerConnection = <R>(options: ServerConnectionOptions<R>): ServerConnection => {
  const { fork, id, kind, scope } = options
  const { forRefusals, toRun } = options.places ?? defaultPlaces
  const capacity = Math.max(1, Math.floor(options.capacity ?? defaultCapacity))
  const closing = (): RpcError =>
    kind === "inProcess" ? runtimeShuttingDown() : rpcError(codes.internal, "app-server is shutting down")

  let client: InitializeParams | null = null
  let unwanted: ReadonlySet<string> = new Set()
  let stopped = false
  let ended = false
  const closed = Deferred.unsafeMake<void>(FiberId.none)

  const outbox = makeOutbox(capacity, (weight) => {
    if (weight === "answer") intake.taken()
  })
  const isClosed = outbox.isFinished

  const intake = makeIntake<R>({
    toRun,
    toWait: capacity,
    put: (answer) => outbox.put(answer, "answer"),
    serve: (job) => options.serve(job, self),
    fork,
    cutOff: closing,
    onIdle: () => {
      if (ended) outbox.finish()
    }
  })

  const mayRefuse = () => isClosed() || outbox.waiting("rejection") < forRefusals

  const receiveRequest = (request: Request): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (isClosed()) return Effect.void
      if (!stopped && intake.accept(request)) return Effect.void
      if (!mayRefuse()) return Effect.zipRight(outbox.until(mayRefuse), receiveRequest(request))
      outbox.put(errorResponse(request.id, stopped ? closing() : overloaded()), "rejection")
      return Metric.increment(requestsRefused)
    })

  const hasRoom = () => isClosed() || outbox.waiting("notice") < capacity

  const giveUp = Effect.suspend(() => {
    if (isClosed()) return Effect.void
    self.close("dropped")
    return Effect.logWarning(`Connection ${id} is closed: the client does not read.`)
  })

  /** Waits for room where the client is waited for. */
  const send = (message: Message): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (isClosed() || outbox.offer(message)) return Effect.void
      return kind === "socket" ? giveUp : Effect.zipRight(outbox.until(hasRoom), send(message))
    })

  const questions = makeQuestions(send)

  const wants = (method: string) => client !== null && !unwanted.has(method)

  const notify = (method: string, params: unknown): Effect.Effect<void> =>
    Effect.suspend(() => (wants(method) ? Effect.flatMap(notificationNow(method, params), send) : Effect.void))

  const receive = (message: Message): Effect.Effect<void> => {
    switch (message._tag) {
      case "Request":
        return receiveRequest(message)
      case "Response":
        return questions.answer(message.id, Effect.succeed(message.result))
      case "ErrorResponse":
        return questions.answer(message.id, Effect.fail(new RpcError(message.error, { disableValidation: true })))
      case "Notification":
        return Effect.void
    }
  }

  const self: ServerConnection = {
    id,
    connection: {
      receive,
      take: outbox.take,
      takeAll: outbox.takeAll,
      end: Effect.sync(() => {
        stopped = true
        ended = true
        questions.end(closing())
        if (intake.isIdle()) outbox.finish()
      }),
      closed: Deferred.await(closed)
    },
    client: () => client,
    initialize: (said) => {
      client = said
      unwanted = new Set(said.capabilities?.optOutNotificationMethods ?? [])
    },
    caller: (job, said) => ({
      connection: id,
      kind,
      client: said,
      scope,
      afterwards: (work) => Effect.sync(() => job.afterwards(work)),
      notify,
      notifyRaw: notify,
      ask: questions.ask
    }),
    tell: (notification) => {
      if (isClosed() || !wants(notification.method)) return "unwanted"
      if (outbox.offer(notification)) return "told"
      if (kind === "socket") {
        self.close("dropped")
        return "noRoom"
      }
      return isState(notification.method) && outbox.supersede(notification) ? "superseded" : "noRoom"
    },
    stop: () => {
      stopped = true
    },
    idle: intake.idle,
    finish: () => {
      stopped = true
      intake.cancel()
      questions.end(closing())
      outbox.finish()
    },
    close: (owed) => {
      self.finish()
      if (owed === "dropped") outbox.drop()
      Deferred.unsafeDone(closed, Effect.void)
    },
    unwound: intake.unwound,
    drained: Effect.raceFirst(outbox.drained, Deferred.await(closed))
  }
  return self
}
