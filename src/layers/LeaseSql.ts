/**
 * Leases in a SQL database, beside the journal: between the processes of a machine on SQLite, between machines on
 * Postgres.
 *
 * What happens if a clock jumps: the row holds when the lease expires, on the holder's wall clock. After a jump forward, or
 * a sleep of the machine, a waiting process takes the lease early; the former holder fails at its next check, as its fence
 * no longer matches. After a jump backward, the row of a dead holder seems to expire late; a waiting process also measures
 * with a monotonic clock, and takes a lease without a heartbeat for its time to live. A holder measures with that clock
 * too: without a heartbeat in time the lease is lost, whatever the row says. A holder that has died on this machine is
 * noticed at once. Machines that share a database need clocks
 * that agree within the time to live.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { AccountConfig } from "../services/AccountConfig.js"
import { Lease, LeaseError } from "../services/Lease.js"
import { Machine } from "./internal/machine.js"
import { perAccount } from "./internal/perAccount.js"
import * as SqlDatabase from "./internal/SqlDatabase.js"

/** Milliseconds until a waiting process looks again. */
const pause = Random.nextIntBetween(20, 80)

/** Milliseconds of a clock that never jumps. */
const monotonic = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1_000_000n))

/**
 * The row of a lease. `fence` counts the holders, `beats` the heartbeats of the present one. Times are in milliseconds; a
 * released lease expires at 0. A statement changes the row only if it is as its writer last saw it.
 */
class LeaseRow extends Schema.Class<LeaseRow>("LeaseRow")({
  fence: SqlDatabase.SqlInteger,
  beats: SqlDatabase.SqlInteger,
  time_to_live: SqlDatabase.SqlInteger,
  expires_at: SqlDatabase.SqlInteger,
  holder: Schema.NullOr(Schema.String)
}) {}

const decodeRows = Schema.decodeUnknown(Schema.Array(LeaseRow))

const firstRow = (rows: Effect.Effect<unknown, SqlError>) =>
  rows.pipe(
    Effect.flatMap(decodeRows),
    Effect.map(([row]) => row),
    Effect.catchTag("ParseError", () => new SqlError({ message: "A lease can't be read" }))
  )

const columns = (sql: SqlClient) => sql.literal("fence, beats, time_to_live, expires_at, holder")

const look = (sql: SqlClient, name: string) =>
  firstRow(sql`SELECT ${columns(sql)} FROM codex_account_leases WHERE name = ${name}`)

/** Changes the row in a transaction of its own. Undefined if the row was not as expected. */
const change = (sql: SqlClient, statement: (now: number) => Effect.Effect<unknown, SqlError>) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => firstRow(SqlDatabase.sqlTransaction(sql)(statement(now))))

/** Takes a new lease, or that of a holder that is gone. Undefined if another process was first. */
const take = (sql: SqlClient, name: string, timeToLive: number, holder: string | null, seen: LeaseRow | undefined) =>
  change(sql, (now) =>
    seen === undefined
      ? sql`INSERT INTO codex_account_leases
          ${sql.insert({ name, fence: 1, beats: 0, time_to_live: timeToLive, expires_at: now + timeToLive, holder })}
          ON CONFLICT (name) DO NOTHING RETURNING ${columns(sql)}`
      : sql`UPDATE codex_account_leases
          SET fence = fence + 1, beats = 0, time_to_live = ${timeToLive}, expires_at = ${now + timeToLive},
            holder = ${holder}
          WHERE name = ${name} AND fence = ${seen.fence} AND beats = ${seen.beats} RETURNING ${columns(sql)}`
  )

/** A heartbeat. Undefined if another process has taken the lease. */
const beat = (sql: SqlClient, name: string, timeToLive: number, fence: number) =>
  change(
    sql,
    (now) => sql`UPDATE codex_account_leases SET beats = beats + 1, expires_at = ${now + timeToLive}
      WHERE name = ${name} AND fence = ${fence} RETURNING ${columns(sql)}`
  )

/** Releases the lease if it is still this holder's. The row stays, so that the fence keeps growing. */
const release = (sql: SqlClient, name: string, fence: number) =>
  SqlDatabase.sqlTransaction(sql)(
    sql`UPDATE codex_account_leases SET expires_at = 0 WHERE name = ${name} AND fence = ${fence}`
  )

interface Taken {
  readonly fence: number
  /** When the lease ends without a further heartbeat, on the monotonic clock. */
  readonly until: number
}

const make = Effect.gen(function* () {
  const database = yield* SqlDatabase.SqlDatabase
  const machine = yield* Machine

  const onRow = <A>(name: string, statement: (sql: SqlClient) => Effect.Effect<A, SqlError>) =>
    Effect.flatMap(database.open, statement).pipe(
      Effect.mapError(
        (error) =>
          new LeaseError({ reason: "Unavailable", name, detail: SqlDatabase.describeSqlError(database, error) })
      )
    )

  const acquire = (name: string, timeToLive: number, wait: number): Effect.Effect<Taken, LeaseError> =>
    Effect.gen(function* () {
      const start = yield* monotonic
      let seen: LeaseRow | undefined
      let seenSince = start
      while (true) {
        const row = yield* onRow(name, (sql) => look(sql, name))
        const now = yield* monotonic
        if (row?.fence !== seen?.fence || row?.beats !== seen?.beats) seenSince = now
        seen = row
        const isFree =
          row === undefined ||
          row.expires_at <= (yield* Clock.currentTimeMillis) ||
          now - seenSince >= row.time_to_live ||
          (row.holder !== null && machine.isDead(row.holder))
        if (isFree) {
          const taken = yield* onRow(name, (sql) => take(sql, name, timeToLive, machine.self, row))
          if (taken !== undefined) return { fence: taken.fence, until: now + timeToLive }
        }
        if (now - start >= wait) {
          return yield* new LeaseError({ reason: "Busy", name, detail: machine.nameOf(row?.holder ?? null) })
        }
        yield* Effect.interruptible(Effect.sleep(Math.min(yield* pause, start + wait - now)))
      }
    })

  const hold = (name: string, timeToLive: number, taken: Taken) =>
    Effect.gen(function* () {
      const until = yield* Ref.make(taken.until)
      const lost = new LeaseError({ reason: "Lost", name })
      const checkTime = Effect.gen(function* () {
        const now = yield* monotonic
        return now < (yield* Ref.get(until)) ? now : yield* lost
      })

      const assertHeld = Effect.gen(function* () {
        const now = yield* checkTime
        const row = yield* onRow(name, (sql) => beat(sql, name, timeToLive, taken.fence))
        if (row === undefined) {
          yield* Ref.set(until, 0)
          return yield* lost
        }
        // The statement may have outlasted the lease, or the work may have ended meanwhile.
        yield* checkTime
        yield* Ref.set(until, now + timeToLive)
      }).pipe(Effect.uninterruptible)

      return {
        held: { name, fence: taken.fence, assertHeld },
        // A heartbeat that fails because the database is unavailable is tried again until the lease has expired.
        heartbeat: assertHeld.pipe(
          Effect.catchIf(
            (error) => error.reason === "Unavailable",
            () => Effect.void
          ),
          Effect.delay(timeToLive / 3),
          Effect.forever,
          Effect.ignore
        ),
        release: Ref.set(until, 0).pipe(
          Effect.zipRight(onRow(name, (sql) => release(sql, name, taken.fence))),
          Effect.ignore
        )
      }
    })

  return Lease.of({
    withLease: ({ name, timeToLive, wait }, work) => {
      const millis = Math.ceil(Duration.toMillis(timeToLive))
      return Effect.acquireUseRelease(
        Effect.gen(function* () {
          const taken = yield* acquire(name, millis, Duration.toMillis(wait))
          const lease = yield* hold(name, millis, taken)
          return { lease, beating: yield* Effect.forkDaemon(Effect.interruptible(lease.heartbeat)) }
        }),
        ({ lease }) => work(lease.held),
        ({ beating, lease }) => Effect.zipRight(Fiber.interrupt(beating), lease.release)
      )
    }
  })
})

/**
 * Over a database of the caller's choice, which is first used when a lease is requested.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Lease, never, SqlClient> = perAccount(
  Layer.effect(Lease, make).pipe(Layer.provide(SqlDatabase.layer)),
  SqlClient
)

/**
 * In `codex-account.sqlite` in `codexHome`, on the same connection as the journal.
 * @since 0.1.0
 * @category layers
 */
export const layerFile: Layer.Layer<Lease, never, AccountConfig> = perAccount(
  Layer.effect(Lease, make).pipe(Layer.provide(SqlDatabase.layerFile)),
  AccountConfig
)
