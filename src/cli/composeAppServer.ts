/** The layers behind the app-server. */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AppServer } from "../app-server/server/AppServer.js"
import type { ConfigurationError } from "../domain/ConfigurationError.js"
import * as Live from "../layers/Live.js"
import * as ThreadStoreSql from "../layers/ThreadStoreSql.js"
import type { AccountConfig } from "../services/AccountConfig.js"
import { layerServer, type ServerOptions } from "./composeAppServerParts.js"
import { Globals } from "./Globals.js"

/**
 * The app-server of this machine's account; with `--demo` of the embedded backend's, with a home that lasts as long as the
 * command.
 */
export const layerAppServer = (
  options: ServerOptions
): Layer.Layer<
  AppServer | AccountConfig,
  ConfigurationError | ConfigError.ConfigError,
  Globals | FileSystem.FileSystem | Path.Path
> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { baseUrl, codexHome, demo, timeout } = yield* Globals
      if (demo) {
        const { layerDemoServer } = yield* Effect.promise(() => import("./composeAppServerDemo.js"))
        return layerDemoServer(options, timeout)
      }
      return layerServer(options).pipe(
        Layer.provide(Layer.merge(Live.layerMachine, ThreadStoreSql.layerFile)),
        Layer.provideMerge(Live.layerSettings({ baseUrl, codexHome, timeout })),
        Layer.provide(NodeCommandExecutor.layer)
      )
    })
  )
