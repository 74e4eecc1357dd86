/** The tables of journal, leases and threads, and their versions. */
import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { sqlTransaction } from "./sqlTransaction.js"

type Migration = (sql: SqlClient) => ReadonlyArray<Effect.Effect<unknown, SqlError>>

const sequence = (sql: SqlClient) =>
  sql.literal(
    sql.onDialectOrElse({
      pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
      orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT"
    })
  )

/**
 * Only ever added to: the version of a database is how many of these it has seen.
 */
const migrations: ReadonlyArray<Migration> = [
  (sql) => [
    sql`CREATE TABLE codex_account_operations (
      sequence ${sequence(sql)},
      operation_key TEXT NOT NULL UNIQUE,
      act TEXT NOT NULL,
      identity TEXT NOT NULL,
      target TEXT,
      state TEXT NOT NULL,
      detail TEXT,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL
    )`,
    sql`CREATE INDEX codex_account_operations_by_state ON codex_account_operations (state, sequence)`,
    sql`CREATE TABLE codex_account_leases (
      name TEXT PRIMARY KEY,
      fence BIGINT NOT NULL,
      beats BIGINT NOT NULL,
      time_to_live BIGINT NOT NULL,
      expires_at BIGINT NOT NULL
    )`
  ],
  (sql) => [
    sql`CREATE TABLE codex_account_threads (
      sequence ${sequence(sql)},
      thread_id TEXT NOT NULL UNIQUE,
      session_id TEXT NOT NULL,
      source TEXT NOT NULL,
      source_kind TEXT NOT NULL,
      originator TEXT,
      thread_source TEXT,
      cwd TEXT NOT NULL,
      name TEXT,
      model_provider TEXT NOT NULL,
      model TEXT,
      cli_version TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL
    )`,
    sql`CREATE INDEX codex_account_threads_by_creation ON codex_account_threads (created_at, thread_id)`,
    sql`CREATE INDEX codex_account_threads_by_update ON codex_account_threads (updated_at, thread_id)`
  ]
]

/** A number of the database's 64 bits, which Postgres gives as text. */
export const SqlInteger = Schema.Union(Schema.Number, Schema.NumberFromString)

const Found = Schema.Array(Schema.Struct({ found: Schema.NullOr(SqlInteger) }))

const numberOf = (rows: Effect.Effect<unknown, SqlError>): Effect.Effect<number, SqlError> =>
  rows.pipe(
    Effect.flatMap(Schema.decodeUnknown(Found)),
    Effect.map(([row]) => row?.found ?? 0),
    Effect.catchTag("ParseError", () => new SqlError({ message: "The version of the database can't be read" }))
  )

const recorded = (sql: SqlClient): Effect.Effect<number, SqlError> =>
  numberOf(sql`SELECT MAX(version) AS found FROM codex_account_migrations`)

const versionOf = (sql: SqlClient): Effect.Effect<number, SqlError> =>
  Effect.if(
    Effect.map(
      numberOf(
        sql.onDialectOrElse({
          pg: () => sql`SELECT CASE WHEN to_regclass('codex_account_migrations') IS NULL THEN 0 ELSE 1 END AS found`,
          orElse: () => sql`SELECT COUNT(*) AS found FROM sqlite_master
            WHERE type = 'table' AND name = 'codex_account_migrations'`
        })
      ),
      (tables) => tables > 0
    ),
    { onTrue: () => recorded(sql), onFalse: () => Effect.succeed(0) }
  )

const upToDate = (version: number): Effect.Effect<boolean, SqlError> =>
  version > migrations.length
    ? new SqlError({
        message: `It was written by a newer codex-account (version ${version} of its tables, this one knows ${migrations.length}): update`
      })
    : Effect.succeed(version === migrations.length)

const bringUpToDate = (sql: SqlClient): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    // SQLite holds its write lock by now. On Postgres two at once can't both create a table.
    yield* sql.onDialectOrElse({
      pg: () => sql`SELECT pg_advisory_xact_lock(7203918)`,
      orElse: () => Effect.void
    })
    yield* sql`CREATE TABLE IF NOT EXISTS codex_account_migrations (
      version INTEGER PRIMARY KEY,
      applied_at BIGINT NOT NULL
    )`
    // From the table, not from the catalog: Postgres may still remember that there was no such table.
    const version = yield* recorded(sql)
    if (yield* upToDate(version)) return
    for (const [index, migration] of migrations.entries()) {
      if (index < version) continue
      yield* Effect.all(migration(sql), { discard: true })
      const now = yield* Clock.currentTimeMillis
      yield* sql`INSERT INTO codex_account_migrations (version, applied_at) VALUES (${index + 1}, ${now})`
    }
  })

/** Brings the tables up to date, in one transaction, and refuses what a newer version wrote. */
export const migrate = (sql: SqlClient): Effect.Effect<void, SqlError> =>
  Effect.flatMap(Effect.flatMap(versionOf(sql), upToDate), (done) =>
    done ? Effect.void : sqlTransaction(sql)(bringUpToDate(sql))
  )
