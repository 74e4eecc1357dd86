/**
 * SQLite as a `SqlClient` of `@effect/sql`, on the synchronous interface of `libsql`.
 *
 * Why not an existing one: `@effect/sql-libsql` hangs for good after a transaction that could not begin, and loses its
 * settings with every transaction; `@effect/sql-sqlite-node` compiles a native module when it is installed, and its
 * transactions fail when there is a second writer.
 *
 * The driver is loaded when the layer is built, not when this module is imported.
 *
 * A prepared statement that `libsql` gives up as busy stays unfinished until it is garbage-collected. Until then nothing
 * that the connection reports as written is committed. Such a connection is closed, and the next statement opens a new
 * one.
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Database } from "libsql"
import * as Fs from "node:fs"
import * as NodePath from "node:path"

export interface LibsqlOptions {
  readonly filename: string
  /** `FULL` puts every commit on the disk before it returns; `NORMAL` may lose the last ones in a power cut. */
  readonly synchronous?: "FULL" | "NORMAL"
  /** How long to retry while another process holds the file. The driver itself does not wait. */
  readonly patience?: Duration.DurationInput
}

/** How long a statement may block the process while another connection holds the file, in milliseconds. */
const busyTimeout = 2

/** The driver's error code, such as `SQLITE_BUSY` or, from another database, `ECONNREFUSED`. */
export const sqlErrorCode = (error: SqlError): string =>
  Predicate.hasProperty(error.cause, "code") && Predicate.isString(error.cause.code) ? error.cause.code : ""

/** Whether another connection holds the file. */
export const isBusy = (error: SqlError): boolean => /^SQLITE_(BUSY|LOCKED)/.test(sqlErrorCode(error))

const failed = (message: string) => (cause: unknown) => new SqlError({ cause, message })

/**
 * Makes the file and its folder, and sets their modes. Synchronous: closing a file drops the locks that SQLite holds on it
 * for the whole process, so that no statement may run in between.
 */
const prepareFile = (filename: string): void => {
  Fs.mkdirSync(NodePath.dirname(filename), { recursive: true, mode: 0o700 })
  if (!Fs.existsSync(filename)) {
    try {
      Fs.closeSync(Fs.openSync(filename, "wx", 0o600))
      return
    } catch (error) {
      // Another process was first.
      if (!Predicate.hasProperty(error, "code") || error.code !== "EEXIST") throw error
    }
  }
  for (const file of [filename, `${filename}-wal`, `${filename}-shm`]) {
    try {
      if ((Fs.statSync(file).mode & 0o077) !== 0) Fs.chmodSync(file, 0o600)
    } catch {
      // There is no such file, or the file system has no modes.
    }
  }
}

/** Loads the driver, on the first call; the file is opened at the first statement. */
const openSqlite = ({ filename, synchronous = "FULL" }: LibsqlOptions) =>
  Effect.gen(function* () {
    const { default: Libsql } = yield* Effect.tryPromise({
      try: () => import("libsql"),
      catch: failed("The SQLite driver can't be loaded")
    })
    // Changed only together with the synchronous driver.
    let open: Database | undefined
    let isTainted = false

    const database = (): Database => {
      if (open !== undefined) return open
      if (filename !== ":memory:") prepareFile(filename)
      const fresh = new Libsql(filename)
      try {
        fresh.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
        fresh.exec("PRAGMA journal_mode = WAL")
        fresh.exec(`PRAGMA synchronous = ${synchronous}`)
        fresh.exec("PRAGMA foreign_keys = ON")
      } catch (error) {
        fresh.close()
        throw error
      }
      open = fresh
      return fresh
    }
    const close = Effect.sync(() => {
      open?.close()
      open = undefined
      isTainted = false
    })
    const closeIfTainted = Effect.suspend(() =>
      isTainted && open !== undefined && !open.inTransaction ? close : Effect.void
    )
    yield* Effect.addFinalizer(() => close)

    return {
      /** Runs one prepared statement: its rows, or what the driver says of a statement without any. */
      run: (sql: string, params: ReadonlyArray<unknown>, asArrays: boolean, bigIntegers: boolean) =>
        Effect.try({
          try: (): unknown => {
            const statement = database().prepare(sql)
            if (bigIntegers) statement.safeIntegers(true)
            if (!statement.reader) return statement.run([...params])
            return (asArrays ? statement.raw(true) : statement).all([...params])
          },
          catch: failed("A statement failed")
        }).pipe(
          Effect.tapError((error) =>
            isBusy(error)
              ? Effect.suspend(() => {
                  isTainted = true
                  return closeIfTainted
                })
              : Effect.void
          )
        ),
      /** Runs a statement without parameters and without rows. */
      exec: (sql: string) => Effect.try({ try: () => void database().exec(sql), catch: failed("A statement failed") }),
      /** Ends the transaction, if there is one. */
      rollback: Effect.try({
        try: () => {
          if (open?.inTransaction === true) open.exec("ROLLBACK")
        },
        catch: failed("A transaction could not be rolled back")
      }).pipe(Effect.zipRight(closeIfTainted))
    }
  })

const beginTransaction = "BEGIN IMMEDIATE"
const commit = "COMMIT"
const rollback = "ROLLBACK"
const isSavepoint = /^(ROLLBACK TO )?SAVEPOINT /

type SqliteHandle = Effect.Effect.Success<ReturnType<typeof openSqlite>>
type Around = <A>(self: Effect.Effect<A, SqlError>) => Effect.Effect<A, SqlError>

const connectionOf = (handle: SqliteHandle, begin: Effect.Effect<void, SqlError>, around: Around): Connection => {
  const statement = (sql: string, params: ReadonlyArray<unknown>, asArrays: boolean) =>
    Effect.flatMap(SqlClient.SafeIntegers, (bigIntegers) => around(handle.run(sql, params, asArrays, bigIntegers)))
  // A statement without rows results in facts about itself.
  const rows = (sql: string, params: ReadonlyArray<unknown>, asArrays = false) =>
    Effect.map(statement(sql, params, asArrays), (result) => (Array.isArray(result) ? result : []))
  const execute: Connection["execute"] = (sql, params, transformRows) =>
    transformRows === undefined ? rows(sql, params) : Effect.map(rows(sql, params), transformRows)

  return {
    execute,
    executeRaw: (sql, params) => statement(sql, params, false),
    executeValues: (sql, params) => rows(sql, params, true),
    executeUnprepared: (sql, params, transformRows) => {
      // The end of a transaction leaves none open, even if none could begin.
      if (sql === beginTransaction) return Effect.as(begin, [])
      if (sql === commit) {
        return handle.exec(sql).pipe(
          Effect.onError(() => Effect.ignore(handle.rollback)),
          Effect.as([])
        )
      }
      if (sql === rollback) return Effect.as(handle.rollback, [])
      if (isSavepoint.test(sql)) return Effect.as(handle.exec(sql), [])
      return execute(sql, params, transformRows)
    },
    executeStream: () => Effect.dieMessage("Rows can't be streamed from this driver.")
  }
}

/**
 * A busy file is retried for `patience` (5 s), then fails. A transaction takes the write lock when it begins, and begins
 * even in a fiber that is being interrupted, which may have to record something. Statements outside of a transaction wait
 * for the one that is running.
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

export const layer = (options: LibsqlOptions): Layer.Layer<SqlClient.SqlClient, SqlError> =>
  Layer.scoped(SqlClient.SqlClient, make(options))
