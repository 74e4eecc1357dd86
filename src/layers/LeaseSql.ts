/**
 * Leases in a SQL database, beside the journal: between the processes of a machine on SQLite, between machines on
 * Postgres.
 *
 * What a clock that jumps does. The row holds the time of the holder's wall clock at which it expires. Forward, or awake
 * again after a sleep: a waiting process takes the lease early; the former holder's fence no longer fits, and it is told
 * so when it asks. Backward: the row of a dead holder seems to expire late; whoever waits also counts for itself, on a
 * clock that never jumps, and takes a lease that showed no sign of life for its time to live. A holder counts on that
 * clock too: when it could not give a sign of life in time, the lease is lost, whatever the row says. Machines that share
 * a database need clocks that agree within the time to live.
 *
 * @since 0.1.0
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { LeaseError } from "../domain/LeaseError.js"
import type { AccountConfig } from "../services/AccountConfig.js"
import { Lease } from "../services/Lease.js"
import * as SqlDatabase from "./internal/SqlDatabase.js"
import * as sqlLeases from "./internal/sqlLeases.js"

/**
 * A waiting process looks again after so many milliseconds.
 */
const pause = Random.nextIntBetween(20, 80)

/**
 * Milliseconds on a clock that never jumps.
 */
const monotonic = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos / 1_000_000n))

interface Taken {
  readonly fence: number
  /** When the lease ends unless there is a sign of life before, on the clock that never jumps. */
  readonly until: number
}

const make = Effect.gen(function* () {
  const database = yield* SqlDatabase.SqlDatabase

  const onRow = <A>(name: string, statement: (sql: SqlClient) => Effect.Effect<A, SqlError>) =>
    Effect.flatMap(database.open, statement).pipe(
      Effect.catchAll((error) =>
        Effect.zipRight(
          Effect.logWarning(`The database of the leases can't be used: ${SqlDatabase.describeSqlError(error)}.`),
          new LeaseError({ reason: "Unavailable", name })
        )
      )
    )

  const acquire = (name: string, timeToLive: number, wait: number): Effect.Effect<Taken, LeaseError> =>
    Effect.gen(function* () {
      const start = yield* monotonic
      let seen: sqlLeases.LeaseRow | undefined
      let seenSince = start
      while (true) {
        const row = yield* onRow(name, (sql) => sqlLeases.look(sql, name))
        const now = yield* monotonic
        if (row?.fence !== seen?.fence || row?.beats !== seen?.beats) seenSince = now
        seen = row
        const isFree =
          row === undefined || row.expires_at <= (yield* Clock.currentTimeMillis) || now - seenSince >= row.time_to_live
        if (isFree) {
          const taken = yield* onRow(name, (sql) => sqlLeases.take(sql, name, timeToLive, row))
          if (taken !== undefined) return { fence: taken.fence, until: now + timeToLive }
        }
        if (now - start >= wait) return yield* new LeaseError({ reason: "Busy", name })
        yield* Effect.interruptible(Effect.sleep(Math.min(yield* pause, start + wait - now)))
      }
    })

  const hold = (name: string, timeToLive: number, taken: Taken) => {
    let until = taken.until
    const lost = new LeaseError({ reason: "Lost", name })

    const assertHeld = Effect.gen(function* () {
      const now = yield* monotonic
      if (now >= until) return yield* lost
      const row = yield* onRow(name, (sql) => sqlLeases.beat(sql, name, timeToLive, taken.fence))
      if (row === undefined) {
        until = 0
        return yield* lost
      }
      // A long wait for the database may have outlasted the lease, and a work that ended has none.
      if ((yield* monotonic) >= until) return yield* lost
      until = now + timeToLive
    }).pipe(Effect.uninterruptible)

    return {
      held: { name, fence: taken.fence, assertHeld },
      // A sign of life that can't be given now is tried again, until it is too late.
      heartbeat: assertHeld.pipe(
        Effect.catchIf(
          (error) => error.reason === "Unavailable",
          () => Effect.void
        ),
        Effect.delay(timeToLive / 3),
        Effect.forever,
        Effect.ignore
      ),
      release: Effect.suspend(() => {
        until = 0
        return onRow(name, (sql) => sqlLeases.release(sql, name, taken.fence))
      }).pipe(Effect.ignore)
    }
  }

  return Lease.of({
    withLease: ({ name, timeToLive, wait }, work) => {
      const millis = Math.ceil(Duration.toMillis(timeToLive))
      return Effect.acquireUseRelease(
        Effect.gen(function* () {
          const lease = hold(name, millis, yield* acquire(name, millis, Duration.toMillis(wait)))
          return { lease, beating: yield* Effect.forkDaemon(Effect.interruptible(lease.heartbeat)) }
        }),
        ({ lease }) => work(lease.held),
        ({ beating, lease }) => Effect.zipRight(Fiber.interrupt(beating), lease.release)
      )
    }
  })
})

/**
 * Over a database of the caller's choice. Nothing is asked of it before a lease is first wanted.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Lease, never, SqlClient> = Layer.effect(Lease, make).pipe(
  Layer.provide(SqlDatabase.layer)
)

/**
 * In `codex-account.sqlite` in `codexHome`, by the same connection as the journal.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile: Layer.Layer<Lease, never, AccountConfig> = Layer.effect(Lease, make).pipe(
  Layer.provide(SqlDatabase.layerFile)
)
