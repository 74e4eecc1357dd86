/** The database of journal, leases and threads. It is opened, and its tables are migrated, when it is first needed. */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as SynchronizedRef from "effect/SynchronizedRef"
import * as Fs from "node:fs"
import * as NodePath from "node:path"
import { AccountConfig } from "../../services/AccountConfig.js"
import * as SqlClientLibsql from "../SqlClientLibsql.js"
import { migrate } from "./sqlMigrations.js"

/** After a failure to open, the next use tries again. */
export class SqlDatabase extends Context.Tag("effect-codex-account/layers/internal/SqlDatabase")<
  SqlDatabase,
  {
    readonly open: Effect.Effect<SqlClient.SqlClient, SqlError>
    /** None if nothing was ever written, so that reading creates no file and loads no driver. */
    readonly openIfPresent: Effect.Effect<Option.Option<SqlClient.SqlClient>, SqlError>
  }
>() {}

/** Succeeds at most once. A failure leaves nothing open. */
const once = <A, E>(self: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<Effect.Effect<A, E>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const opened = yield* SynchronizedRef.make(Option.none<A>())
    const open = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const own = yield* Scope.make()
        const value = yield* restore(Scope.extend(self, own)).pipe(
          Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
        )
        yield* Scope.addFinalizerExit(scope, (exit) => Scope.close(own, exit))
        return value
      })
    )
    return SynchronizedRef.modifyEffect(opened, (present) =>
      Option.match(present, {
        onSome: (value) => Effect.succeed([value, present] as const),
        onNone: () => Effect.map(open, (value) => [value, Option.some(value)] as const)
      })
    )
  })

export const layer: Layer.Layer<SqlDatabase, never, SqlClient.SqlClient> = Layer.scoped(
  SqlDatabase,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const open = yield* once(Effect.as(migrate(sql), sql))
    return SqlDatabase.of({ open, openIfPresent: Effect.asSome(open) })
  })
)

/** The file `codex-account.sqlite` in `codexHome`. One layer value for all users, so that they share one connection. */
export const layerFile: Layer.Layer<SqlDatabase, never, AccountConfig> = Layer.scoped(
  SqlDatabase,
  Effect.gen(function* () {
    const { codexHome } = yield* AccountConfig
    const filename = NodePath.join(codexHome, "codex-account.sqlite")
    const open = yield* once(Effect.tap(SqlClientLibsql.make({ filename }), migrate))
    const isPresent = Effect.sync(() => Fs.existsSync(filename))
    return SqlDatabase.of({
      open,
      openIfPresent: Effect.if(isPresent, { onTrue: () => Effect.asSome(open), onFalse: () => Effect.succeedNone })
    })
  })
)

const meanings: ReadonlyArray<readonly [RegExp, string]> = [
  [/^SQLITE_(BUSY|LOCKED)/, "another process keeps it locked"],
  [/^SQLITE_(CORRUPT|NOTADB)/, "it is damaged"],
  [/^SQLITE_FULL|^ENOSPC|^EDQUOT/, "the disk is full"],
  [/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|^EACCES|^EPERM|^EROFS/, "it can't be opened for writing"],
  [/^ENOTDIR|^EEXIST|^EISDIR/, "its folder is not a folder"]
]

/** What is wrong with the database, without anything of its contents. */
export const describeSqlError = (error: SqlError): string => {
  const code = SqlClientLibsql.sqlErrorCode(error)
  const known = meanings.find(([pattern]) => pattern.test(code))
  return known?.[1] ?? (code === "" ? error.message : `${error.message} (${code})`)
}
