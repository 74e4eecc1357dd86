/**
 * SQLite as a `SqlClient` of `@effect/sql`, on the synchronous interface of `libsql`.
 *
 * Why not a ready one: `@effect/sql-libsql` hangs for good after a transaction that could not begin, and forgets its
 * settings with every transaction; `@effect/sql-sqlite-node` compiles a native module on installation, and begins
 * transactions that a second writer makes fail.
 *
 * The driver is loaded when the layer is built, not when this module is imported.
 *
 * @since 0.1.0
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { isBusy, openSqlite, type SqliteHandle, type SqliteOptions } from "./internal/sqliteHandle.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface LibsqlOptions extends SqliteOptions {
  /** How long to try again while another process holds the file. Nothing waits in the driver meanwhile. */
  readonly patience?: Duration.DurationInput
}

const beginTransaction = "BEGIN IMMEDIATE"
const commit = "COMMIT"
const rollback = "ROLLBACK"
const isSavepoint = /^(ROLLBACK TO )?SAVEPOINT /

type Around = <A>(self: Effect.Effect<A, SqlError>) => Effect.Effect<A, SqlError>

const connectionOf = (handle: SqliteHandle, begin: Effect.Effect<void, SqlError>, around: Around): Connection => {
  const statement = (sql: string, params: ReadonlyArray<unknown>, asArrays: boolean) =>
    Effect.flatMap(SqlClient.SafeIntegers, (bigIntegers) => around(handle.run(sql, params, { asArrays, bigIntegers })))
  // What a statement without rows gives is about the statement.
  const rows = (sql: string, params: ReadonlyArray<unknown>, asArrays = false) =>
    Effect.map(statement(sql, params, asArrays), (result) => (Array.isArray(result) ? result : []))
  const execute: Connection["execute"] = (sql, params, transformRows) =>
    transformRows === undefined ? rows(sql, params) : Effect.map(rows(sql, params), transformRows)

  return {
    execute,
    executeRaw: (sql, params) => statement(sql, params, false),
    executeValues: (sql, params) => rows(sql, params, true),
    executeUnprepared: (sql, params, transformRows) => {
      // What ends a transaction leaves none behind, also where none could begin.
      if (sql === beginTransaction) return Effect.as(begin, [])
      if (sql === commit)
        return Effect.as(
          Effect.onError(handle.exec(sql), () => Effect.ignore(handle.rollback)),
          []
        )
      if (sql === rollback) return Effect.as(handle.rollback, [])
      if (isSavepoint.test(sql)) return Effect.as(handle.exec(sql), [])
      return execute(sql, params, transformRows)
    },
    executeStream: () => Effect.dieMessage("Rows can't be streamed from this driver.")
  }
}

/**
 * A busy file is tried again for `patience` (5 s), then fails. A transaction takes the write lock when it begins, and
 * begins also in a fiber that is being interrupted: what must be recorded then can be.
 * Statements outside of a transaction wait for the one that is running.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({
  patience = Duration.seconds(5),
  ...options
}: LibsqlOptions): Effect.Effect<SqlClient.SqlClient, SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    const handle = yield* openSqlite(options)
    const turn = yield* Effect.makeSemaphore(1)
    const again = Schedule.spaced("10 millis").pipe(Schedule.jittered, Schedule.upTo(patience))
    const whilePatient: Around = (self) => Effect.retry(self, { schedule: again, while: isBusy })

    const begin = whilePatient(handle.exec(beginTransaction))
    const alone = connectionOf(handle, begin, (self) => turn.withPermits(1)(whilePatient(self)))
    const inTransaction = connectionOf(handle, begin, (self) => self)

    return yield* SqlClient.make({
      acquirer: Effect.succeed(alone),
      transactionAcquirer: Effect.uninterruptibleMask((restore) =>
        restore(turn.take(1)).pipe(
          Effect.zipRight(Effect.addFinalizer(() => turn.release(1))),
          Effect.as(inTransaction)
        )
      ),
      compiler: Statement.makeCompilerSqlite(),
      spanAttributes: [["db.system.name", "sqlite"]],
      beginTransaction,
      commit,
      rollback
    }).pipe(Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make))
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: LibsqlOptions): Layer.Layer<SqlClient.SqlClient, SqlError> =>
  Layer.scoped(SqlClient.SqlClient, make(options))
