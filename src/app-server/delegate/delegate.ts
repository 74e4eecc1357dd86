/** Delegates every method that is not about the account to another app-server, such as `codex app-server`. */
import * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as FiberId from "effect/FiberId"
import * as Scope from "effect/Scope"
import type { Words } from "../../domain/shellWords.js"
import { AccountConfig } from "../../services/AccountConfig.js"
import type { RpcError } from "../../rpc/RpcError.js"
import type { Forward, RequestContext } from "../server/Handler.js"
import { type Delegated, start } from "./child.js"

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
        const scope = yield* Scope.fork(context.scope, ExecutionStrategy.sequential)
        const child = yield* Effect.exit(
          start(command, { CODEX_HOME: codexHome, ...env }, context).pipe(
            Scope.extend(scope),
            Effect.provideService(CommandExecutor.CommandExecutor, executor)
          )
        )
        yield* Deferred.done(started, child)
        if (Exit.isSuccess(child)) {
          let isLeaving = false
          yield* Scope.addFinalizer(
            context.scope,
            Effect.sync(() => (isLeaving = true))
          )
          yield* child.value.ended
          if (!isLeaving) yield* Effect.logWarning("The delegated app-server has ended before its client.")
        }
        if (children.get(context.connection) === started) children.delete(context.connection)
        yield* Scope.close(scope, Exit.void)
      })

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
