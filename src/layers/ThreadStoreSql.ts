/** Threads in a SQL database, beside the journal: the same statements on SQLite and on Postgres. */
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { SessionSource, sourceKind, Thread, ThreadId, type ThreadQuery } from "../domain/Thread.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { keptThreads, ThreadStore, ThreadStoreError } from "../services/ThreadStore.js"
import { perAccount } from "./internal/perAccount.js"
import * as SqlDatabase from "./internal/SqlDatabase.js"

const Text = Schema.NullOr(Schema.String)
const StoredSource = Schema.parseJson(SessionSource)

const Row = Schema.Struct({
  thread_id: ThreadId,
  session_id: Schema.String,
  source: StoredSource,
  originator: Text,
  thread_source: Text,
  cwd: Schema.String,
  name: Text,
  model_provider: Schema.String,
  model: Text,
  cli_version: Schema.String,
  created_at: SqlDatabase.SqlTime,
  updated_at: SqlDatabase.SqlTime
})
const decodeRow = Schema.decodeUnknown(Row)
const encodeSource = Schema.encode(StoredSource)

const threadOf = (row: unknown) =>
  Effect.map(
    decodeRow(row),
    (row) =>
      new Thread({
        id: row.thread_id,
        sessionId: row.session_id,
        source: row.source,
        originator: row.originator,
        threadSource: row.thread_source,
        cwd: row.cwd,
        name: row.name,
        modelProvider: row.model_provider,
        model: row.model,
        cliVersion: row.cli_version,
        createdAt: row.created_at,
        updatedAt: row.updated_at
      })
  )

const columns = { createdAt: "created_at", updatedAt: "updated_at" } as const

/** A `LIKE` pattern that matches the text itself, anywhere. */
const anywhere = (text: string): string => `%${text.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`

const rowsOf = (sql: SqlClient, query: ThreadQuery) => {
  const { after, direction, excluded, folders, included, kinds, limit, providers, search, sortBy } = query
  const time = sql(columns[sortBy])
  const [order, beyond] =
    direction === "asc" ? [sql.literal("ASC"), sql.literal(">")] : [sql.literal("DESC"), sql.literal("<")]
  const among = (column: string, values: ReadonlyArray<string>) => (values.length === 0 ? [] : [sql.in(column, values)])
  const wanted = sql.and([
    ...among("source_kind", kinds),
    ...among("model_provider", providers),
    ...among("cwd", folders),
    ...(included === null ? [] : [sql.in("thread_id", included)]),
    ...(excluded.length === 0 ? [] : [sql`NOT ${sql.in("thread_id", excluded)}`]),
    ...(search === null ? [] : [sql`LOWER(name) LIKE ${anywhere(search)} ESCAPE '\\'`]),
    ...(after === null
      ? []
      : [sql`(${time}, thread_id) ${beyond} (${DateTime.toEpochMillis(after.time)}, ${after.id})`])
  ])
  return sql`SELECT * FROM codex_account_threads WHERE ${wanted}
    ORDER BY ${time} ${order}, thread_id ${order} LIMIT ${limit}`
}

const make = Effect.gen(function* () {
  const database = yield* SqlDatabase.SqlDatabase

  const unavailable = Effect.mapError(
    (error: ParseResult.ParseError | SqlError) =>
      new ThreadStoreError({ detail: SqlDatabase.describeSqlError(database, error) })
  )
  const read = (rows: (sql: SqlClient) => Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
    unavailable(SqlDatabase.readRows(database, rows, threadOf))

  return ThreadStore.of({
    add: Effect.fn("codex.ThreadStore.add")(function* (thread: Thread) {
      const sql = yield* database.open
      const row = {
        thread_id: thread.id,
        session_id: thread.sessionId,
        source: yield* encodeSource(thread.source),
        source_kind: sourceKind(thread.source),
        originator: thread.originator,
        thread_source: thread.threadSource,
        cwd: thread.cwd,
        name: thread.name,
        model_provider: thread.modelProvider,
        model: thread.model,
        cli_version: thread.cliVersion,
        created_at: DateTime.toEpochMillis(thread.createdAt),
        updated_at: DateTime.toEpochMillis(thread.updatedAt)
      }
      yield* SqlDatabase.sqlTransaction(sql)(
        Effect.zipRight(
          sql`INSERT INTO codex_account_threads ${sql.insert(row)}`,
          sql`DELETE FROM codex_account_threads WHERE sequence <= (SELECT sequence FROM codex_account_threads
            ORDER BY sequence DESC LIMIT 1 OFFSET ${keptThreads})`
        )
      )
    }, unavailable),
    find: Effect.fn("codex.ThreadStore.find")((id: ThreadId) =>
      Effect.map(
        read((sql) => sql`SELECT * FROM codex_account_threads WHERE thread_id = ${id}`),
        ([thread]) => Option.fromNullable(thread)
      )
    ),
    list: Effect.fn("codex.ThreadStore.list")((query: ThreadQuery) => read((sql) => rowsOf(sql, query))),
    rename: Effect.fn("codex.ThreadStore.rename")(function* (id: ThreadId, name: string) {
      const present = yield* database.openIfPresent
      if (Option.isNone(present)) return false
      const sql = present.value
      const renamed =
        yield* sql`UPDATE codex_account_threads SET name = ${name} WHERE thread_id = ${id} RETURNING sequence`
      return renamed.length > 0
    }, unavailable)
  })
})

/** Over a database of the caller's choice, which is first used with the store. */
export const layer: Layer.Layer<ThreadStore, never, SqlClient> = perAccount(
  Layer.effect(ThreadStore, make).pipe(Layer.provide(SqlDatabase.layer)),
  SqlClient
)

/** In `codex-account.sqlite` in `codexHome`, which is created with the first thread if not before. */
export const layerFile: Layer.Layer<ThreadStore, never, AccountConfig> = perAccount(
  Layer.effect(ThreadStore, make).pipe(Layer.provide(SqlDatabase.layerFile)),
  AccountConfig
)
