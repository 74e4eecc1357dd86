/** A journal that can't be used says so, and nothing is sent. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import Libsql from "libsql"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as LeaseMemory from "../../../src/layers/LeaseMemory.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { runOperation } from "../../../src/programs/runOperation.js"
import { type JournalError, OperationJournal } from "../../../src/services/OperationJournal.js"
import { configOf, databaseOf, rawSql, temporaryFolder } from "./files.js"
import { cases } from "../../cases.js"
import { ada, arrive, bob, invite, redeem, states } from "./laws.js"

type Given = {
  readonly home: string
  readonly file: string
  readonly journal: OperationJournal["Type"]
  readonly logged: ReadonlyArray<string>
}

/** A journal over a home of its own; the text that it logs, and that its errors tell. */
const withHome = cases<[Given]>(it.scoped, (use) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const home = Path.join(folder, "home")
    const logged: Array<string> = []
    const logger = Logger.make(({ annotations, cause, message }) => {
      logged.push(`${String(message)} ${Cause.pretty(cause)} ${HashMap.size(annotations)}`)
    })
    return yield* Effect.gen(function* () {
      const journal = yield* OperationJournal
      const told = <B, F extends JournalError>(self: Effect.Effect<B, F>) =>
        Effect.tapError(self, (error) => Effect.sync(() => logged.push(error.message)))
      const telling = OperationJournal.of({
        intend: (operation) => told(journal.intend(operation)),
        advance: (key, state) => told(journal.advance(key, state)),
        find: (key) => told(journal.find(key)),
        list: (filter) => told(journal.list(filter))
      })
      return yield* use({ home, file: databaseOf(home), journal: telling, logged })
    }).pipe(
      Effect.provide(OperationJournalSql.layerFile),
      Effect.provide(configOf(home)),
      Effect.provide(Logger.add(logger))
    )
  })
)

const unavailable = <A, R>(self: Effect.Effect<A, JournalError, R>) =>
  Effect.map(Effect.exit(self), (exit) => {
    assert(Exit.isFailure(exit), "should have failed")
    assert(Cause.isFailType(exit.cause), `should have failed, not died: ${Cause.pretty(exit.cause)}`)
    assert.strictEqual(exit.cause.error.reason, "Unavailable")
  })

/** Everything that the journal is asked fails, and no attempt is made. */
const refusesToAct = ({ journal }: Given) =>
  Effect.gen(function* () {
    let attempts = 0
    const act = runOperation({
      key: "act",
      act: "invite",
      identity: ada,
      target: null,
      send: Effect.sync(() => (attempts += 1)),
      isRejection: () => false,
      outcomeOf: String,
      before: Effect.void
    }).pipe(Effect.provideService(OperationJournal, journal), Effect.provide(LeaseMemory.layer))
    const exit = yield* Effect.exit(act)
    assert(Exit.isFailure(exit) && Cause.isFailType(exit.cause))
    assert.strictEqual(exit.cause.error._tag, "JournalError")
    assert.strictEqual(attempts, 0)
    yield* unavailable(journal.advance("k", states.sent))
    yield* unavailable(journal.find("k"))
    yield* unavailable(journal.list())
  })

/** Nothing of these may be written meanwhile, also by root. */
const asNobody = <A, E>(paths: ReadonlyArray<string>, self: Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      for (const path of paths) Fs.chmodSync(path, Fs.statSync(path).isDirectory() ? 0o555 : 0o444)
      Fs.chmodSync(Path.dirname(paths.at(-1) ?? ""), 0o755)
      if (process.getuid?.() === 0) process.seteuid?.(65534)
    }),
    () => self,
    () =>
      Effect.sync(() => {
        if (process.getuid?.() === 0) process.seteuid?.(0)
        for (const path of paths.toReversed()) Fs.chmodSync(path, Fs.statSync(path).isDirectory() ? 0o700 : 0o600)
      })
  )

const newFile = (file: string, content: string | Uint8Array) => {
  Fs.mkdirSync(Path.dirname(file), { recursive: true })
  Fs.writeFileSync(file, content)
}

/** Every wait takes a second of this clock, and no real time: what waits for a while gives up after a few tries. */
const hurried = Effect.map(Effect.clock, (clock): Clock.Clock => {
  let passed = 0
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => passed,
    unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
    currentTimeMillis: Effect.sync(() => passed),
    currentTimeNanos: clock.currentTimeNanos,
    sleep: () =>
      Effect.zipRight(
        Effect.yieldNow(),
        Effect.sync(() => void (passed += 1_000))
      )
  }
})

describe("a journal that can't be used", () => {
  withHome("a look creates nothing", function* ({ home, journal }) {
    assert.deepStrictEqual(yield* journal.list(), [])
    assert.deepStrictEqual(yield* journal.find("k"), Option.none())
    assert.isFalse(Fs.existsSync(home))
    yield* journal.intend(redeem("k"))
    assert.deepStrictEqual(Fs.statSync(home).mode & 0o777, 0o700)
    assert.lengthOf(yield* journal.list(), 1)
  })

  withHome("a damaged file, until it is gone", function* (given) {
    newFile(given.file, "damaged ".repeat(1000))
    yield* refusesToAct(given)
    assert.include(given.logged[0], "it is damaged")
    Fs.rmSync(given.file)
    yield* arrive(given.journal, "k", "sent")
  })

  withHome("a file that was damaged after it was opened", function* (given) {
    yield* arrive(given.journal, "k", "sent")
    rawSql(given.file, "PRAGMA wal_checkpoint(TRUNCATE)")
    const size = Fs.statSync(given.file).size
    const descriptor = Fs.openSync(given.file, "r+")
    Fs.writeSync(descriptor, Buffer.alloc(size - 100, 0x5a), 0, size - 100, 100)
    Fs.closeSync(descriptor)
    yield* refusesToAct(given)
  })

  withHome("a file that somebody keeps locked, until it is not", function* (given) {
    yield* arrive(given.journal, "k", "sent")
    const other = new Libsql(given.file)
    other.exec("BEGIN IMMEDIATE")
    const clock = yield* hurried
    yield* unavailable(Effect.withClock(given.journal.intend(redeem("other")), clock))
    yield* unavailable(Effect.withClock(given.journal.advance("k", states.unknown), clock))
    // It was patient for five seconds each time.
    assert.isAtLeast(clock.unsafeCurrentTimeMillis(), 10_000)
    assert.include(given.logged[0], "another process keeps it locked")
    // Who only looks is not kept waiting.
    assert.lengthOf(yield* given.journal.list({ state: "open" }), 1)
    other.exec("ROLLBACK")
    other.close()
    yield* given.journal.advance("k", states.unknown)
  })

  withHome("a home that is not a folder", function* (given) {
    Fs.writeFileSync(given.home, "")
    yield* unavailable(given.journal.intend(redeem("k")))
    assert.include(given.logged[0], "its folder is not a folder")
  })

  withHome("a folder that can't be written", function* (given) {
    yield* Effect.provide(
      Effect.flatMap(OperationJournal, (other) => arrive(other, "k", "sent")),
      OperationJournalSql.layerFile.pipe(Layer.provide(configOf(given.home)))
    )
    yield* asNobody([given.file, given.home], refusesToAct(given))
    assert.include(given.logged[0], "it can't be opened for writing")
    // Nothing was lost by trying.
    assert.lengthOf(yield* given.journal.list({ state: "open" }), 1)
  })

  withHome("a database of a newer version", function* (given) {
    newFile(given.file, "")
    rawSql(
      given.file,
      "CREATE TABLE codex_account_migrations (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL)",
      "INSERT INTO codex_account_migrations VALUES (1, 0), (99, 0)"
    )
    yield* refusesToAct(given)
    assert.include(given.logged[0], "newer codex-account (version 99")
    assert.deepStrictEqual(rawSql(given.file, "SELECT name FROM sqlite_master WHERE name LIKE '%operations%'"), [])
  })

  withHome("a row that can't be understood is not quoted", function* (given) {
    yield* given.journal.intend({ ...redeem("k"), target: "the-target" })
    rawSql(given.file, "UPDATE codex_account_operations SET state = 'teleported', detail = 'the-detail'")
    yield* unavailable(given.journal.list())
    yield* unavailable(given.journal.intend({ ...redeem("k"), target: "the-target" }))
    assert.isAbove(given.logged.length, 0)
    assert.notMatch(given.logged.join("\n"), /the-target|the-detail|teleported/)
  })
})

describe("the history of the journal", () => {
  const day = 86_400_000
  const fill = (file: string, state: string, count: number, time: number) =>
    rawSql(
      file,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
       INSERT INTO codex_account_operations (operation_key, act, identity, target, state, detail, created_at, updated_at)
       SELECT '${state}-${time}-' || i, 'redeem', '${ada.key}', NULL, '${state}', 'detail', ${time}, ${time} FROM n`
    )
  const counts = (file: string) =>
    rawSql(file, "SELECT state, COUNT(*) AS n FROM codex_account_operations GROUP BY state ORDER BY state")

  withHome("keeps a thousand of each account and act, whatever their age and the others'", function* (given) {
    const { file, journal } = given
    yield* journal.intend(redeem("first"))
    for (const state of ["sent", "unknown", "succeeded", "rejected", "abandoned"]) fill(file, state, 700, 0)
    yield* TestClock.setTime(3650 * day)
    yield* journal.intend(invite("second"))
    yield* journal.intend({ ...redeem("third"), identity: bob })
    assert.deepInclude(counts(file), { state: "succeeded", n: 700 })
    yield* journal.intend(redeem("fourth"))
    assert.deepStrictEqual(counts(file), [
      { state: "abandoned", n: 700 },
      { state: "intended", n: 4 },
      { state: "rejected", n: 300 },
      { state: "sent", n: 700 },
      { state: "unknown", n: 700 }
    ])
  })

  withHome("of a hundred thousand acts takes no second to look through, nor to add to", function* ({ file, journal }) {
    yield* journal.intend(redeem("first"))
    for (const [state, count] of [
      ["succeeded", 60_000],
      ["abandoned", 30_000],
      ["rejected", 10_000]
    ] as const) {
      fill(file, state, count, 0)
    }
    rawSql(file, `UPDATE codex_account_operations SET identity = 'user-' || (sequence % 100) WHERE sequence > 2000`)
    yield* TestClock.setTime(3650 * day)
    const before = process.cpuUsage()
    // What `status`, `redeem` and `invite` ask for.
    yield* journal.list({ identity: ada, state: "open" })
    yield* journal.list({ act: "redeem", identity: ada, state: "succeeded", within: Duration.minutes(20) })
    yield* journal.list({ act: "invite", identity: ada, target: "t", limit: 2 })
    yield* journal.list({ limit: 20 })
    yield* journal.find("first")
    yield* arrive(journal, "second", "succeeded")
    const { system, user } = process.cpuUsage(before)
    assert.isBelow((system + user) / 1000, 1000, "milliseconds")
    assert.isAbove(Number(Object(rawSql(file, "SELECT COUNT(*) AS n FROM codex_account_operations")[0]).n), 98_000)
  })

  withHome("a clock that was wrong for one act changes the age of no other, nor for long its own", function* (given) {
    const { file, journal } = given
    const ageOf = (key: string) =>
      Effect.flatMap(journal.find(key), (found) =>
        Effect.map(DateTime.now, (now) => now.epochMillis - Option.getOrThrow(found).updatedAt.epochMillis)
      )
    yield* TestClock.setTime(10_000 * day)
    yield* arrive(journal, "before", "succeeded")
    for (const [key, time] of [
      ["future", 20_000 * day],
      ["past", 1]
    ] as const) {
      yield* TestClock.setTime(time)
      yield* arrive(journal, key, "succeeded")
    }
    yield* TestClock.setTime(10_000 * day)
    for (const key of ["before", "future", "past"]) {
      const age = yield* ageOf(key)
      assert.isTrue(age >= 0 && age < 60_000, `${key}: ${age}`)
    }
    // After a boot only the clock is left.
    rawSql(file, "UPDATE codex_account_operations SET boot = 'another'")
    assert.deepStrictEqual([yield* ageOf("future"), yield* ageOf("past")], [-10_000 * day, 10_000 * day - 1])
  })

  withHome("notices that its file was removed, replaced or emptied", function* ({ file, home, journal, logged }) {
    yield* journal.intend(redeem("one"))
    Fs.rmSync(home, { recursive: true })
    assert.deepStrictEqual(yield* journal.list(), [])
    yield* journal.intend(redeem("two"))
    assert.lengthOf(rawSql(file, "SELECT * FROM codex_account_operations"), 1)
    Fs.renameSync(file, `${file}.aside`)
    yield* journal.intend(redeem("three"))
    assert.deepStrictEqual(
      (yield* journal.list()).map(({ key }) => key),
      ["three"]
    )
    Fs.truncateSync(file)
    // The old connection's locks are waited for.
    yield* Effect.withClock(journal.intend(redeem("emptied")), Clock.make())
    Fs.rmSync(file)
    Fs.mkdirSync(file)
    yield* unavailable(journal.intend(redeem("four")))
    assert.include(logged.at(-1), `${file}: it is not a file`)
  })
})
