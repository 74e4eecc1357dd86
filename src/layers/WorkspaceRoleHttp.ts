/** The live role, best effort, and the message to the workspace's owner. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AccountsCheckResponse } from "../contracts/BackendEndpoints.js"
import { BackendError } from "../domain/BackendError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { claimedRole, liveRole, type WorkspaceRole as Role, roleFromWord } from "../domain/WorkspaceRole.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession } from "../services/AuthSession.js"
import { BackendHttp } from "../services/BackendHttp.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { makeEpochCache, makeSharedRead } from "./internal/SharedRead.js"
import { logUnread } from "./internal/usageFromWire.js"
import { perAccount } from "./internal/perAccount.js"

/**
 * The role in the account with that id, and in no other. Without an id: in the first account of the backend's ordering
 * that is listed, else in the only one. Null where that gives no role; it is never guessed.
 */
export const roleFromWire = (response: typeof AccountsCheckResponse.Type, accountId: string | null) => {
  const accounts = response.accounts ?? {}
  const ids = Object.keys(accounts)
  const id =
    accountId ?? response.account_ordering?.find((id) => ids.includes(id)) ?? (ids.length === 1 ? ids[0] : undefined)
  if (id === undefined || !Object.hasOwn(accounts, id)) return null
  return roleFromWord(accounts[id]?.account?.account_user_role ?? null)
}

const make = Effect.gen(function* () {
  const backend = yield* BackendHttp
  const session = yield* AuthSession
  const config = yield* AccountConfig
  const shared = yield* makeSharedRead<Role | null, never>()
  const keepMillis = Duration.toMillis(config.roleTimeToLive)
  const pauseMillis = Duration.toMillis(config.roleCoolDown)

  /** What the endpoint last said, by identity; a null role leaves the endpoint alone until the time given. */
  const known = makeEpochCache<{ readonly role: Role | null; readonly until: number }>()

  const liveFor = (as: Identity) =>
    backend.read("workspace.accountsCheck", (client, { session: reader }) =>
      Effect.flatMap(Effect.tap(client.workspace.accountsCheck(), logUnread("workspace.accountsCheck")), (response) => {
        if (!sameIdentity(reader.identity, as)) {
          return Effect.fail(BackendError.of("workspace.accountsCheck", "IdentityChanged"))
        }
        const role = roleFromWire(response, reader.identity.accountId)
        return role === null
          ? Effect.fail(BackendError.of("workspace.accountsCheck", "Malformed"))
          : Effect.succeed(liveRole(role))
      })
    )

  return WorkspaceRole.of({
    role: Effect.gen(function* () {
      const reader = yield* session.current
      const epoch = yield* session.epoch
      known.enter(epoch)
      const claimed = claimedRole(reader.isOrgOwner)
      if (!reader.usesBackend) return claimed
      const key = reader.identity.key
      const now = yield* Clock.currentTimeMillis
      const recent = known.get(key)
      if (recent !== undefined && now < recent.until) return recent.role ?? claimed
      const role = yield* shared(
        `${epoch} ${key}`,
        liveFor(reader.identity).pipe(
          Effect.catchAll((error) => Effect.as(Effect.logDebug(`The live role is not known. ${error.message}`), null)),
          Effect.tap((found) =>
            Effect.map(Clock.currentTimeMillis, (at) =>
              known.set(epoch, key, { role: found, until: at + (found === null ? pauseMillis : keepMillis) })
            )
          )
        )
      )
      // Another user may have signed in meanwhile, of whom only the claim is known.
      const present = yield* session.current
      return sameIdentity(present.identity, reader.identity) ? (role ?? claimed) : claimedRole(present.isOrgOwner)
    }),
    claimed: Effect.map(session.current, (reader) => claimedRole(reader.isOrgOwner)),
    nudge: ({ as, creditType }) =>
      backend
        .actOnce("workspace.nudge", as, (client) => client.workspace.nudge({ payload: { credit_type: creditType } }))
        .pipe(
          Effect.as("sent" as const),
          Effect.catchIf(
            (error) => error._tag === "BackendError" && error.reason === "RateLimited",
            () => Effect.succeed("cooldownActive" as const)
          )
        )
  })
})

/** A role is kept for the configured time; an endpoint that fails is left alone for the configured pause. */
export const layer = perAccount(Layer.scoped(WorkspaceRole, make), AccountConfig, AuthSession, BackendHttp)
