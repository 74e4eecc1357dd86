/**
 * A Postgres to test with: the one of `TEST_POSTGRES_URL`, or an installed server, started for this process alone on a
 * socket in a folder of its own.
 */
import { SqlClient } from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

export interface Postgres {
  readonly url: string
  readonly from: string
  readonly stop: () => void
}

const installed = (): string | undefined => {
  const root = "/usr/lib/postgresql"
  if (!Fs.existsSync(root)) return undefined
  return Fs.readdirSync(root)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => Path.join(root, version, "bin"))
    .find((folder) => Fs.existsSync(Path.join(folder, "initdb")) && Fs.existsSync(Path.join(folder, "postgres")))
}

/** The server refuses to run as root. */
const unprivileged = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid?.() !== 0) return {}
  const lines = Fs.readFileSync("/etc/passwd", "utf8").split("\n")
  const line =
    lines.find((entry) => entry.startsWith("postgres:")) ?? lines.find((entry) => entry.startsWith("nobody:"))
  const [, , uid, gid] = (line ?? "nobody:x:65534:65534").split(":")
  return { uid: Number(uid), gid: Number(gid) }
}

export const startPostgres = (): Postgres | undefined => {
  const given = process.env["TEST_POSTGRES_URL"]
  if (given !== undefined && given !== "") return { url: given, from: "TEST_POSTGRES_URL", stop: () => undefined }
  const bin = installed()
  if (bin === undefined) return undefined

  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "codex-account-postgres-"))
  const user = unprivileged()
  if (user.uid !== undefined && user.gid !== undefined) Fs.chownSync(folder, user.uid, user.gid)
  const data = Path.join(folder, "data")
  let server: ChildProcess | undefined
  const stop = () => {
    server?.kill("SIGQUIT")
    Fs.rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
  try {
    execFileSync(
      Path.join(bin, "initdb"),
      ["-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"],
      { ...user, cwd: folder, stdio: "ignore", timeout: 30_000 }
    )
    server = spawn(
      Path.join(bin, "postgres"),
      ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=40"],
      { ...user, cwd: folder, stdio: "ignore" }
    )
    process.once("exit", () => server?.kill("SIGQUIT"))
    const url = `postgresql://tester@localhost/postgres?host=${encodeURIComponent(folder)}`
    return { url, from: Path.join(bin, "postgres"), stop }
  } catch {
    stop()
    return undefined
  }
}

const clientOf = (url: string) => PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })

// The server takes its time, whatever clock the test has.
const liveClock = Clock.make()

/** A schema of its own for each use, gone afterwards. */
export const clientInSchema = (postgres: Postgres) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const schema = `codex_account_${randomUUID().replaceAll("-", "")}`
      const admin = (statement: string) =>
        Effect.flatMap(SqlClient, (sql) => sql.unsafe(statement)).pipe(Effect.provide(clientOf(postgres.url)))
      yield* Effect.acquireRelease(
        Effect.retry(admin(`CREATE SCHEMA ${schema}`), Schedule.spaced("50 millis").pipe(Schedule.upTo("10 seconds"))),
        () => Effect.ignore(admin(`DROP SCHEMA ${schema} CASCADE`))
      ).pipe(Effect.withClock(liveClock))
      const separator = postgres.url.includes("?") ? "&" : "?"
      return clientOf(`${postgres.url}${separator}options=${encodeURIComponent(`-c search_path=${schema}`)}`)
    })
  )
