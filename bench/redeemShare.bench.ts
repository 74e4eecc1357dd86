/**
 * What of a whole redemption over the loopback, with its reads before and after, is spent in the journal and in taking
 * and giving back the lease: on SQLite as shipped and in memory, taking turns in one run. The backend is a process of its
 * own.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { backendBase } from "../src/contracts/BackendEndpoints.js"
import * as AccountConfigEnv from "../src/layers/AccountConfigEnv.js"
import * as CredentialStoreEphemeral from "../src/layers/CredentialStoreEphemeral.js"
import * as HttpClientNode from "../src/layers/HttpClientNode.js"
import * as LeaseMemory from "../src/layers/LeaseMemory.js"
import * as LeaseSql from "../src/layers/LeaseSql.js"
import * as Live from "../src/layers/Live.js"
import * as OperationJournalMemory from "../src/layers/OperationJournalMemory.js"
import * as OperationJournalSql from "../src/layers/OperationJournalSql.js"
import { redeemReset } from "../src/programs/redeem.js"
import type { AccountConfig } from "../src/services/AccountConfig.js"
import { Lease } from "../src/services/Lease.js"
import { OperationJournal } from "../src/services/OperationJournal.js"
import { makeAccount } from "../src/testing/FakeAccount.js"
import * as FakeBackend from "../src/testing/FakeBackend.js"
import { type IssuedTokens, makeState, signIn } from "../src/testing/FakeState.js"
import * as ScriptedDialog from "../src/testing/ScriptedDialog.js"

const warmUps = 40
const rounds = 150

/** The other process: a backend that forgets what was redeemed whenever it is told to. */
const serve = Effect.gen(function* () {
  const now = performance.timeOrigin
  const account = makeAccount(now)
  const [tokens, initial] = signIn(makeState([account]), now, account)
  const backend = yield* Effect.flatMap(FakeBackend.make(), (made) => FakeBackend.serve(made))
  process.on("message", () => {
    Effect.runSync(
      Effect.zipRight(
        backend.update(() => initial),
        backend.clearLog
      )
    )
    process.send?.("ready")
  })
  process.on("disconnect", () => process.exit(0))
  process.send?.({ urls: backend.urls, account, tokens })
  return yield* Effect.never
}).pipe(Effect.scoped)

interface Served {
  readonly urls: FakeBackend.FakeUrls
  readonly account: ReturnType<typeof makeAccount>
  readonly tokens: IssuedTokens
}

/** Milliseconds spent since they were last taken, by what they were spent in. */
const spent = { journal: 0, lease: 0 }
const timed =
  (what: keyof typeof spent) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const start = performance.now()
      return Effect.ensuring(
        work,
        Effect.sync(() => (spent[what] += performance.now() - start))
      )
    })

const timedJournal = Layer.effect(
  OperationJournal,
  Effect.map(OperationJournal, (journal) => {
    const inJournal = timed("journal")
    return OperationJournal.of({
      intend: (operation) => inJournal(journal.intend(operation)),
      advance: (key, state) => inJournal(journal.advance(key, state)),
      find: (key) => inJournal(journal.find(key)),
      list: (filter) => inJournal(journal.list(filter))
    })
  })
)

/** Taking it, asking whether it is still held, and giving it back; not what is done with it in hand. */
const timedLease = Layer.effect(
  Lease,
  Effect.map(Lease, (lease) =>
    Lease.of({
      withLease: (options, work) =>
        Effect.suspend(() => {
          let since = performance.now()
          const count = Effect.sync(() => (spent.lease += performance.now() - since))
          return lease
            .withLease(options, (held) =>
              Effect.zipRight(count, work({ ...held, assertHeld: timed("lease")(held.assertHeld) })).pipe(
                Effect.ensuring(Effect.sync(() => (since = performance.now())))
              )
            )
            .pipe(Effect.ensuring(count))
        })
    })
  )
)

const bench = async () => {
  const server = fork(fileURLToPath(import.meta.url), ["serve"])
  const served: Served = (await once(server, "message"))[0]
  const restore = async () => {
    const ready = once(server, "message")
    server.send("restore")
    await ready
  }
  // Not in the temporary folder, which may be in memory.
  const cache = fileURLToPath(new URL("../node_modules/.cache", import.meta.url))
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, "redeem-bench-"))

  const runtimeOf = (layer: Layer.Layer<Lease | OperationJournal, never, AccountConfig>) =>
    ManagedRuntime.make(
      Live.layerServices.pipe(
        Layer.provideMerge(Layer.provide(Layer.merge(timedJournal, timedLease), layer)),
        Layer.provideMerge(ScriptedDialog.layer({ "redeem.credit": ScriptedDialog.nth(0), "redeem.confirm": true })),
        Layer.provide(HttpClientNode.layer),
        Layer.provide(
          CredentialStoreEphemeral.layerMemory(
            FakeBackend.authRecord(served.account, served.tokens, performance.timeOrigin)
          )
        ),
        Layer.provide(AccountConfigEnv.layer({ codexHome: folder, backend: backendBase(served.urls.chatgpt) })),
        Layer.provide(NodeContext.layer)
      )
    )
  const contestants = {
    "SQLite, durable": runtimeOf(Layer.merge(OperationJournalSql.layerFile, LeaseSql.layerFile)),
    memory: runtimeOf(Layer.merge(OperationJournalMemory.layerMemory, LeaseMemory.layer))
  }
  const measured = new Map<
    string,
    Array<{ readonly whole: number; readonly journal: number; readonly lease: number }>
  >()
  try {
    for (let round = -warmUps; round < rounds; round++) {
      for (const [name, runtime] of Object.entries(contestants)) {
        await restore()
        spent.journal = spent.lease = 0
        const start = performance.now()
        const { outcome } = await runtime.runPromise(redeemReset({ again: true }))
        const whole = performance.now() - start
        if (outcome !== "reset") throw new Error(`The redemption came to ${outcome}.`)
        if (round >= 0) measured.set(name, [...(measured.get(name) ?? []), { whole, ...spent }])
      }
    }
    for (const [name, all] of measured) {
      const whole = median(all.map((one) => one.whole))
      const part = (what: keyof typeof spent) => {
        const share = median(all.map((one) => one[what] / one.whole))
        return `${what} ${median(all.map((one) => one[what])).toFixed(2)} ms (${(share * 100).toFixed(1)} %)`
      }
      console.log(`redeemReset, ${name}: ${whole.toFixed(2)} ms, of it ${part("journal")}, ${part("lease")}`)
    }
  } finally {
    for (const runtime of Object.values(contestants)) await runtime.dispose()
    server.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

await (process.argv.includes("serve") ? Effect.runPromise(serve) : bench())
