/** The row of a lease, and the statements on it. Each changes the row only as its writer last saw it. */
import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SqlInteger } from "./sqlMigrations.js"
import { sqlTransaction } from "./sqlTransaction.js"

/**
 * `fence` counts the holders, `beats` the signs of life of the present one. Times are in milliseconds; a lease that was
 * given back expires at 0.
 */
export class LeaseRow extends Schema.Class<LeaseRow>("LeaseRow")({
  fence: SqlInteger,
  beats: SqlInteger,
  time_to_live: SqlInteger,
  expires_at: SqlInteger
}) {}

const decodeRows = Schema.decodeUnknown(Schema.Array(LeaseRow))

const firstRow = (rows: Effect.Effect<unknown, SqlError>): Effect.Effect<LeaseRow | undefined, SqlError> =>
  rows.pipe(
    Effect.flatMap(decodeRows),
    Effect.map(([row]) => row),
    Effect.catchTag("ParseError", () => new SqlError({ message: "A lease can't be read" }))
  )

const columns = (sql: SqlClient) => sql.literal("fence, beats, time_to_live, expires_at")

export const look = (sql: SqlClient, name: string): Effect.Effect<LeaseRow | undefined, SqlError> =>
  firstRow(sql`SELECT ${columns(sql)} FROM codex_account_leases WHERE name = ${name}`)

/** Takes a lease that nobody ever held, or that of a holder that is gone. Nothing if somebody else was first. */
export const take = (
  sql: SqlClient,
  name: string,
  timeToLive: number,
  seen: LeaseRow | undefined
): Effect.Effect<LeaseRow | undefined, SqlError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    firstRow(
      sqlTransaction(sql)(
        seen === undefined
          ? sql`INSERT INTO codex_account_leases
              ${sql.insert({ name, fence: 1, beats: 0, time_to_live: timeToLive, expires_at: now + timeToLive })}
              ON CONFLICT (name) DO NOTHING RETURNING ${columns(sql)}`
          : sql`UPDATE codex_account_leases
              SET fence = fence + 1, beats = 0, time_to_live = ${timeToLive}, expires_at = ${now + timeToLive}
              WHERE name = ${name} AND fence = ${seen.fence} AND beats = ${seen.beats} RETURNING ${columns(sql)}`
      )
    )
  )

/** A sign of life. Nothing if somebody else has taken the lease. */
export const beat = (
  sql: SqlClient,
  name: string,
  timeToLive: number,
  fence: number
): Effect.Effect<LeaseRow | undefined, SqlError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    firstRow(
      sqlTransaction(sql)(
        sql`UPDATE codex_account_leases SET beats = beats + 1, expires_at = ${now + timeToLive}
          WHERE name = ${name} AND fence = ${fence} RETURNING ${columns(sql)}`
      )
    )
  )

/** Gives the lease back, unless somebody else has taken it. The row stays, so that the fence goes on growing. */
export const release = (sql: SqlClient, name: string, fence: number): Effect.Effect<void, SqlError> =>
  Effect.asVoid(
    sqlTransaction(sql)(sql`UPDATE codex_account_leases SET expires_at = 0 WHERE name = ${name} AND fence = ${fence}`)
  )
