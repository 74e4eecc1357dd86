/** One client, as the server sees it: what it asks, what is queued for it, and what the server asks of it. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import {
  errorResponse,
  type Message,
  type Notification,
  notificationNow,
  request as makeRequest,
  type Request
} from "../../rpc/Envelope.js"
import * as Metrics from "../../services/Metrics.js"
import { makePendingRequests } from "../../rpc/Peer.js"
import { codes, type RpcError, rpcError } from "../../rpc/RpcError.js"
import { PeerError } from "../../rpc/Transport.js"
import { overloaded } from "../protocol/errors.js"
import type { InitializeParams } from "../protocol/schemas/Initialize.js"
import { capacityOf, type Connection, type ConnectOptions } from "./AppServer.js"
import type { RequestContext } from "./Handler.js"
import { makeOutboundQueue } from "./OutboundQueue.js"
import { type AcceptedRequest, makeRequestQueue } from "./RequestQueue.js"

/** Requests that found no room and were answered with an overload. */

/**
 * `running`: how many handlers of a connection may run, or have run without their answers being taken. `rejections`: how
 * many rejections may wait to be taken before the client has to wait instead.
 */
export interface Limits {
  readonly running: number
  readonly rejections: number
}

const defaultLimits: Limits = { running: 1024, rejections: 1024 }

/**
 * What happened to a notification: it was queued, or has replaced an older state in the queue; the client does not want
 * it; or there was no room.
 */
export type Delivery = "queued" | "superseded" | "unwanted" | "noRoom"

/** Notifications that carry a whole state, of which only the newest counts. */
const isState = (method: string): boolean => method === "account/updated"

export interface ServerConnection {
  readonly id: number
  readonly connection: Connection
  /** Null before `initialize`. */
  readonly client: () => InitializeParams | null
  readonly initialize: (client: InitializeParams) => void
  readonly contextOf: (request: AcceptedRequest, client: InitializeParams) => RequestContext
  /** Queues the notification now or not at all. */
  readonly offer: (notification: Notification) => Delivery
  /** Accepts no more requests. */
  readonly stop: () => void
  /** Waits until every accepted request has been answered and has ended. */
  readonly idle: Effect.Effect<void>
  /** Answers and interrupts every accepted request. Nothing more is queued; what is queued can still be taken. */
  readonly finish: () => void
  /** As `finish`, and gives the connection up, with or without what is queued. */
  readonly close: (queued: "kept" | "dropped") => void
  /** Waits until no handler runs any more. */
  readonly unwound: Effect.Effect<void>
  /** Waits until everything queued was taken, or the connection was given up. */
  readonly drained: Effect.Effect<void>
}

/** `fork` runs a handler beside everything else. `serve` answers a request; one that it leaves open fails. */
export interface ServerConnectionOptions<R> extends ConnectOptions {
  readonly id: number
  readonly scope: Scope.Scope
  readonly limits?: Limits | undefined
  readonly fork: (work: Effect.Effect<void, never, R>) => Fiber.RuntimeFiber<void>
  readonly serve: (request: AcceptedRequest, connection: ServerConnection) => Effect.Effect<void, never, R>
}

const closing = (): RpcError => rpcError(codes.internal, "app-server is shutting down")

export const makeServerConnection = <R>(options: ServerConnectionOptions<R>): ServerConnection => {
  const { fork, id, isOpen = false, kind, limits = defaultLimits, scope } = options
  const capacity = capacityOf(options.capacity)
  let client: InitializeParams | null = null
  let unwanted: ReadonlySet<string> = new Set()
  let stopped = false
  let ended = false
  let nextId = 0
  const closed = Deferred.unsafeMake<void>(FiberId.none)

  const outbound = makeOutboundQueue(capacity, (what) => {
    if (what === "answer") requests.taken()
  })
  const isClosed = outbound.isFinished

  const requests = makeRequestQueue<R>({
    maxRunning: limits.running,
    maxWaiting: capacity,
    put: (answer) => outbound.put(answer, "answer"),
    serve: (accepted) => options.serve(accepted, self),
    fork,
    interrupted: closing,
    onIdle: () => {
      if (ended) outbound.finish()
    }
  })

  const mayReject = () => isClosed() || outbound.waiting("rejection") < limits.rejections

  const receiveRequest = (request: Request): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (isClosed()) return Effect.void
      if (!stopped && requests.accept(request)) return Effect.void
      if (!mayReject()) return Effect.zipRight(outbound.until(mayReject), receiveRequest(request))
      outbound.put(errorResponse(request.id, stopped ? closing() : overloaded()), "rejection")
      return Metric.increment(Metrics.appServerOverloads())
    })

  const hasRoom = () => isClosed() || outbound.waiting("event") < capacity

  const giveUp = Effect.suspend(() => {
    if (isClosed()) return Effect.void
    self.close("dropped")
    return Effect.logWarning(`Connection ${id} is closed: the client does not read.`)
  })

  /** Waits for room where the client is waited for. */
  const send = (message: Message): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (isClosed() || outbound.offer(message)) return Effect.void
      return kind === "socket" ? giveUp : Effect.zipRight(outbound.until(hasRoom), send(message))
    })

  const pending = makePendingRequests()
  const failPending = () => pending.end(PeerError.of("Gone"))

  /** Ids count from 0. */
  const ask = (method: string, params: unknown): Effect.Effect<unknown, RpcError> =>
    Effect.suspend(() => {
      const message = makeRequest(nextId++, method, params)
      return Effect.catchTag(pending.request(message.id, send(message)), "PeerError", () => Effect.fail(closing()))
    })

  const wants = (method: string) => client !== null && !unwanted.has(method)

  const notify = (method: string, params: unknown): Effect.Effect<void> =>
    Effect.suspend(() => (wants(method) ? Effect.flatMap(notificationNow(method, params), send) : Effect.void))

  const receive = (message: Message): Effect.Effect<void> => {
    switch (message._tag) {
      case "Request":
        return receiveRequest(message)
      case "Response":
      case "ErrorResponse":
        return pending.settle(message)
      case "Notification":
        return Effect.void
    }
  }

  const self: ServerConnection = {
    id,
    connection: {
      receive,
      takeAll: outbound.takeAll,
      end: Effect.sync(() => {
        stopped = true
        ended = true
        failPending()
        if (requests.isIdle()) outbound.finish()
      }),
      closed: Deferred.await(closed)
    },
    client: () => client,
    initialize: (params) => {
      client = params
      unwanted = new Set(params.capabilities?.optOutNotificationMethods ?? [])
    },
    contextOf: (accepted, params) => ({
      connection: id,
      kind,
      isOpen,
      client: params,
      scope,
      afterwards: (work) => Effect.sync(() => accepted.afterwards(work)),
      notify,
      notifyRaw: notify,
      ask
    }),
    offer: (notification) => {
      if (isClosed() || !wants(notification.method)) return "unwanted"
      if (outbound.offer(notification)) return "queued"
      if (kind === "socket") {
        self.close("dropped")
        return "noRoom"
      }
      return isState(notification.method) && outbound.supersede(notification) ? "superseded" : "noRoom"
    },
    stop: () => {
      stopped = true
    },
    idle: requests.idle,
    finish: () => {
      stopped = true
      requests.cancel()
      failPending()
      outbound.finish()
    },
    close: (queued) => {
      self.finish()
      if (queued === "dropped") outbound.drop()
      Deferred.unsafeDone(closed, Effect.void)
    },
    unwound: requests.unwound,
    drained: Effect.raceFirst(outbound.drained, Deferred.await(closed))
  }
  return self
}
