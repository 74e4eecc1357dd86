/** One home, a fake backend, and two app-servers beside one another: the released Codex's and ours. */
import { NodeContext } from "@effect/platform-node"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { AuthJsonText } from "../../src/contracts/AuthJson.js"
import { makeFileLocks } from "../../src/layers/internal/fileLocks.js"
import type { Message } from "../../src/rpc/Envelope.js"
import * as FakeBackend from "../../src/testing/FakeBackend.js"
import { type Command, spawnPeer } from "../conformance/Peer.js"
import { bareEnvironment, bundle, temporaryFolder } from "../e2e/cli/harness.js"

/** The workspaces of the user, by their ids in the fake; the first is signed in to. */
export const workspaces = ["acc-first", "acc-second"] as const

export type Name = "codex" | "ours"

export interface Neighbour {
  readonly name: Name
  readonly call: (method: string, params: unknown) => Effect.Effect<Option.Option<Message>>
}

/** A record that is no whole one, or that others may read. */
export interface Broken {
  readonly text: string
  readonly mode: string
}

const asks = (version: string, peer: Effect.Effect.Success<ReturnType<typeof spawnPeer>>, name: Name) =>
  Effect.gen(function* () {
    let id = 0
    const call: Neighbour["call"] = (method, params) =>
      Effect.suspend(() => {
        id += 1
        peer.send(JSON.stringify({ method, id, params }))
        return peer.answer(id, "90 seconds")
      })
    yield* call("initialize", {
      clientInfo: { name, title: null, version },
      capabilities: { experimentalApi: true }
    })
    peer.send(JSON.stringify({ method: "initialized" }))
    return { name, call } satisfies Neighbour
  })

const commandOf = (name: Name, codex: string): Command =>
  name === "codex" ? { file: codex, args: ["app-server"] } : { file: process.execPath, args: [bundle(), "app-server"] }

export const neighbourhood = Effect.fn(function* (codex: string) {
  const backend = yield* FakeBackend.make({
    accounts: workspaces.map((accountId) => ({ planType: "pro", userId: "user-FAKE1", accountId }))
  }).pipe(Effect.flatMap(FakeBackend.serve), Effect.orDie)
  const home = yield* temporaryFolder
  const file = join(home, "auth.json")
  const { record } = yield* backend.signIn()
  writeFileSync(file, yield* Effect.orDie(Schema.encode(AuthJsonText)(record)), { mode: 0o600 })
  writeFileSync(
    join(home, "config.toml"),
    `chatgpt_base_url = "${backend.urls.chatgpt}"\ncli_auth_credentials_store = "file"\n`
  )
  const env = {
    ...bareEnvironment(home),
    CODEX_HOME: home,
    NO_PROXY: "*",
    CODEX_REFRESH_TOKEN_URL_OVERRIDE: backend.urls.refresh,
    CODEX_REVOKE_TOKEN_URL_OVERRIDE: backend.urls.revoke
  }
  const start = (name: Name) =>
    Effect.flatMap(spawnPeer(commandOf(name, codex), home, env), (peer) => asks("1", peer, name))

  const stored = (): Readonly<Record<string, unknown>> & { readonly tokens: Readonly<Record<string, string>> } =>
    JSON.parse(readFileSync(file, "utf8"))
  const statusOf = (token: string | undefined) =>
    Effect.map(backend.state, ({ refreshTokens }) =>
      HashMap.get(refreshTokens, token ?? "").pipe(
        Option.map(({ status }) => String(status)),
        Option.getOrElse(() => "unknown")
      )
    )

  const locks = yield* FileSystem.FileSystem.pipe(Effect.flatMap(makeFileLocks), Effect.provide(NodeContext.layer))
  let changes = 0
  /** What a third program does that takes the locks: a key of its own is put into the record. */
  const rewrite = Effect.scoped(
    Effect.gen(function* () {
      yield* locks([join(home, "auth.lock"), 0o666], [`${file}.lock`, 0o600])
      changes += 1
      const text = JSON.stringify({ ...stored(), somebody_elses: changes })
      yield* Effect.promise(async () => {
        await writeFile(join(home, ".third"), text, { mode: 0o600 })
        await rename(join(home, ".third"), file)
      })
    })
  )

  let reads = 0
  const broken: Array<Broken> = []
  /** Reads the record again and again, as anybody may. */
  const watch = Effect.sync(() => {
    const text = readFileSync(file, "utf8")
    const mode = (statSync(file).mode & 0o777).toString(8)
    reads += 1
    try {
      JSON.parse(text)
      if (mode !== "600") broken.push({ text: "", mode })
    } catch {
      broken.push({ text, mode })
    }
  }).pipe(Effect.zipRight(Effect.sleep("1 millis")), Effect.forever)
  yield* Effect.forkScoped(watch)

  return {
    backend,
    codex: yield* start("codex"),
    ours: yield* start("ours"),
    rewrite,
    workspace: Effect.sync(() => stored().tokens["account_id"] ?? ""),
    tokenStatus: Effect.suspend(() => statusOf(stored().tokens["refresh_token"])),
    watched: () => ({ reads, broken })
  }
})

export type Neighbourhood = Effect.Effect.Success<ReturnType<typeof neighbourhood>>
