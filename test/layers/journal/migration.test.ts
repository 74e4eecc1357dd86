/** Databases that earlier versions wrote, with the statements that are in such a file. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import Libsql from "libsql"
import * as LeaseSql from "../../../src/layers/LeaseSql.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import * as ThreadStoreSql from "../../../src/layers/ThreadStoreSql.js"
import { Lease } from "../../../src/services/Lease.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { ThreadStore } from "../../../src/services/ThreadStore.js"
import { configOf, databaseOf, rawSql, temporaryFolder } from "./files.js"
import { live } from "../../cases.js"

const version1 = `
  CREATE TABLE codex_account_migrations (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL);
  INSERT INTO codex_account_migrations (version, applied_at) VALUES (1, 1795854489873);
  CREATE TABLE codex_account_operations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, operation_key TEXT NOT NULL UNIQUE, act TEXT NOT NULL,
    identity TEXT NOT NULL, target TEXT, state TEXT NOT NULL, detail TEXT, created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  );
  INSERT INTO codex_account_operations
    (sequence, operation_key, act, identity, target, state, detail, created_at, updated_at)
    VALUES (1, 'key-1', 'redeem', 'user-1', 'credit-1', 'sent', NULL, 1795854489930, 1795854489959);
  CREATE INDEX codex_account_operations_by_state ON codex_account_operations (state, sequence);
  CREATE TABLE codex_account_leases (
    name TEXT PRIMARY KEY, fence BIGINT NOT NULL, beats BIGINT NOT NULL, time_to_live BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
  );
  INSERT INTO codex_account_leases (name, fence, beats, time_to_live, expires_at)
    VALUES ('session user-1', 1, 0, 60000, 0);`

const version2 = `${version1}
  INSERT INTO codex_account_migrations (version, applied_at) VALUES (2, 1795854489874);
  CREATE TABLE codex_account_threads (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, thread_id TEXT NOT NULL UNIQUE, session_id TEXT NOT NULL,
    source TEXT NOT NULL, source_kind TEXT NOT NULL, originator TEXT, thread_source TEXT, cwd TEXT NOT NULL, name TEXT,
    model_provider TEXT NOT NULL, model TEXT, cli_version TEXT NOT NULL, created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  );
  CREATE INDEX codex_account_threads_by_creation ON codex_account_threads (created_at, thread_id);
  CREATE INDEX codex_account_threads_by_update ON codex_account_threads (updated_at, thread_id);`

const version3 = `${version2}
  INSERT INTO codex_account_migrations (version, applied_at) VALUES (3, 1795854489875);
  ALTER TABLE codex_account_operations ADD COLUMN boot TEXT;
  ALTER TABLE codex_account_operations ADD COLUMN uptime BIGINT;
  CREATE INDEX codex_account_operations_by_identity ON codex_account_operations (identity, act, sequence);
  ALTER TABLE codex_account_leases ADD COLUMN holder TEXT;`

live.each([
  [1, version1],
  [2, version2],
  [3, version3]
] as const)("a database of version %i is brought up to date, and keeps what it holds", function* ([, statements]) {
  const home = yield* temporaryFolder
  const written = new Libsql(databaseOf(home))
  written.exec(statements)
  written.close()
  yield* Effect.gen(function* () {
    const operation = Option.getOrThrow(yield* (yield* OperationJournal).find("key-1"))
    assert.deepStrictEqual([operation.target, operation.state._tag], ["credit-1", "sent"])
    const lease = yield* Lease
    const options = { name: "session user-1", timeToLive: "1 minute", wait: 0 } as const
    assert.strictEqual(yield* lease.withLease(options, ({ fence }) => Effect.succeed(fence)), 2)
    const threads = (yield* ThreadStore).list({
      kinds: [],
      providers: [],
      folders: [],
      included: null,
      excluded: [],
      search: null,
      sortBy: "createdAt",
      direction: "asc",
      after: null,
      limit: 1
    })
    assert.deepStrictEqual(yield* threads, [])
  }).pipe(
    Effect.provide(Layer.mergeAll(OperationJournalSql.layerFile, LeaseSql.layerFile, ThreadStoreSql.layerFile)),
    Effect.provide(configOf(home))
  )
  const versions = rawSql(databaseOf(home), "SELECT version FROM codex_account_migrations ORDER BY version")
  assert.deepStrictEqual(versions, [{ version: 1 }, { version: 2 }, { version: 3 }])
})
