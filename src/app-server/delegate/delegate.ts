/** A server that leaves what is not of the account to another, such as `codex app-server`. */
import * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as FiberId from "effect/FiberId"
import * as Scope from "effect/Scope"
import { AccountConfig } from "../../services/AccountConfig.js"
import type { RpcError } from "../protocol/errors.js"
import type { Caller, Forward } from "../server/Handler.js"
import type { Words } from "../../domain/shellWords.js"
import { type Delegated, start } from "./Delegated.js"

/** The program with its arguments; `env` is added to the environment of this process, after `CODEX_HOME`. */
export interface DelegateOptions {
  readonly command: Words
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** Whether this server answers the method itself, known or not: two servers that change one account would disagree. */
export const isOurs = (method: string): boolean =>
  method === "initialize" || method === "getAuthStatus" || /^account(Session)?\//.test(method)

/**
 * Every client that asks for more than its account gets a child of its own, which is told who the client is and ends
 * with its connection. It has the same home, and so the same account. When a child has ended before, what waits for it
 * fails, and the next request starts another.
 */
export const makeForward = ({
  command,
  env = {}
}: DelegateOptions): Effect.Effect<Forward, never, AccountConfig | CommandExecutor.CommandExecutor> =>
  Effect.zipWith(AccountConfig, CommandExecutor.CommandExecutor, ({ codexHome }, executor) => {
    const children = new Map<number, Deferred.Deferred<Delegated, RpcError>>()

    /** Runs in the connection's scope, so that it goes on when the first who asked has left. */
    const run = (caller: Caller, started: Deferred.Deferred<Delegated, RpcError>): Effect.Effect<void> =>
      Effect.gen(function* () {
        const scope = yield* Scope.fork(caller.scope, ExecutionStrategy.sequential)
        const child = yield* Effect.exit(
          start(command, { CODEX_HOME: codexHome, ...env }, caller).pipe(
            Scope.extend(scope),
            Effect.provideService(CommandExecutor.CommandExecutor, executor)
          )
        )
        yield* Deferred.done(started, child)
        if (Exit.isSuccess(child)) {
          let isLeaving = false
          yield* Scope.addFinalizer(
            caller.scope,
            Effect.sync(() => (isLeaving = true))
          )
          yield* child.value.ended
          if (!isLeaving) yield* Effect.logWarning("The delegated app-server has ended before its client.")
        }
        if (children.get(caller.connection) === started) children.delete(caller.connection)
        yield* Scope.close(scope, Exit.void)
      })

    const childOf = (caller: Caller): Effect.Effect<Delegated, RpcError> =>
      Effect.suspend(() => {
        const present = children.get(caller.connection)
        if (present !== undefined) return Deferred.await(present)
        const started = Deferred.unsafeMake<Delegated, RpcError>(FiberId.none)
        children.set(caller.connection, started)
        return Effect.zipRight(Effect.forkIn(run(caller, started), caller.scope), Deferred.await(started))
      })

    return (request, caller) =>
      isOurs(request.method) ? undefined : Effect.flatMap(childOf(caller), (child) => child.call(request, caller))
  })
