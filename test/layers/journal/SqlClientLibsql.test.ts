/** SQLite as a `SqlClient`: what its transactions and its failures promise. */
import { assert, describe, it } from "@effect/vitest"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import Libsql from "libsql"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { sqlTransaction } from "../../../src/layers/internal/SqlDatabase.js"
import * as SqlClientLibsql from "../../../src/layers/SqlClientLibsql.js"
import { rawSql, temporaryFolder } from "./files.js"
import { cases, live } from "../../cases.js"

/** A client on a table `t(x)`, and another connection to the same file. */
const table = (patience: number) =>
  Effect.gen(function* () {
    const file = Path.join(yield* temporaryFolder, "folder", "data.sqlite")
    const sql = yield* SqlClientLibsql.make({ filename: file, patience })
    yield* sql`CREATE TABLE t (x)`
    const other = yield* Effect.acquireRelease(
      Effect.sync(() => new Libsql(file)),
      (database) => Effect.sync(() => database.close())
    )
    return { sql, file, other }
  })

type Table = Effect.Effect.Success<ReturnType<typeof table>>

const withTable = cases<[Table]>(it.scopedLive, (use) => Effect.flatMap(table(50), use))
const rows = (database: Libsql.Database) => database.prepare("SELECT x FROM t ORDER BY x").all([])
const failureOf = <A>(self: Effect.Effect<A, SqlError>): Effect.Effect<SqlError> =>
  Effect.map(Effect.exit(self), (exit) => {
    assert(Exit.isFailure(exit), "should have failed")
    assert(Cause.isFailType(exit.cause), `should have failed, not died: ${Cause.pretty(exit.cause)}`)
    return exit.cause.error
  })

describe("SqlClientLibsql", () => {
  withTable("control: the driver alone loses what follows a busy statement", function* ({ file, other }) {
    const database = new Libsql(file)
    other.exec("BEGIN IMMEDIATE")
    const busy = database.prepare("INSERT INTO t VALUES (1)")
    assert.throws(() => busy.run([]), "locked")
    other.exec("ROLLBACK")
    database.prepare("INSERT INTO t VALUES (2)").run([])
    assert.deepStrictEqual(rows(other), [])
    // Finishes the statement, so that the file can be closed.
    busy.run([])
    database.close()
  })

  withTable("what is written after a busy statement is written", function* ({ other, sql }) {
    other.exec("BEGIN IMMEDIATE")
    assert.isTrue(SqlClientLibsql.isBusy(yield* failureOf(sql`INSERT INTO t VALUES (1)`)))
    other.exec("ROLLBACK")
    yield* sql`INSERT INTO t VALUES (2)`
    assert.deepStrictEqual(rows(other), [{ x: 2 }])
    yield* sql.withTransaction(sql`INSERT INTO t VALUES (3)`)
    assert.deepStrictEqual(rows(other), [{ x: 2 }, { x: 3 }])
  })

  withTable("a transaction that can't begin fails, and the next one works", function* ({ other, sql }) {
    other.exec("BEGIN IMMEDIATE")
    let ran = false
    const transaction = sql.withTransaction(Effect.sync(() => (ran = true)))
    for (let time = 0; time < 3; time++) assert.isTrue(SqlClientLibsql.isBusy(yield* failureOf(transaction)))
    assert.isFalse(ran)
    other.exec("ROLLBACK")
    yield* sql.withTransaction(sql`INSERT INTO t VALUES (1)`)
    assert.deepStrictEqual(rows(other), [{ x: 1 }])
  })

  withTable("a transaction that can't be committed leaves nothing, and the next one works", function* ({ other, sql }) {
    yield* sql`CREATE TABLE parent (id PRIMARY KEY)`
    yield* sql`CREATE TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`
    const orphan = sql`INSERT INTO child VALUES (1)`
    const error = yield* failureOf(sqlTransaction(sql)(Effect.zipRight(sql`INSERT INTO t VALUES (1)`, orphan)))
    assert.isFalse(SqlClientLibsql.isBusy(error))
    assert.deepStrictEqual(rows(other), [])
    yield* sql.withTransaction(sql`INSERT INTO t VALUES (2)`)
    assert.deepStrictEqual(rows(other), [{ x: 2 }])
    // Control: without it, the failure is a defect.
    const exit = yield* Effect.exit(sql.withTransaction(orphan))
    assert(Exit.isFailure(exit))
    assert.isTrue(Cause.isDie(exit.cause))
  })

  withTable("a failed transaction is rolled back, a nested one alone", function* ({ other, sql }) {
    yield* Effect.exit(sql.withTransaction(Effect.zipRight(sql`INSERT INTO t VALUES (1)`, Effect.fail("no"))))
    yield* sql.withTransaction(
      Effect.gen(function* () {
        yield* sql`INSERT INTO t VALUES (2)`
        yield* Effect.exit(sql.withTransaction(Effect.zipRight(sql`INSERT INTO t VALUES (3)`, Effect.fail("no"))))
        yield* sql.withTransaction(sql`INSERT INTO t VALUES (4)`)
      })
    )
    assert.deepStrictEqual(rows(other), [{ x: 2 }, { x: 4 }])
  })

  withTable("another fiber's statement is no part of a transaction", function* ({ other, sql }) {
    const begun = yield* Deferred.make<void>()
    const transaction = yield* Effect.fork(
      sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`INSERT INTO t VALUES (1)`
          yield* Deferred.succeed(begun, undefined)
          yield* Effect.sleep("30 millis")
          return yield* Effect.fail("rolled back")
        })
      )
    )
    yield* Deferred.await(begun)
    yield* sql`INSERT INTO t VALUES (2)`
    assert.isTrue(Exit.isFailure(yield* Fiber.await(transaction)))
    assert.deepStrictEqual(rows(other), [{ x: 2 }])
  })

  live("waits for another process without holding up its own", function* () {
    const { other, sql } = yield* table(5000)
    other.exec("BEGIN IMMEDIATE")
    const writing = yield* Effect.fork(sql.withTransaction(sql`INSERT INTO t VALUES (1)`))
    let ticks = 0
    const ticking = yield* Effect.fork(Effect.sync(() => (ticks += 1)).pipe(Effect.delay("5 millis"), Effect.forever))
    yield* Effect.sleep("300 millis")
    yield* Fiber.interrupt(ticking)
    assert.isAbove(ticks, 10)
    assert.isNull(writing.unsafePoll())
    other.exec("ROLLBACK")
    yield* Fiber.join(writing)
    assert.deepStrictEqual(rows(other), [{ x: 1 }])
  })

  withTable("only the owner can read the files, and commits are on the disk", function* ({ file, sql }) {
    const modeOf = (path: string) => (Fs.statSync(path).mode & 0o777).toString(8)
    const files = [file, `${file}-wal`, `${file}-shm`]
    assert.deepStrictEqual(files.map(modeOf), ["600", "600", "600"])
    assert.strictEqual(modeOf(Path.dirname(file)), "700")
    assert.deepStrictEqual(yield* sql`PRAGMA synchronous`, [{ synchronous: 2 }])
    assert.deepStrictEqual(yield* sql`PRAGMA journal_mode`, [{ journal_mode: "wal" }])
    for (const path of files) Fs.chmodSync(path, 0o644)
    yield* Effect.scoped(Effect.flatMap(SqlClientLibsql.make({ filename: file }), (again) => again`SELECT x FROM t`))
    assert.deepStrictEqual(files.map(modeOf), ["600", "600", "600"])
  })

  withTable("gives rows as objects, arrays and, if asked, big integers", function* ({ sql }) {
    yield* sql`INSERT INTO t ${sql.insert([{ x: 1_763_640_000_123 }, { x: "Ωλ" }, { x: null }])}`
    assert.deepStrictEqual(yield* sql`SELECT x FROM t`, [{ x: 1_763_640_000_123 }, { x: "Ωλ" }, { x: null }])
    assert.deepStrictEqual(yield* sql`SELECT x, 1 FROM t WHERE x = ${"Ωλ"}`.values, [["Ωλ", 1]])
    const big = Effect.provideService(sql`SELECT 9007199254740993 AS x`, SqlClient.SafeIntegers, true)
    assert.deepStrictEqual(yield* big, [{ x: 9007199254740993n }])
    assert.match(String((yield* failureOf(sql`SELECT y FROM t`)).cause), /no such column/)
  })

  live("what is not a database is an error", function* () {
    const file = Path.join(yield* temporaryFolder, "data.sqlite")
    Fs.writeFileSync(file, "not a database, but quite a few bytes of text".repeat(100))
    const sql = yield* SqlClientLibsql.make({ filename: file })
    yield* failureOf(sql`SELECT 1`)
    yield* failureOf(sql.withTransaction(sql`SELECT 1`))
    Fs.rmSync(file)
    yield* sql`CREATE TABLE t (x)`
    assert.deepStrictEqual(rawSql(file, "SELECT * FROM t"), [])
  })
})
