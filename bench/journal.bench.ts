/**
 * What the journal costs: durable intents, steps, and whole acts of three commits, one after the other, as programs do
 * them. On SQLite as shipped (every commit on the disk), with the commits left to the operating system, in memory, and
 * as bare statements on the driver. Then a lease, taken and given back. The ratios are of one run.
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import Libsql from "libsql"
import { randomUUID } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { fileURLToPath } from "node:url"
import { AccountId, Identity, UserId } from "../src/domain/Identity.js"
import * as LeaseMemory from "../src/layers/LeaseMemory.js"
import * as LeaseSql from "../src/layers/LeaseSql.js"
import * as OperationJournalMemory from "../src/layers/OperationJournalMemory.js"
import * as OperationJournalSql from "../src/layers/OperationJournalSql.js"
import * as SqlClientLibsql from "../src/layers/SqlClientLibsql.js"
import { Lease } from "../src/services/Lease.js"
import { OperationJournal } from "../src/services/OperationJournal.js"

const rounds = 300
const repeats = 5

const identity = new Identity({ userId: UserId.make("user"), accountId: AccountId.make("account") })
const redeem = (key: string) => ({ key, act: "redeem", identity, target: "credit" }) as const

// Not in the temporary folder, which may be in memory.
const cache = fileURLToPath(new URL("../node_modules/.cache", import.meta.url))
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, "journal-bench-"))

interface Contestant {
  readonly intend: () => Promise<unknown>
  readonly step: () => Promise<unknown>
  readonly act: () => Promise<unknown>
  readonly lease: () => Promise<unknown>
}

const bare = (filename: string): Contestant => {
  const database = new Libsql(filename)
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
  database.exec("CREATE TABLE operations (key TEXT PRIMARY KEY, act TEXT, identity TEXT, target TEXT, state TEXT)")
  const insert = database.prepare("INSERT INTO operations VALUES (?, 'redeem', 'identity', 'credit', 'intended')")
  const update = database.prepare("UPDATE operations SET state = ? WHERE key = ?")
  const commit = (write: () => void) => {
    database.exec("BEGIN IMMEDIATE")
    write()
    database.exec("COMMIT")
  }
  const intend = async (key: string) => commit(() => insert.run([key]))
  const advance = async (key: string, state: string) => commit(() => update.run([state, key]))
  insert.run(["stepping"])
  let steps = 0
  return {
    intend: () => intend(randomUUID()),
    // What changes nothing would not be written.
    step: () => advance("stepping", `sent ${(steps += 1)}`),
    act: async () => {
      const key = randomUUID()
      await intend(key)
      await advance(key, "sent")
      await advance(key, "succeeded")
    },
    lease: async () => {
      await advance("stepping", "held")
      await advance("stepping", "free")
    }
  }
}

const disposals: Array<() => Promise<void>> = []
const service = async (layer: Layer.Layer<Lease | OperationJournal, SqlError>): Promise<Contestant> => {
  const runtime = ManagedRuntime.make(layer)
  disposals.push(() => runtime.dispose())
  const journal = await runtime.runPromise(OperationJournal)
  const lease = await runtime.runPromise(Lease)
  await runtime.runPromise(journal.intend(redeem("stepping")))
  return {
    intend: () => runtime.runPromise(journal.intend(redeem(randomUUID()))),
    step: () => runtime.runPromise(journal.advance("stepping", { _tag: "sent" })),
    act: () => {
      const key = randomUUID()
      return runtime.runPromise(
        journal
          .intend(redeem(key))
          .pipe(
            Effect.zipRight(journal.advance(key, { _tag: "sent" })),
            Effect.zipRight(journal.advance(key, { _tag: "succeeded", outcome: "done" }))
          )
      )
    },
    lease: () =>
      runtime.runPromise(lease.withLease({ name: "lease", timeToLive: "10 seconds", wait: 0 }, () => Effect.void))
  }
}

const sqlite = (synchronous: "FULL" | "NORMAL") =>
  Layer.merge(OperationJournalSql.layer, LeaseSql.layer).pipe(
    Layer.provide(SqlClientLibsql.layer({ filename: join(folder, `${synchronous}.sqlite`), synchronous }))
  )

const contestants: Readonly<Record<string, Contestant>> = {
  "SQLite, durable": await service(sqlite("FULL")),
  "SQLite, synchronous=NORMAL": await service(sqlite("NORMAL")),
  memory: await service(Layer.merge(OperationJournalMemory.layerMemory, LeaseMemory.layer)),
  "bare libsql, durable": bare(join(folder, "bare.sqlite"))
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const perSecond = async (run: () => Promise<unknown>, times: number): Promise<number> => {
  const start = performance.now()
  for (let round = 0; round < times; round++) await run()
  return times / ((performance.now() - start) / 1000)
}

const measures = { intend: "intents", step: "steps", act: "whole acts", lease: "leases" } as const
for (const [measure, plural] of Object.entries(measures) as ReadonlyArray<[keyof Contestant, string]>) {
  const measured = new Map(Object.keys(contestants).map((name) => [name, [] as Array<number>]))
  for (const contestant of Object.values(contestants)) await perSecond(contestant[measure], rounds)
  // Taking turns, so that a slow moment of the machine hits all.
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [name, contestant] of Object.entries(contestants)) {
      measured.get(name)?.push(await perSecond(contestant[measure], rounds))
    }
  }
  const shipped = median(measured.get("SQLite, durable") ?? [])
  for (const [name, values] of measured) {
    const rate = median(values)
    console.log(
      `${plural}, ${name}: ${rate.toFixed(0)}/s, ${(1000 / rate).toFixed(3)} ms each, ${(rate / shipped).toFixed(2)} of durable SQLite`
    )
  }
}

for (const dispose of disposals) await dispose()
rmSync(folder, { recursive: true, force: true })
