import { assert, describe } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import * as inProcess from "../../../src/app-server/client/inProcess.js"
import * as remote from "../../../src/app-server/client/remote.js"
import { layer as serverLayer } from "../../../src/app-server/server/layer.js"
import { makeThreadHandlers } from "../../../src/app-server/server/threads.js"
import { listenOnPort, listenOnSocket } from "../../../src/app-server/transports/listen.js"
import { serveWebSockets } from "../../../src/app-server/transports/wsServer.js"
import * as ThreadStoreMemory from "../../../src/layers/ThreadStoreMemory.js"
import { FakeBackend } from "../../../src/testing/index.js"
import { temporaryFolder } from "../../e2e/cli/harness.js"
import { services } from "../server/harness.js"
import { clientSuite } from "./suite.js"
import { live } from "../../cases.js"

/** The server over the real services, with threads. */
const server = Layer.unwrapEffect(
  Effect.map(makeThreadHandlers({ source: "exec" }), (threads) => serverLayer({ threads }))
).pipe(Layer.provide(ThreadStoreMemory.layerMemory), Layer.provideMerge(services()))

const built = Effect.map(Layer.build(server), (context) => ({
  context,
  usageReads: Context.get(context, FakeBackend.FakeBackend).count("usage.read"),
  isShared: true
}))

clientSuite(
  "in process",
  Effect.map(built, ({ context, ...world }) => ({
    ...world,
    connect: (options) => Effect.provide(inProcess.start(options), context)
  }))
)

clientSuite(
  "a websocket",
  Effect.gen(function* () {
    const { context, ...world } = yield* built
    const auth = { _tag: "Open" } as const
    const { server, url } = yield* Effect.orDie(listenOnPort({ _tag: "WebSocket", host: "127.0.0.1", port: 0 }, auth))
    yield* Effect.forkScoped(
      Effect.provide(serveWebSockets(server, { auth, isOpen: false, stop: Effect.never }), context)
    )
    return { ...world, connect: (options) => remote.connect({ ...options, endpoint: { _tag: "WebSocket", url } }) }
  })
)

clientSuite(
  "a unix socket",
  Effect.gen(function* () {
    const { context, ...world } = yield* built
    const auth = { _tag: "Open" } as const
    const path = join(yield* temporaryFolder, "control", "app.sock")
    const { server } = yield* Effect.orDie(listenOnSocket(path))
    yield* Effect.forkScoped(
      Effect.provide(serveWebSockets(server, { auth, isOpen: false, stop: Effect.never }), context)
    )
    return { ...world, connect: (options) => remote.connect({ ...options, endpoint: { _tag: "UnixSocket", path } }) }
  })
)

describe("a client in process", () => {
  live.each(["cli", "exec", undefined] as const)("says what kind of program it is: %s", function* (sessionSource) {
    const { context } = yield* built
    const client = yield* Effect.provide(
      inProcess.start({ clientName: "surface", clientVersion: "1", sessionSource }),
      context
    )
    const { thread } = yield* client.request("thread/start", { ephemeral: true })
    // Without a word of its own it is the server's kind.
    assert.deepStrictEqual([thread.source, thread.originator], [sessionSource ?? "exec", "surface"])
  })
})
