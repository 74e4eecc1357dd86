/** Delegates every method that is not about the account to another app-server, such as `codex app-server`. */
import * as Command from "@effect/platform/Command"
import * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import type { Words } from "../../domain/shellWords.js"
import { errorResponse, notification, request, type Request, response } from "../../rpc/Envelope.js"
import { makePeer } from "../../rpc/Peer.js"
import { codes, type RpcError, rpcError } from "../../rpc/RpcError.js"
import { makeIgnored } from "../../rpc/Transport.js"
import * as ChildTransport from "../../rpc/childTransport.js"
import { AccountConfig } from "../../services/AccountConfig.js"
import { initialized } from "../protocol/notifications.js"
import type { InitializeParams } from "../protocol/schemas/Initialize.js"
import { defaultCapacity } from "../server/AppServer.js"
import type { RequestContext, Forward } from "../server/Handler.js"

/** How long the child may take to answer the handshake. */
const startLimit = "20 seconds"

/** How long the child's next messages wait for its answer to be queued for the client. */
const queuedLimit = "1 second"

const failed = (message: string): RpcError => rpcError(codes.internal, `the delegated app-server ${message}`)

const hasEnded = failed("has ended; the next request starts it again")

/** Notifications that this server sends itself. */
const own = ["account/updated", "account/login/completed"]

/** The client as the child sees it, without the notifications that this server sends. */
export const introduction = ({ capabilities, ...params }: InitializeParams): InitializeParams => ({
  ...params,
  capabilities: {
    ...capabilities,
    optOutNotificationMethods: [...(capabilities?.optOutNotificationMethods ?? []), ...own]
  }
})

/** Of the account, only the limits that a turn reports. */
const isForClient = (method: string): boolean =>
  !method.startsWith("account/") || method === "account/rateLimits/updated"

/** `call` asks the child in the client's name, under an id of our own. `ended` is done when the child is gone. */
export interface Delegated {
  readonly call: (request: Request, context: RequestContext) => Effect.Effect<unknown, RpcError>
  readonly ended: Effect.Effect<void>
}

/** Starts the child and makes the handshake. Its messages go to the client, in order. It ends with the scope. */
export const start = (
  [program, ...args]: Words,
  env: Readonly<Record<string, string>>,
  client: Pick<RequestContext, "ask" | "client" | "notifyRaw">
): Effect.Effect<Delegated, RpcError, CommandExecutor.CommandExecutor | Scope.Scope> =>
  Effect.gen(function* () {
    const transport = yield* Effect.mapError(
      ChildTransport.open(Command.env(Command.make(program, ...args), env), program),
      () => failed("could not be started")
    )
    const scope = yield* Effect.scope
    const ended = yield* Deferred.make<void>()
    let nextId = 0

    const peer = yield* makePeer(transport, {
      capacity: defaultCapacity,
      onInvalid: makeIgnored("A line of the delegated app-server that is no message was ignored."),
      onMessage: (message, { send }) => {
        if (message._tag === "Notification") {
          return isForClient(message.method) ? client.notifyRaw(message.method, message.params) : Effect.void
        }
        const { id, method, params } = message
        const ask = client.ask(method, params).pipe(
          Effect.match({ onFailure: (error) => errorResponse(id, error), onSuccess: (result) => response(id, result) }),
          Effect.flatMap((answer) => Effect.ignore(send(answer)))
        )
        // In a fiber of its own, as the client may take its time; yielding sends the request before what follows it.
        return Effect.zipRight(Effect.forkIn(ask, scope), Effect.yieldNow())
      },
      onEnd: () => Deferred.succeed(ended, undefined)
    })

    yield* peer.request(request("initialize", "initialize", introduction(client.client))).pipe(
      Effect.mapError((error) => (error._tag === "PeerError" ? hasEnded : failed("refused the handshake"))),
      Effect.timeoutFail({ duration: startLimit, onTimeout: () => failed("did not answer the handshake in time") })
    )
    yield* Effect.mapError(peer.send(notification(initialized)), () => hasEnded)

    return {
      ended: Deferred.await(ended),
      call: ({ method, params, trace }, context) =>
        Effect.gen(function* () {
          const message = request(nextId++, method, params)
          const queued = yield* Deferred.make<void>()
          const release = Effect.asVoid(Deferred.succeed(queued, undefined))
          const wait = Effect.ignore(Effect.timeoutOption(Deferred.await(queued), queuedLimit))
          const result = yield* peer.request(trace === undefined ? message : { ...message, trace }, wait).pipe(
            Effect.catchTag("PeerError", () => Effect.fail(hasEnded)),
            Effect.onError(() => release)
          )
          yield* context.afterwards(release)
          return result
        })
    }
  })

/** The program with its arguments; `env` is added to the environment of this process, after `CODEX_HOME`. */
export interface DelegateOptions {
  readonly command: Words
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** Methods that this server answers itself, known or not: two servers that change one account would disagree. */
export const isOurs = (method: string): boolean =>
  method === "initialize" || method === "getAuthStatus" || /^account(Session)?\//.test(method)

/**
 * A client that uses such a method gets a child of its own, which has the same home, and so the same account, and ends
 * with the client's connection. When the child ends before that, its pending requests fail, and the next one starts
 * another.
 */
export const makeForward = ({
  command,
  env = {}
}: DelegateOptions): Effect.Effect<Forward, never, AccountConfig | CommandExecutor.CommandExecutor> =>
  Effect.zipWith(AccountConfig, CommandExecutor.CommandExecutor, ({ codexHome }, executor) => {
    const children = new Map<number, Deferred.Deferred<Delegated, RpcError>>()

    /** Runs in the connection's scope, so that it goes on when the first request was interrupted. */
    const run = (context: RequestContext, started: Deferred.Deferred<Delegated, RpcError>): Effect.Effect<void> =>
      Effect.gen(function* () {
        const child = yield* Effect.exit(start(command, { CODEX_HOME: codexHome, ...env }, context))
        yield* Deferred.done(started, child)
        if (Exit.isSuccess(child)) {
          yield* child.value.ended
          yield* Effect.logWarning("The delegated app-server has ended before its client.")
        }
      }).pipe(
        Effect.ensuring(Effect.sync(() => children.delete(context.connection))),
        Effect.scoped,
        Effect.provideService(CommandExecutor.CommandExecutor, executor)
      )

    const childOf = (context: RequestContext): Effect.Effect<Delegated, RpcError> =>
      Effect.suspend(() => {
        const present = children.get(context.connection)
        if (present !== undefined) return Deferred.await(present)
        const started = Deferred.unsafeMake<Delegated, RpcError>(FiberId.none)
        children.set(context.connection, started)
        return Effect.zipRight(Effect.forkIn(run(context, started), context.scope), Deferred.await(started))
      })

    return (request, context) =>
      isOurs(request.method) ? undefined : Effect.flatMap(childOf(context), (child) => child.call(request, context))
  })
