/** A client of an app-server that runs as a child of this process, such as `codex-account app-server`. */
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as ChildTransport from "../../rpc/childTransport.js"
import { AppServerClient, type AppServerClientService, type ClientOptions } from "./AppServerClient.js"
import { makeClient, refuseUnknown } from "./makeClient.js"
import type { IoError } from "./TypedRequestError.js"

/**
 * The program with its arguments; no shell reads them. `env` is added to the environment of this process.
 * @since 0.1.0
 * @category models
 */
export interface ChildOptions extends ClientOptions {
  readonly command: string
  readonly args?: ReadonlyArray<string> | undefined
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * Starts the program and makes the handshake. When the scope closes its input ends; a child that does not exit within
 * five seconds gets `SIGTERM`, and after five more `SIGKILL`.
 * @since 0.1.0
 * @category constructors
 */
export const spawn = (
  options: ChildOptions
): Effect.Effect<AppServerClientService, IoError, CommandExecutor.CommandExecutor | Scope.Scope> => {
  const { args = [], command, env = {} } = options
  return makeClient(ChildTransport.open(Command.env(Command.make(command, ...args), env), command), command, {
    ...options,
    refusal: refuseUnknown
  })
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: ChildOptions): Layer.Layer<AppServerClient, IoError, CommandExecutor.CommandExecutor> =>
  Layer.scoped(AppServerClient, spawn(options))
