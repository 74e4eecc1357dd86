/** The same laws on a real Postgres, where there is one. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { SqlClient } from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as LeaseSql from "../../../src/layers/LeaseSql.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { Lease } from "../../../src/services/Lease.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { leaseLaws } from "../lease/laws.js"
import { journalLaws, redeem, states } from "./laws.js"
import { clientInSchema, startPostgres } from "./postgres.js"

const postgres = startPostgres()
console.log(
  postgres === undefined
    ? "journal and leases: memory and SQLite (no Postgres: set TEST_POSTGRES_URL or install postgresql)"
    : `journal and leases: memory, SQLite and Postgres (${postgres.from})`
)
afterAll(() => postgres?.stop())

if (postgres === undefined) it.skip("the laws on Postgres", () => undefined)
else {
  const database = clientInSchema(postgres)
  const journal = OperationJournalSql.layer.pipe(Layer.provide(database))
  const lease = LeaseSql.layer.pipe(Layer.provide(database))

  describe("the journal on Postgres", () => {
    for (const [law, check] of Object.entries(journalLaws)) {
      it.effect(law, () => Effect.provide(Effect.flatMap(OperationJournal, check), journal))
    }

    it.effect("many machines bring the tables up to date at once, and one of them advances", () =>
      Effect.gen(function* () {
        const client = yield* SqlClient
        const machine = Effect.provide(
          OperationJournal,
          OperationJournalSql.layer.pipe(Layer.provide(Layer.succeed(SqlClient, client)))
        )
        const machines = yield* Effect.all(Array.from({ length: 6 }, () => machine))
        yield* Effect.forEach(machines, (journal) => journal.intend(redeem("k")), { concurrency: "unbounded" })
        yield* Effect.forEach(machines, (journal) => journal.advance("k", states.sent), { concurrency: "unbounded" })
        const outcomes = yield* Effect.forEach(
          machines,
          (journal) => Effect.either(journal.advance("k", states.rejected)),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(outcomes.filter(Either.isRight), 1)
      }).pipe(Effect.provide(database))
    )
  })

  describe.concurrent("leases on Postgres", () => {
    for (const [law, check] of Object.entries(leaseLaws)) {
      it.live(law, () => Effect.provide(Effect.flatMap(Lease, check), lease))
    }
  })
}
