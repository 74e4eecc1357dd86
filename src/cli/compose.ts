/** The layers behind both faces, the commands and the app-server, over this machine's account or that of the demo. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as AuthSessionOAuth from "../layers/AuthSessionOAuth.js"
import * as Live from "../layers/Live.js"
import * as PoliciesConfig from "../layers/PoliciesConfig.js"
import { Globals } from "./Command.js"

export { layerSignIn } from "../layers/Live.js"

export const layerPolicies = Layer.unwrapEffect(
  Effect.map(Globals, ({ timeout }) => PoliciesConfig.layerConfig(timeout))
)

/** Settings, and what a machine has: an HTTP client, a credential store, leases and a journal. */
const layerWorld = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { baseUrl, codexHome, config, demo, timeout } = yield* Globals
    if (!demo) return Layer.provideMerge(Live.layerMachine, Live.layerSettings({ baseUrl, codexHome, config, timeout }))
    const { layerDemo } = yield* Effect.promise(() => import("./composeDemo.js"))
    return Layer.merge(layerDemo, PoliciesConfig.layerConfig(timeout))
  })
).pipe(Layer.provideMerge(NodeCommandExecutor.layer))

/** The account for the commands. */
export const layerAccount = Layer.provideMerge(Live.layerServices, layerWorld)

/** The account for the app-server: clients may supply the session, threads are stored, requests carry any `agent`. */
export const layerServed = (agent: Ref.Ref<string | null>) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const [ClientRequests, External, Threads] = yield* Effect.promise(() =>
        Promise.all([
          import("../app-server/server/ClientRequests.js"),
          import("../layers/AuthSessionExternal.js"),
          import("../layers/ThreadStoreSql.js")
        ])
      )
      return Layer.mergeAll(Live.layerBackend, Live.layerSignIn, Threads.layerFile).pipe(
        Layer.provideMerge(Layer.provide(External.layerOver, AuthSessionOAuth.layer)),
        Layer.provideMerge(ClientRequests.layerExternalTokens),
        Layer.provideMerge(ClientRequests.layer),
        Layer.updateService(
          HttpClient.HttpClient,
          HttpClient.mapRequestEffect((request) =>
            Effect.map(Ref.get(agent), (name) =>
              name === null ? request : HttpClientRequest.setHeader(request, "user-agent", name)
            )
          )
        )
      )
    })
  ).pipe(Layer.provideMerge(layerWorld))
