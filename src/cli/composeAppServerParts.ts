/** The app-server over what it stands on. */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Words } from "../domain/shellWords.js"
import type { AppServer } from "../app-server/server/AppServer.js"
import * as ClientRequests from "../app-server/server/ClientRequests.js"
import * as Server from "../app-server/server/layer.js"
import { makeThreadHandlers } from "../app-server/server/threads.js"
import type { SessionSource } from "../domain/Thread.js"
import * as AuthSessionExternal from "../layers/AuthSessionExternal.js"
import * as AuthSessionOAuth from "../layers/AuthSessionOAuth.js"
import * as Live from "../layers/Live.js"
import type { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession } from "../services/AuthSession.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import type { ThreadStore } from "../services/ThreadStore.js"
import * as Agent from "./composeAppServerAgent.js"

/** The session of the store, until a client supplies its own. */
const layerSession = Layer.effectContext(Effect.flatMap(AuthSession, AuthSessionExternal.make)).pipe(
  Layer.provide(AuthSessionOAuth.layer)
)

const layerServices = Layer.merge(Live.layerBackend, Live.layerSignIn).pipe(Layer.provideMerge(layerSession))

/**
 * `source` is what kind of program the server is in; `delegate` is another app-server, for what is not of the account.
 */
export interface ServerOptions {
  readonly source: SessionSource
  readonly delegate: Words | null
}

const layerHandlers = ({ delegate, source }: ServerOptions) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const threads = yield* makeThreadHandlers({ source })
      if (delegate === null) return Server.layer({ threads })
      const { makeForward } = yield* Effect.promise(() => import("../app-server/delegate/delegate.js"))
      return Server.layer({ threads, forward: yield* makeForward({ command: delegate }) })
    })
  )

export const layerServer = (
  options: ServerOptions
): Layer.Layer<
  AppServer,
  never,
  | AccountConfig
  | CommandExecutor.CommandExecutor
  | CredentialStore
  | HttpClient.HttpClient
  | Lease
  | OperationJournal
  | ThreadStore
> =>
  Agent.layerAppServer.pipe(
    Layer.provide(layerHandlers(options)),
    Layer.provide(layerServices),
    Layer.provide(ClientRequests.layerExternalTokens),
    Layer.provide(ClientRequests.layer),
    Layer.provide(Agent.layerHttpClient),
    Layer.provide(Agent.layer)
  )
