/**
 * The journal in a SQL database: the same statements on SQLite, the default, and on Postgres, for many machines.
 *
 * Every change is one transaction that is on the disk before it is reported. A state is advanced by compare-and-set in one
 * statement, so that only one of two processes takes a step that can be taken once.
 */
import { SqlClient } from "@effect/sql/SqlClient"
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
import { AccountConfig } from "../services/AccountConfig.js"
import { JournalError, OperationJournal } from "../services/OperationJournal.js"
import { Machine } from "./internal/machine.js"
import { perAccount } from "./internal/perAccount.js"
import * as SqlDatabase from "./internal/SqlDatabase.js"

/**
 * How many operations of an identity and an act are kept, once they have a definite outcome. Open ones are kept for ever.
 * Age does not count: a clock that is wrong once would empty the journal.
 */
const keptCount = 1000

const definite = ["succeeded", "rejected", "abandoned"]
const states = { open: ["sent", "unknown"], succeeded: ["succeeded"] } as const

/** By how much the clock may be off, as when it is set by the network. */
const toleratedMillis = 60_000

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
  updated_at: SqlDatabase.SqlTime,
  boot: Schema.NullOr(Schema.String),
  uptime: Schema.NullOr(SqlDatabase.SqlInteger)
})
const decodeRow = Schema.decodeUnknown(Row)
const decodeState = Schema.decodeUnknown(OperationState)

const operationOf = (row: unknown) =>
  Effect.gen(function* () {
    const { act, boot, created_at, detail, identity, operation_key, state, target, updated_at, uptime } =
      yield* decodeRow(row)
    const machine = yield* Machine
    // Within one run of the system its uptime tells the age, if the clock was wrong then or is wrong now.
    const byUptime =
      boot === null || uptime === null || boot !== machine.boot
        ? updated_at
        : DateTime.subtract(yield* DateTime.now, { millis: Math.max(0, machine.uptimeMillis() - uptime) })
    const isOff = Math.abs(DateTime.distance(updated_at, byUptime)) > toleratedMillis
    return new Operation({
      key: operation_key,
      act,
      identity,
      target,
      state: yield* decodeState({ _tag: state, outcome: detail, reason: detail }),
      createdAt: created_at,
      updatedAt: isOff ? byUptime : updated_at
    })
  })

const detailOf = (state: OperationState): string | null => {
  if (Predicate.hasProperty(state, "outcome")) return state.outcome
  return Predicate.hasProperty(state, "reason") ? state.reason : null
}

const prune = (sql: SqlClient, { act, identity }: Pick<Operation, "act" | "identity">) => {
  const ended = sql`identity = ${identity} AND act = ${act} AND ${sql.in("state", definite)}`
  return sql`DELETE FROM codex_account_operations WHERE ${ended} AND sequence <= (
    SELECT sequence FROM codex_account_operations WHERE ${ended} ORDER BY sequence DESC LIMIT 1 OFFSET ${keptCount}
  )`
}

const stamp = Effect.map(Machine, ({ boot, uptimeMillis }) => ({ boot, uptime: boot === null ? null : uptimeMillis() }))

const make = Effect.gen(function* () {
  const database = yield* SqlDatabase.SqlDatabase

  const unavailable = (key: string | null) =>
    Effect.mapError((error: JournalError | ParseResult.ParseError | SqlError) =>
      error._tag === "JournalError"
        ? error
        : new JournalError({ reason: "Unavailable", key, detail: SqlDatabase.describeSqlError(database, error) })
    )

  const intend: OperationJournal["Type"]["intend"] = Effect.fnUntraced(
    function* ({ act, identity, key, target }) {
      const sql = yield* database.open
      return yield* SqlDatabase.sqlTransaction(sql)(
        Effect.gen(function* () {
          const now = yield* DateTime.now
          const time = DateTime.toEpochMillis(now)
          const row = { operation_key: key, act, identity: identity.key, target, state: "intended" }
          const [inserted] = yield* sql`INSERT INTO codex_account_operations
            ${sql.insert({ ...row, created_at: time, updated_at: time, ...(yield* stamp) })}
            ON CONFLICT (operation_key) DO NOTHING RETURNING *`
          if (inserted !== undefined) {
            yield* prune(sql, { act, identity: identity.key })
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

  const advance: OperationJournal["Type"]["advance"] = Effect.fnUntraced(
    function* (key, state) {
      const from = predecessors(state._tag)
      if (from.length === 0) return yield* new JournalError({ reason: "Transition", key })
      const sql = yield* database.open
      const now = DateTime.toEpochMillis(yield* DateTime.now)
      const { boot, uptime } = yield* stamp
      const [updated] = yield* SqlDatabase.sqlTransaction(sql)(
        sql`UPDATE codex_account_operations
          SET state = ${state._tag}, detail = ${detailOf(state)}, updated_at = ${now}, boot = ${boot}, uptime = ${uptime}
          WHERE operation_key = ${key} AND ${sql.in("state", from)} RETURNING *`
      )
      if (updated === undefined) return yield* new JournalError({ reason: "Transition", key })
      return yield* operationOf(updated)
    },
    (effect, key) => unavailable(key)(effect)
  )

  /** By the uptime for what was written since the boot, by the clock for the rest. */
  const isWithin = (sql: SqlClient, time: Duration.Duration) =>
    Effect.zipWith(DateTime.now, Machine, (now, { boot, uptimeMillis }) => {
      const millis = Duration.toMillis(time)
      const byClock = sql`updated_at BETWEEN ${now.epochMillis - millis} AND ${now.epochMillis}`
      return boot === null
        ? byClock
        : sql`(boot = ${boot} AND uptime >= ${uptimeMillis() - millis} OR (boot IS NULL OR boot <> ${boot}) AND ${byClock})`
    })

  const read = (key: string | null, rows: (sql: SqlClient) => Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
    unavailable(key)(SqlDatabase.readRows(database, rows, operationOf))

  return OperationJournal.of({
    intend,
    advance,
    find: Effect.fn("codex.OperationJournal.find")((key: string) =>
      Effect.map(
        read(key, (sql) => sql`SELECT * FROM codex_account_operations WHERE operation_key = ${key}`),
        ([operation]) => Option.fromNullable(operation)
      )
    ),
    list: Effect.fn("codex.OperationJournal.list")((filter = {}) =>
      read(null, (sql) =>
        Effect.gen(function* () {
          const wanted = [
            ...(filter.act === undefined ? [] : [sql`act = ${filter.act}`]),
            ...(filter.identity === undefined ? [] : [sql`identity = ${filter.identity.key}`]),
            ...(filter.target === undefined ? [] : [sql`target = ${filter.target}`]),
            ...(filter.state === undefined ? [] : [sql.in("state", states[filter.state])]),
            ...(filter.within === undefined ? [] : [yield* isWithin(sql, filter.within)])
          ]
          return yield* sql`SELECT * FROM codex_account_operations WHERE ${sql.and(wanted)} ORDER BY sequence DESC
          ${filter.limit === undefined ? sql.literal("") : sql`LIMIT ${filter.limit}`}`
        })
      )
    )
  })
})

/**
 * Over a database of the caller's choice, which is first used with the journal.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<OperationJournal, never, SqlClient> = perAccount(
  Layer.effect(OperationJournal, make).pipe(Layer.provide(SqlDatabase.layer)),
  SqlClient
)

/**
 * In `codex-account.sqlite` in `codexHome`, which is created with the first intent.
 * @since 0.1.0
 * @category layers
 */
export const layerFile: Layer.Layer<OperationJournal, never, AccountConfig> = perAccount(
  Layer.effect(OperationJournal, make).pipe(Layer.provide(SqlDatabase.layerFile)),
  AccountConfig
)
