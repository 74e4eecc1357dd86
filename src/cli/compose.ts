/** The layers behind both faces, the commands and the app-server, over this machine's account or that of the demo. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Live from "../layers/Live.js"
import * as PoliciesConfig from "../layers/PoliciesConfig.js"
import { AuthSession } from "../services/AuthSession.js"
import { Globals } from "./Command.js"

/** Settings, and what a machine has: an HTTP client, a credential store, leases and a journal. */
const layerWorld = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { baseUrl, codexHome, demo, timeout } = yield* Globals
    const options = { baseUrl, codexHome, timeout }
    if (!demo) return Layer.provideMerge(Live.layerMachine, Live.layerSettings(options))
    const { layerDemo } = yield* Effect.promise(() => import("./composeDemo.js"))
    return Layer.provideMerge(layerDemo, PoliciesConfig.layerConfig(timeout))
  })
).pipe(Layer.provideMerge(NodeCommandExecutor.layer))

/** The account for the commands. */
export const layerAccount = Layer.provideMerge(Live.layerServices, layerWorld)

/** What signing in needs besides the account. */
export const layerSignIn = Layer.unwrapEffect(
  Effect.map(
    Effect.promise(() => import("../layers/BrowserSystem.js")),
    ({ layer }) => Layer.merge(Live.layerSignIn, layer)
  )
)

export const layerPolicies = Layer.unwrapEffect(
  Effect.map(Globals, ({ timeout }) => PoliciesConfig.layerConfig(timeout))
)

/** Puts the user agent on every request, once there is one. */
const layerAgent = (agent: Ref.Ref<string | null>) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(
      HttpClient.HttpClient,
      HttpClient.mapRequestEffect((request) =>
        Effect.map(Ref.get(agent), (name) =>
          name === null ? request : HttpClientRequest.setHeader(request, "user-agent", name)
        )
      )
    )
  )

/** The account for the app-server: clients may supply the session, threads are stored, requests carry `agent`. */
export const layerServed = (agent: Ref.Ref<string | null>) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { demo } = yield* Globals
      const [ClientRequests, External, AuthSessionOAuth, Memory, Sql] = yield* Effect.promise(() =>
        Promise.all([
          import("../app-server/server/ClientRequests.js"),
          import("../layers/AuthSessionExternal.js"),
          import("../layers/AuthSessionOAuth.js"),
          import("../layers/ThreadStoreMemory.js"),
          import("../layers/ThreadStoreSql.js")
        ])
      )
      const threads = demo ? Memory.layerMemory : Sql.layerFile
      const session = Layer.effectContext(Effect.flatMap(AuthSession, External.make)).pipe(
        Layer.provide(AuthSessionOAuth.layer)
      )
      return Layer.mergeAll(Live.layerBackend, Live.layerSignIn, threads).pipe(
        Layer.provideMerge(session),
        Layer.provideMerge(ClientRequests.layerExternalTokens),
        Layer.provideMerge(ClientRequests.layer),
        Layer.provideMerge(layerAgent(agent))
      )
    })
  ).pipe(Layer.provideMerge(layerWorld))
