/** The laws of journals and leases in memory, on SQLite, and on a real Postgres where there is one. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { SqlClient } from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as LeaseMemory from "../../../src/layers/LeaseMemory.js"
import * as LeaseSql from "../../../src/layers/LeaseSql.js"
import { layerMemory } from "../../../src/layers/OperationJournalMemory.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { Lease } from "../../../src/services/Lease.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { leaseLaws } from "../lease/laws.js"
import { over } from "../../cases.js"
import { inFolder } from "./files.js"
import { journalLaws, redeem, states } from "./laws.js"
import { clientInSchema, startPostgres } from "./postgres.js"

const postgres = startPostgres()
console.log(
  `Postgres: ${postgres === undefined ? "none (set TEST_POSTGRES_URL or install postgresql)" : postgres.from}`
)
afterAll(() => postgres?.stop())
if (postgres === undefined) it.skip("the laws on Postgres", () => undefined)

const database = postgres && clientInSchema(postgres)
const journals = {
  memory: layerMemory,
  SQLite: inFolder(OperationJournalSql.layerFile),
  ...(database && { Postgres: Layer.provide(OperationJournalSql.layer, database) })
}

for (const [backend, layer] of Object.entries(journals)) {
  describe(`the journal on ${backend}`, () => {
    for (const [law, check] of Object.entries(journalLaws)) {
      it.effect(law, () => Effect.provide(Effect.flatMap(OperationJournal, check), layer))
    }
  })
}

const leases = {
  memory: LeaseMemory.layer,
  SQLite: inFolder(LeaseSql.layerFile),
  ...(database && { Postgres: Layer.provide(LeaseSql.layer, database) })
}

for (const [backend, layer] of Object.entries(leases)) {
  describe.concurrent(`leases on ${backend}`, () => {
    for (const [law, check] of Object.entries(leaseLaws)) {
      it.live(law, () => Effect.provide(Effect.flatMap(Lease, check), layer))
    }
  })
}

if (database !== undefined) {
  over(database)("many machines bring the tables up to date at once, and one of them advances", function* () {
    const client = Layer.succeed(SqlClient, yield* SqlClient)
    const machine = Effect.provide(OperationJournal, Layer.provide(OperationJournalSql.layer, client))
    const machines = yield* Effect.all(Array.from({ length: 6 }, () => machine))
    const all = <A, E>(act: (journal: OperationJournal["Type"]) => Effect.Effect<A, E>) =>
      Effect.forEach(machines, act, { concurrency: "unbounded" })
    yield* all((journal) => journal.intend(redeem("k")))
    yield* all((journal) => journal.advance("k", states.sent))
    const outcomes = yield* all((journal) => Effect.either(journal.advance("k", states.rejected)))
    assert.lengthOf(outcomes.filter(Either.isRight), 1)
  })
}
