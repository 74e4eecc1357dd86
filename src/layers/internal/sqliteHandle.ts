/**
 * One open SQLite file, and the file itself: mode 0600, write-ahead log, every commit on the disk.
 *
 * A prepared statement that `libsql` gives up as busy stays unfinished until it is garbage-collected, and until then
 * nothing that the connection reports as written is committed. Such a connection is closed, and the next use opens
 * another one.
 */
import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Scope } from "effect/Scope"
import type { Database } from "libsql"
import * as Fs from "node:fs"
import * as NodePath from "node:path"

/**
 * How long a statement may hold up the process while another connection holds the file, in milliseconds.
 */
const busyTimeout = 2

export interface SqliteOptions {
  readonly filename: string
  /** `FULL` puts every commit on the disk before it returns; `NORMAL` may lose the last ones in a power cut. */
  readonly synchronous?: "FULL" | "NORMAL"
}

export interface SqliteHandle {
  /** Runs one prepared statement: its rows, or what the driver says of a statement without any. */
  readonly run: (sql: string, params: ReadonlyArray<unknown>, mode: StatementMode) => Effect.Effect<unknown, SqlError>
  /** Runs a statement without parameters and without rows. */
  readonly exec: (sql: string) => Effect.Effect<void, SqlError>
  /** Ends the transaction, if there is one. */
  readonly rollback: Effect.Effect<void, SqlError>
}

export interface StatementMode {
  readonly asArrays: boolean
  readonly bigIntegers: boolean
}

/** The driver's error code, such as `SQLITE_BUSY` or, from another database, `ECONNREFUSED`. */
export const sqlErrorCode = (error: SqlError): string =>
  Predicate.hasProperty(error.cause, "code") && Predicate.isString(error.cause.code) ? error.cause.code : ""

export const isBusy = (error: SqlError): boolean => /^SQLITE_(BUSY|LOCKED)/.test(sqlErrorCode(error))

const failed = (message: string) => (cause: unknown) => new SqlError({ cause, message })

/**
 * The file, its folder and its modes. Done in one go: closing a file of one's own drops the locks that SQLite holds on
 * it for the whole process, so that nothing may happen in between.
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
export const openSqlite = ({
  filename,
  synchronous = "FULL"
}: SqliteOptions): Effect.Effect<SqliteHandle, SqlError, Scope> =>
  Effect.gen(function* () {
    const { default: Libsql } = yield* Effect.tryPromise({
      try: () => import("libsql"),
      catch: failed("The SQLite driver can't be loaded")
    })
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
      run: (sql, params, { asArrays, bigIntegers }) =>
        Effect.try({
          try: () => {
            const statement = database().prepare(sql)
            if (bigIntegers) statement.safeIntegers(true)
            if (!statement.reader) return statement.run([...params])
            return (asArrays ? statement.raw(true) : statement).all([...params])
          },
          catch: failed("A statement failed")
        }).pipe(
          Effect.tapError((error) =>
            isBusy(error)
              ? Effect.zipRight(
                  Effect.sync(() => (isTainted = true)),
                  closeIfTainted
                )
              : Effect.void
          )
        ),
      exec: (sql) => Effect.try({ try: () => void database().exec(sql), catch: failed("A statement failed") }),
      rollback: Effect.try({
        try: () => {
          if (open?.inTransaction === true) open.exec("ROLLBACK")
        },
        catch: failed("A transaction could not be rolled back")
      }).pipe(Effect.zipRight(closeIfTainted))
    }
  })
