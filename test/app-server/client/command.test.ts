/** The same of the command as it ships: a child on its standard streams, and a server on sockets. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as child from "../../../src/app-server/client/child.js"
import * as remote from "../../../src/app-server/client/remote.js"
import { bundle, spawned, until, world } from "../../e2e/cli/harness.js"
import { clientSuite, type World } from "./suite.js"

const bin = bundle()

/** Runs the command with a listener; gives what it has printed. */
const listening = Effect.fn(function* (url: string, env: Record<string, string>) {
  const server = yield* spawned(() =>
    spawn(process.execPath, [bin, "app-server", "--listen", url], { env, stdio: ["ignore", "ignore", "pipe"] })
  )
  let printed = ""
  server.stderr.setEncoding("utf8").on("data", (text: string) => (printed += text))
  return () => printed
})

const socketIn = (home: string) => join(home, "app-server-control", "app-server-control.sock")

const usageReads = ({ backend }: Effect.Effect.Success<ReturnType<typeof world>>) => backend.count("usage.read")

clientSuite(
  "a child",
  Effect.map(world(), (made): World => ({
    connect: (options) =>
      Effect.provide(
        child.spawn({ ...options, command: process.execPath, args: [bin, "app-server"], env: made.env }),
        NodeContext.layer
      ),
    usageReads: usageReads(made),
    isShared: false
  })),
  { timeout: 120_000 }
)

for (const [name, url, found] of [
  ["port", "ws://127.0.0.1:0", (_home, printed) => /ws:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? null],
  ["unix socket", "unix://", (home) => (existsSync(socketIn(home)) ? socketIn(home) : null)]
] satisfies ReadonlyArray<readonly [string, string, (home: string, printed: string) => string | null]>) {
  clientSuite(
    `the command on a ${name}`,
    Effect.gen(function* () {
      const made = yield* world()
      const printed = yield* listening(url, made.env)
      const at = yield* until(() => found(made.home, printed()))
      const endpoint =
        name === "port" ? ({ _tag: "WebSocket", url: at } as const) : ({ _tag: "UnixSocket", path: at } as const)
      return {
        connect: (options) => remote.connect({ ...options, endpoint }),
        usageReads: usageReads(made),
        isShared: true
      } satisfies World
    }),
    { timeout: 120_000 }
  )
}
