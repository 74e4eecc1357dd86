/**
 * The journal in a SQL database: the same statements on SQLite, the default, and on Postgres, for many machines.
 *
 * Every change is one transaction that is on the disk before it is reported. A state is advanced by compare-and-set in one
 * statement, so that only one of two processes takes a step that can be taken once.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Act, Operation, OperationState, transitions } from "../domain/Operation.js"
import type { AccountConfig } from "../services/AccountConfig.js"
import { JournalError, OperationJournal } from "../services/OperationJournal.js"
import * as SqlDatabase from "./internal/SqlDatabase.js"

/** How long, and how many, operations with a definite outcome are kept. Open ones are kept for ever. */
const keptFor = Duration.days(90)
const keptCount = 1000

const definite = ["succeeded", "rejected", "abandoned"]
const open = ["sent", "unknown"]

const predecessors = (state: OperationState["_tag"]) =>
  Struct.keys(transitions).filter((before) => transitions[before].includes(state))

const Row = Schema.Struct({
  operation_key: Schema.String,
  act: Act,
  identity: Schema.String,
  target: Schema.NullOr(Schema.String),
  state: Schema.String,
  detail: Schema.NullOr(Schema.String),
  created_at: SqlDatabase.SqlTime,
  updated_at: SqlDatabase.SqlTime
})
const decodeRow = Schema.decodeUnknown(Row)
const decodeState = Schema.decodeUnknown(OperationState)

const operationOf = (row: unknown) =>
  Effect.gen(function* () {
    const { act, created_at, detail, identity, operation_key, state, target, updated_at } = yield* decodeRow(row)
    return new Operation({
      key: operation_key,
      act,
      identity,
      target,
      state: yield* decodeState({ _tag: state, outcome: detail, reason: detail }),
      createdAt: created_at,
      updatedAt: updated_at
    })
  })

const detailOf = (state: OperationState): string | null => {
  if (Predicate.hasProperty(state, "outcome")) return state.outcome
  return Predicate.hasProperty(state, "reason") ? state.reason : null
}

const prune = (sql: SqlClient, now: DateTime.Utc) =>
  sql`DELETE FROM codex_account_operations WHERE ${sql.in("state", definite)} AND (
    updated_at < ${DateTime.toEpochMillis(DateTime.subtractDuration(now, keptFor))}
    OR sequence <= (SELECT sequence FROM codex_account_operations WHERE ${sql.in("state", definite)}
      ORDER BY sequence DESC LIMIT 1 OFFSET ${keptCount})
  )`

const make = Effect.gen(function* () {
  const database = yield* SqlDatabase.SqlDatabase

  const unavailable = (key: string | null) =>
    Effect.mapError((error: JournalError | ParseResult.ParseError | SqlError) =>
      error._tag === "JournalError"
        ? error
        : new JournalError({ reason: "Unavailable", key, detail: SqlDatabase.describeSqlError(error) })
    )

  const intend: OperationJournal["Type"]["intend"] = Effect.fn("OperationJournal.intend")(
    function* ({ act, identity, key, target }) {
      const sql = yield* database.open
      return yield* SqlDatabase.sqlTransaction(sql)(
        Effect.gen(function* () {
          const now = yield* DateTime.now
          const time = DateTime.toEpochMillis(now)
          const row = { operation_key: key, act, identity: identity.key, target, state: "intended" }
          const [inserted] = yield* sql`INSERT INTO codex_account_operations
            ${sql.insert({ ...row, created_at: time, updated_at: time })}
            ON CONFLICT (operation_key) DO NOTHING RETURNING *`
          if (inserted !== undefined) {
            yield* prune(sql, now)
            return yield* operationOf(inserted)
          }
          const [present] = yield* sql`SELECT * FROM codex_account_operations WHERE operation_key = ${key}`
          const operation = yield* operationOf(present)
          if (operation.act !== act || operation.identity !== identity.key || operation.target !== target) {
            return yield* new JournalError({ reason: "InUse", key })
          }
          return operation
        })
      )
    },
    (effect, { key }) => unavailable(key)(effect)
  )

  const advance: OperationJournal["Type"]["advance"] = Effect.fn("OperationJournal.advance")(
    function* (key, state) {
      const from = predecessors(state._tag)
      if (from.length === 0) return yield* new JournalError({ reason: "Transition", key })
      const sql = yield* database.open
      const now = DateTime.toEpochMillis(yield* DateTime.now)
      const [updated] = yield* SqlDatabase.sqlTransaction(sql)(
        sql`UPDATE codex_account_operations
          SET state = ${state._tag}, detail = ${detailOf(state)}, updated_at = ${now}
          WHERE operation_key = ${key} AND ${sql.in("state", from)} RETURNING *`
      )
      if (updated === undefined) return yield* new JournalError({ reason: "Transition", key })
      return yield* operationOf(updated)
    },
    (effect, key) => unavailable(key)(effect)
  )

  const read = (key: string | null, rows: (sql: SqlClient) => Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
    unavailable(key)(SqlDatabase.readRows(database, rows, operationOf))

  return OperationJournal.of({
    intend,
    advance,
    find: Effect.fn("OperationJournal.find")((key: string) =>
      Effect.map(
        read(key, (sql) => sql`SELECT * FROM codex_account_operations WHERE operation_key = ${key}`),
        ([operation]) => Option.fromNullable(operation)
      )
    ),
    list: Effect.fn("OperationJournal.list")((filter = {}) =>
      read(null, (sql) => {
        const wanted = [
          ...(filter.act === undefined ? [] : [sql`act = ${filter.act}`]),
          ...(filter.identity === undefined ? [] : [sql`identity = ${filter.identity.key}`]),
          ...(filter.open === undefined
            ? []
            : [filter.open ? sql.in("state", open) : sql`NOT ${sql.in("state", open)}`])
        ]
        return sql`SELECT * FROM codex_account_operations WHERE ${sql.and(wanted)} ORDER BY sequence DESC`
      })
    )
  })
})

/**
 * Over a database of the caller's choice, which is first used with the journal.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<OperationJournal, never, SqlClient> = Layer.effect(OperationJournal, make).pipe(
  Layer.provide(SqlDatabase.layer)
)

/**
 * In `codex-account.sqlite` in `codexHome`, which is created with the first intent.
 * @since 0.1.0
 * @category layers
 */
export const layerFile: Layer.Layer<OperationJournal, never, AccountConfig> = Layer.effect(OperationJournal, make).pipe(
  Layer.provide(SqlDatabase.layerFile)
)
