/** What every store of threads keeps, in memory and on SQLite; and what only a file can do. */
import { assert, describe, it } from "@effect/vitest"
import { SqlClient } from "@effect/sql/SqlClient"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import { SessionSource, sourceKind, Thread, ThreadId, threadIdAt, type ThreadQuery } from "../../src/domain/Thread.js"
import * as SqlClientLibsql from "../../src/layers/SqlClientLibsql.js"
import { layerMemory } from "../../src/layers/ThreadStoreMemory.js"
import * as ThreadStoreSql from "../../src/layers/ThreadStoreSql.js"
import { ThreadStore } from "../../src/services/ThreadStore.js"
import { inFolder, configOf, databaseOf, rawSql, temporaryFolder } from "./journal/files.js"
import { over, type Steps, virtual } from "../cases.js"

const idOf = (n: number) => threadIdAt(1_763_640_000_000 + n, new Uint8Array(16).fill(n))
const thread = (n: number, over: Partial<typeof Thread.Type> = {}): Thread =>
  new Thread({
    id: idOf(n),
    sessionId: idOf(n),
    source: "vscode",
    originator: "a client",
    threadSource: null,
    cwd: "/work",
    name: null,
    modelProvider: "openai",
    model: null,
    cliVersion: "1.2.3",
    createdAt: DateTime.unsafeMake(1_763_640_000_000 + n),
    updatedAt: DateTime.unsafeMake(1_763_640_000_000 + n),
    ...over
  })

const everything: ThreadQuery = {
  kinds: [],
  providers: [],
  folders: [],
  included: null,
  excluded: [],
  search: null,
  sortBy: "createdAt",
  direction: "desc",
  after: null,
  limit: 1000
}

const idsOf = (threads: ReadonlyArray<Thread>) => threads.map(({ id }) => id)
type Store = ThreadStore["Type"]
const laws: Readonly<Record<string, (store: Store) => Steps<never>>> = {
  *"a thread is found as it was stored"(store) {
    const strange = thread(1, {
      source: { subAgent: { thread_spawn: { depth: 1, words: 'it\'s "quoted"' } } },
      originator: null,
      threadSource: "user",
      cwd: "/work/Ωλ '; DROP TABLE codex_account_threads --",
      model: "gpt",
      name: "50%_done\\"
    })
    yield* store.add(strange)
    assert.deepStrictEqual(yield* store.find(strange.id), Option.some(strange))
    assert.deepStrictEqual(yield* store.list(everything), [strange])
    assert.deepStrictEqual(yield* store.find(idOf(2)), Option.none())
  },

  *"newest first, or oldest first, by either time"(store) {
    const later = DateTime.unsafeMake(1_763_650_000_000)
    yield* Effect.forEach([thread(2), thread(3), thread(1, { updatedAt: later })], store.add)
    assert.deepStrictEqual(idsOf(yield* store.list(everything)), [3, 2, 1].map(idOf))
    assert.deepStrictEqual(idsOf(yield* store.list({ ...everything, direction: "asc" })), [1, 2, 3].map(idOf))
    assert.deepStrictEqual(idsOf(yield* store.list({ ...everything, sortBy: "updatedAt" })), [1, 3, 2].map(idOf))
  },

  *"filters narrow, and all of them hold"(store) {
    yield* Effect.forEach(
      [
        thread(1, { source: "cli", cwd: "/a", name: "Fix the Build" }),
        thread(2, { source: "exec", cwd: "/b", name: "50% done" }),
        thread(3, { source: { custom: "atlas" }, modelProvider: "other" }),
        thread(4, { source: { subAgent: "review" }, cwd: "/a" })
      ],
      store.add
    )
    const found = (query: Partial<ThreadQuery>) =>
      Effect.map(store.list({ ...everything, direction: "asc", ...query }), idsOf)
    assert.deepStrictEqual(yield* found({ kinds: ["cli", "custom:atlas"] }), [1, 3].map(idOf))
    assert.deepStrictEqual(yield* found({ kinds: ["subAgentReview"] }), [4].map(idOf))
    assert.deepStrictEqual(yield* found({ folders: ["/a", "/c"] }), [1, 4].map(idOf))
    assert.deepStrictEqual(yield* found({ providers: ["other"] }), [3].map(idOf))
    assert.deepStrictEqual(yield* found({ folders: ["/a"], kinds: ["cli"] }), [1].map(idOf))
    assert.deepStrictEqual(yield* found({ search: "the build" }), [1].map(idOf))
    assert.deepStrictEqual(yield* found({ search: "0% d" }), [2].map(idOf))
    assert.deepStrictEqual(yield* found({ search: "%" }), [2].map(idOf))
    assert.deepStrictEqual(yield* found({ search: "_" }), [])
    assert.deepStrictEqual(yield* found({ limit: 2 }), [1, 2].map(idOf))
    assert.deepStrictEqual(yield* found({ included: [1, 3, 9].map(idOf) }), [1, 3].map(idOf))
    assert.deepStrictEqual(yield* found({ included: [1, 3].map(idOf), excluded: [idOf(3)] }), [idOf(1)])
    assert.deepStrictEqual(yield* found({ included: [] }), [])
    assert.deepStrictEqual(yield* found({ excluded: [1, 2].map(idOf) }), [3, 4].map(idOf))
  },

  *"a name"(store) {
    yield* store.add(thread(1))
    assert.isTrue(yield* store.rename(idOf(1), "named"))
    assert.isFalse(yield* store.rename(idOf(2), "nobody"))
    assert.deepStrictEqual(yield* store.find(idOf(1)), Option.some(thread(1, { name: "named" })))
  },

  *"page by page, whatever the order and the size, everything comes once and in order"(store) {
    // Some share a moment: then their ids decide.
    yield* Effect.forEach(
      Array.from({ length: 12 }, (_, n) =>
        thread(n, { createdAt: DateTime.unsafeMake(1_763_640_000_000 + Math.floor(n / 4)) })
      ),
      store.add
    )
    for (const direction of ["asc", "desc"] as const) {
      const whole = idsOf(yield* store.list({ ...everything, direction }))
      assert.lengthOf(whole, 12)
      for (const limit of [1, 3, 5, 12]) {
        const seen: Array<string> = []
        let after: ThreadQuery["after"] = null
        for (;;) {
          const page: ReadonlyArray<Thread> = yield* store.list({ ...everything, direction, limit, after })
          seen.push(...idsOf(page))
          const last = page.at(-1)
          if (last === undefined) break
          after = { id: last.id, time: last.createdAt }
        }
        assert.deepStrictEqual(seen, whole)
      }
    }
  }
}

for (const [backend, layer] of Object.entries({ memory: layerMemory, SQLite: inFolder(ThreadStoreSql.layerFile) })) {
  describe(`threads on ${backend}`, () => {
    for (const [law, check] of Object.entries(laws)) {
      over(layer)(law, function* () {
        const store = yield* ThreadStore
        yield* Effect.gen(() => check(store))
      })
    }
  })
}

describe("threads in a file", () => {
  const at = (folder: string) => ThreadStoreSql.layerFile.pipe(Layer.provide(configOf(folder)))

  virtual("outlive the process, and a look creates nothing", function* () {
    const folder = yield* temporaryFolder
    const look = Effect.provide(
      Effect.flatMap(ThreadStore, (store) => store.list(everything)),
      at(folder)
    )
    assert.deepStrictEqual(yield* look, [])
    assert.isFalse(Fs.existsSync(databaseOf(folder)))
    yield* Effect.provide(
      Effect.flatMap(ThreadStore, (store) => store.add(thread(1))),
      at(folder)
    )
    assert.deepStrictEqual(yield* look, [thread(1)])
  })

  virtual("a row that is not understood is not quoted", function* () {
    const folder = yield* temporaryFolder
    const database = SqlClientLibsql.layer({ filename: databaseOf(folder) })
    const layer = Layer.provideMerge(ThreadStoreSql.layer, database)
    const failure = yield* Effect.gen(function* () {
      const store = yield* ThreadStore
      yield* store.add(thread(1))
      const sql = yield* SqlClient
      yield* sql`UPDATE codex_account_threads SET source = ${"secret nonsense"}`
      return yield* Effect.either(store.list(everything))
    }).pipe(Effect.provide(layer))
    assert(Either.isLeft(failure))
    assert.strictEqual(failure.left._tag, "ThreadStoreError")
    assert.notInclude(String(failure.left), "secret")
  })

  virtual("the oldest make room", function* () {
    const folder = yield* temporaryFolder
    const found = yield* Effect.gen(function* () {
      const store = yield* ThreadStore
      yield* store.add(thread(1))
      rawSql(
        databaseOf(folder),
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
          INSERT INTO codex_account_threads (thread_id, session_id, source, source_kind, cwd, model_provider,
            cli_version, created_at, updated_at)
          SELECT 'filler ' || i, '', '"cli"', 'cli', '/', 'openai', '', 0, 0 FROM n RETURNING sequence`
      )
      yield* store.add(thread(2))
      return [yield* store.find(idOf(1)), yield* store.find(idOf(2))]
    }).pipe(Effect.provide(at(folder)))
    assert.deepStrictEqual(found, [Option.none(), Option.some(thread(2))])
    assert.deepStrictEqual(rawSql(databaseOf(folder), "SELECT COUNT(*) AS n FROM codex_account_threads"), [
      { n: 10_000 }
    ])
  })
})

describe("ids of threads", () => {
  const bytes = FastCheck.uint8Array({ minLength: 16, maxLength: 16 })
  const millis = FastCheck.integer({ min: 0, max: 2 ** 48 - 1 })

  it.prop("are UUIDs of version 7 that sort by their time", [millis, bytes, millis, bytes], ([a, x, b, y]) => {
    const [first, second] = [threadIdAt(a, x), threadIdAt(b, y)]
    assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.strictEqual(Number.parseInt(first.replaceAll("-", "").slice(0, 12), 16), a)
    if (a !== b) assert.strictEqual(first < second, a < b)
    assert.isTrue(Schema.is(ThreadId)(first))
  })

  it("every source has a kind", () => {
    assert.strictEqual(sourceKind({ subAgent: "compact" }), "subAgentCompact")
    assert.strictEqual(sourceKind({ subAgent: { thread_spawn: {} } }), "subAgentThreadSpawn")
    assert.strictEqual(sourceKind({ subAgent: { other: "x" } }), "subAgentOther")
    assert.strictEqual(sourceKind({ custom: "atlas" }), "custom:atlas")
    assert.isTrue(Schema.is(SessionSource)("exec"))
  })
})
