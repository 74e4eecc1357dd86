/** The layers behind the commands. */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConfigurationError } from "../domain/ConfigurationError.js"
import * as Live from "../layers/Live.js"
import * as PoliciesConfig from "../layers/PoliciesConfig.js"
import type { Browser } from "../services/Browser.js"
import type { Policies } from "../services/Policies.js"
import type { SignIn } from "../services/SignIn.js"
import type { Account } from "./composed.js"
import { Globals } from "./Globals.js"

/**
 * The account of this machine; with `--demo` one of the embedded backend, with a home that lasts as long as the command.
 */
export const layerAccount: Layer.Layer<
  Account,
  ConfigurationError | ConfigError.ConfigError,
  Globals | FileSystem.FileSystem | Path.Path
> = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { baseUrl, codexHome, demo, timeout } = yield* Globals
    if (!demo) return Layer.provide(Live.layerConfig({ baseUrl, codexHome, timeout }), NodeCommandExecutor.layer)
    const { layerDemo } = yield* Effect.promise(() => import("./composeDemo.js"))
    return layerDemo(timeout)
  })
)

/** What signing in needs besides the account. */
export const layerLogin: Layer.Layer<
  Account | Browser | SignIn,
  ConfigurationError | ConfigError.ConfigError,
  Globals | FileSystem.FileSystem | Path.Path
> = Layer.unwrapEffect(
  Effect.map(
    Effect.promise(() => Promise.all([import("../layers/SignInHttp.js"), import("../layers/BrowserSystem.js")])),
    ([SignInHttp, BrowserSystem]) => Layer.merge(SignInHttp.layer, BrowserSystem.layer)
  )
).pipe(Layer.provideMerge(layerAccount))

export const layerPolicies: Layer.Layer<Policies, ConfigurationError | ConfigError.ConfigError, Globals> =
  Layer.unwrapEffect(Effect.map(Globals, ({ timeout }) => PoliciesConfig.layerConfig(timeout)))
