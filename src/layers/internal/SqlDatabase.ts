/**
 * The database of journal, leases and threads. It is opened, and its tables are migrated, when it is first needed.
 *
 * Why not `@effect/sql/Migrator`: on SQLite it takes the write lock at every start; two processes that start together on
 * Postgres can fail, or find no tables; its failures are defects; and its table of versions is another one, which a
 * `codex-account` of before would not refuse.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as SynchronizedRef from "effect/SynchronizedRef"
import * as Fs from "node:fs"
import * as NodePath from "node:path"
import { AccountConfig } from "../../services/AccountConfig.js"
import { perAccount } from "./perAccount.js"
import { journalFile } from "../../services/OperationJournal.js"
import * as SqlClientLibsql from "../SqlClientLibsql.js"

/** `@effect/sql` dies if a transaction can't be committed or rolled back, as on a full disk or a broken connection. */
export const sqlTransaction =
  (sql: SqlClient.SqlClient) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.catchSomeDefect(sql.withTransaction(self), (defect) =>
      defect instanceof SqlError ? Option.some(Effect.fail(defect)) : Option.none()
    )

/** A 64-bit number of the database, which Postgres returns as text. */
export const SqlInteger = Schema.Union(Schema.Number, Schema.NumberFromString)
export const SqlTime = Schema.compose(SqlInteger, Schema.DateTimeUtcFromNumber)

type Migration = (sql: SqlClient.SqlClient) => ReadonlyArray<Effect.Effect<unknown, SqlError>>

const sequence = (sql: SqlClient.SqlClient) =>
  sql.literal(
    sql.onDialectOrElse({
      pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
      orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT"
    })
  )

/** Append only: the version of a database is the number of these that it has seen. */
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
  ],
  (sql) => [
    sql`ALTER TABLE codex_account_operations ADD COLUMN boot TEXT`,
    sql`ALTER TABLE codex_account_operations ADD COLUMN uptime BIGINT`,
    sql`CREATE INDEX codex_account_operations_by_identity ON codex_account_operations (identity, act, sequence)`,
    sql`ALTER TABLE codex_account_leases ADD COLUMN holder TEXT`
  ]
]

const decodeVersions = Schema.decodeUnknown(Schema.Array(Schema.Struct({ version: Schema.NullOr(SqlInteger) })))

/** The version of the database, or null if it is current. Fails for one that a newer version wrote. */
const outdatedVersion = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const [row] = yield* decodeVersions(yield* sql`SELECT MAX(version) AS version FROM codex_account_migrations`)
    const version = row?.version ?? 0
    if (version > migrations.length) {
      return yield* new SqlError({
        message: `It was written by a newer codex-account (version ${version} of its tables, this one knows ${migrations.length}): update`
      })
    }
    return version === migrations.length ? null : version
  }).pipe(Effect.catchTag("ParseError", () => new SqlError({ message: "The version of the database can't be read" })))

const ensureVersionTable = (sql: SqlClient.SqlClient) =>
  sql`CREATE TABLE IF NOT EXISTS codex_account_migrations (
    version INTEGER PRIMARY KEY,
    applied_at BIGINT NOT NULL
  )`

const recordVersion = (sql: SqlClient.SqlClient, version: number) =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => sql`INSERT INTO codex_account_migrations (version, applied_at) VALUES (${version}, ${now})`
  )

const bringUpToDate = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const version = yield* outdatedVersion(sql)
    if (version === null) return
    yield* Effect.forEach(migrations.slice(version), (migration, index) =>
      Effect.all([...migration(sql), recordVersion(sql, version + index + 1)], { discard: true })
    )
  })

/** Brings the tables up to date, in one transaction, and refuses a database that a newer version wrote. */
const migrate = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  sql.onDialectOrElse({
    // Two processes that start together would both create a table.
    pg: () =>
      sqlTransaction(sql)(
        sql`SELECT pg_advisory_xact_lock(7203918)`.pipe(
          Effect.zipRight(ensureVersionTable(sql)),
          Effect.zipRight(bringUpToDate(sql))
        )
      ),
    // Without the write lock where nothing is to be done.
    orElse: () =>
      Effect.zipRight(ensureVersionTable(sql), outdatedVersion(sql)).pipe(
        Effect.flatMap((version) => (version === null ? Effect.void : sqlTransaction(sql)(bringUpToDate(sql))))
      )
  })

/** After a failure to open, the next use tries again. */
export class SqlDatabase extends Context.Tag("effect-codex-account/layers/internal/SqlDatabase")<
  SqlDatabase,
  {
    /** The path of the file; null for a database of the caller's choice. */
    readonly location: string | null
    readonly open: Effect.Effect<SqlClient.SqlClient, SqlError>
    /** None if nothing was ever written, so that reading creates no file and loads no driver. */
    readonly openIfPresent: Effect.Effect<Option.Option<SqlClient.SqlClient>, SqlError>
  }
>() {}

/** The rows of a query, each decoded. None if nothing was ever written. */
export const readRows = <A>(
  { openIfPresent }: SqlDatabase["Type"],
  query: (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<unknown>, SqlError>,
  decode: (row: unknown) => Effect.Effect<A, ParseResult.ParseError>
) =>
  openIfPresent.pipe(
    Effect.flatMap(Option.match({ onNone: () => Effect.succeed([]), onSome: query })),
    Effect.flatMap(Effect.forEach(decode))
  )

/** Succeeds at most once, and again when what it made is no longer `current`. A failure leaves nothing open. */
const once = <A, E>(
  self: Effect.Effect<A, E, Scope.Scope>,
  current: (value: A) => Effect.Effect<boolean, E> = () => Effect.succeed(true)
): Effect.Effect<Effect.Effect<A, E>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const opened = yield* SynchronizedRef.make(Option.none<{ readonly value: A; readonly own: Scope.CloseableScope }>())
    const open = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const own = yield* Scope.make()
        const value = yield* restore(Scope.extend(self, own)).pipe(
          Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
        )
        yield* Scope.addFinalizerExit(scope, (exit) => Scope.close(own, exit))
        return { value, own }
      })
    )
    return SynchronizedRef.modifyEffect(opened, (present) =>
      Effect.gen(function* () {
        if (Option.isSome(present)) {
          if (yield* current(present.value.value)) return [present.value.value, present] as const
          // It may hold locks on the file that is to be opened.
          yield* Scope.close(present.value.own, Exit.void)
        }
        const fresh = yield* open
        return [fresh.value, Option.some(fresh)] as const
      })
    )
  })

export const layer: Layer.Layer<SqlDatabase, never, SqlClient.SqlClient> = perAccount(
  Layer.scoped(
    SqlDatabase,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const open = yield* once(Effect.as(migrate(sql), sql))
      return SqlDatabase.of({ location: null, open, openIfPresent: Effect.asSome(open) })
    })
  ),
  SqlClient.SqlClient
)

/** Which file it is, and whether it has anything in it: another one may have taken its place. Null when there is none. */
const identityOf = (filename: string): string | null => {
  const stat = Fs.statSync(filename, { bigint: true, throwIfNoEntry: false })
  if (stat?.isFile() === false) throw Object.assign(new Error("not a file"), { code: "EISDIR" })
  return stat === undefined ? null : `${stat.dev} ${stat.ino}${stat.size === 0n ? " empty" : ""}`
}

const lookAt = (filename: string): Effect.Effect<string | null, SqlError> =>
  Effect.try({
    try: () => identityOf(filename),
    catch: (cause) => new SqlError({ cause, message: "Its place can't be read" })
  })

const makeFile = Effect.gen(function* () {
  const { codexHome } = yield* AccountConfig
  const filename = NodePath.join(codexHome, journalFile)
  const connect = yield* once(
    Effect.gen(function* () {
      yield* lookAt(filename)
      const sql = yield* SqlClientLibsql.make({ filename })
      yield* migrate(sql)
      return { sql, file: yield* lookAt(filename) }
    }),
    ({ file }) => Effect.map(lookAt(filename), (present) => present === file)
  )
  const open = Effect.map(connect, ({ sql }) => sql)
  return SqlDatabase.of({
    location: filename,
    open,
    openIfPresent: Effect.flatMap(lookAt(filename), (file) =>
      file === null ? Effect.succeedNone : Effect.asSome(open)
    )
  })
})

/** The file `codex-account.sqlite` in `codexHome`: one connection for all its users in a home. */
export const layerFile: Layer.Layer<SqlDatabase, never, AccountConfig> = perAccount(
  Layer.scoped(SqlDatabase, makeFile),
  AccountConfig
)

const meanings: ReadonlyArray<readonly [RegExp, string]> = [
  [/^SQLITE_(BUSY|LOCKED)/, "another process keeps it locked"],
  [/^SQLITE_(CORRUPT|NOTADB)/, "it is damaged"],
  [/^SQLITE_FULL|^ENOSPC|^EDQUOT/, "the disk is full"],
  [/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|^EACCES|^EPERM|^EROFS/, "it can't be opened for writing"],
  [/^ENOTDIR|^EEXIST/, "its folder is not a folder"],
  [/^EISDIR/, "it is not a file"]
]

/** What is wrong with the database, without anything of its contents, which a parse error would quote. */
const problemOf = (error: SqlError | ParseResult.ParseError): string => {
  if (error._tag === "ParseError") return "it holds something that this version does not understand"
  const code = SqlClientLibsql.sqlErrorCode(error)
  const known = meanings.find(([pattern]) => pattern.test(code))
  return known?.[1] ?? (code === "" ? error.message : `${error.message} (${code})`)
}

/** What is wrong with the database, and with which. */
export const describeSqlError = (
  { location }: Pick<SqlDatabase["Type"], "location">,
  error: SqlError | ParseResult.ParseError
): string => `${location === null ? "" : `${location}: `}${problemOf(error)}`
