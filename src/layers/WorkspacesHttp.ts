/** The workspaces over the backend's HTTP API. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { noConstraint, type WireWorkspace, type WorkspacesResponse } from "../contracts/WorkspaceEndpoints.js"
import type { AuthError } from "../domain/AuthError.js"
import { BackendError } from "../domain/BackendError.js"
import { AccountId, sameIdentity } from "../domain/Identity.js"
import { Session } from "../domain/Session.js"
import { Workspace } from "../domain/Workspace.js"
import { WorkspaceError } from "../domain/WorkspaceError.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession } from "../services/AuthSession.js"
import { BackendHttp } from "../services/BackendHttp.js"
import { Workspaces } from "../services/Workspaces.js"
import { makeEpochCache, makeSharedRead } from "./internal/SharedRead.js"
import { identityOfToken } from "./internal/sessionRecord.js"
import { logUnread } from "./internal/usageFromWire.js"

const isKind = Schema.is(Workspace.fields.kind)
// Array.isArray does not narrow a read-only list.
const isList = <A>(value: ReadonlyArray<A> | object): value is ReadonlyArray<A> => Array.isArray(value)

const isAccountId = Schema.is(AccountId)

/** An https origin without anything beside it. */
const httpsOrigin = (text: string): string | null => {
  if (!URL.canParse(text)) return null
  const { href, origin, protocol } = new URL(text)
  return protocol === "https:" && href === `${origin}/` ? origin : null
}

const routingFromWire = (wire: WireWorkspace, backend: string): Workspace["routing"] => {
  const { account_routing_override: override = null, workspace_backend_origin: given = null } = wire
  const isOwn = given === noConstraint && URL.canParse(backend)
  const origin = given === null ? null : httpsOrigin(isOwn ? new URL(backend).origin : given)
  return origin === null ? null : { origin, override }
}

const workspaceFromWire =
  (backend: string) =>
  (wire: WireWorkspace): ReadonlyArray<Workspace> => {
    const { id, name = null, profile_picture_url: imageUrl = null, structure: kind = null } = wire
    if (!isAccountId(id)) return []
    const routing = routingFromWire(wire, backend)
    return [new Workspace({ id, name, kind: isKind(kind) ? kind : null, imageUrl, routing })]
  }

/**
 * A list as it is; of a map the entries that the ordering names, in its order. `backend` is the URL of the backend that has
 * answered.
 */
export const workspacesFromWire = (
  { account_ordering, accounts = null }: typeof WorkspacesResponse.Type,
  backend: string
): ReadonlyArray<Workspace> => {
  if (accounts === null) return []
  if (isList(accounts)) return accounts.flatMap(workspaceFromWire(backend))
  return (account_ordering ?? []).flatMap((key) => {
    const account = Object.hasOwn(accounts, key) ? (accounts[key]?.account ?? null) : null
    return account === null ? [] : workspaceFromWire(backend)({ ...account, id: account.account_id })
  })
}

/** What the endpoint last told, and until when it is not asked again. */
interface Known {
  readonly workspaces: ReadonlyArray<Workspace> | null
  readonly until: number
}

const withWorkspace = (session: Session, known: Known | undefined): Session =>
  new Session({
    ...session,
    workspace: known?.workspaces?.find(({ id }) => id === session.identity.accountId) ?? null
  })

/** What was listed is kept for as long as a role, and an endpoint that fails is left alone as the role's is. */
export const make = Effect.gen(function* () {
  const auth = yield* AuthSession
  const backend = yield* BackendHttp
  const config = yield* AccountConfig
  const shared = yield* makeSharedRead<ReadonlyArray<Workspace>, AuthError | BackendError>()
  const keepMillis = Duration.toMillis(config.roleTimeToLive)
  const pauseMillis = Duration.toMillis(config.roleCoolDown)
  const cache = makeEpochCache<Known>()

  /** The session, and what is known of its workspaces. */
  const present = Effect.gen(function* () {
    const session = yield* auth.current
    const epoch = yield* auth.epoch
    cache.enter(epoch)
    return { session, epoch, known: cache.get(session.identity.key), now: yield* Clock.currentTimeMillis }
  })

  const keep = (epoch: number, { identity }: Session, workspaces: Known["workspaces"], millis: number) =>
    Effect.map(Clock.currentTimeMillis, (now) =>
      cache.set(epoch, identity.key, {
        workspaces: workspaces ?? cache.get(identity.key)?.workspaces ?? null,
        until: now + millis
      })
    )

  const read = (session: Session, epoch: number) =>
    shared(
      `${epoch} ${session.identity.key}`,
      backend
        .read("workspaces.list", (client, { session: reader }) =>
          Effect.flatMap(Effect.tap(client.workspaces.list(), logUnread("workspaces.list")), (response) =>
            sameIdentity(reader.identity, session.identity)
              ? Effect.succeed(workspacesFromWire(response, config.backend.url))
              : Effect.fail(BackendError.of("workspaces.list", "IdentityChanged"))
          )
        )
        .pipe(
          Effect.tapBoth({
            onFailure: () => keep(epoch, session, null, pauseMillis),
            onSuccess: (workspaces) => keep(epoch, session, workspaces, keepMillis)
          })
        )
    )

  const list: Workspaces["Type"]["list"] = ({ fresh = false } = {}) =>
    Effect.flatMap(present, ({ epoch, known, now, session }) =>
      !fresh && known !== undefined && known.workspaces !== null && now < known.until
        ? Effect.succeed(known.workspaces)
        : read(session, epoch)
    )

  const known = Effect.map(present, ({ known, session }) => withWorkspace(session, known))

  return Workspaces.of({
    list,
    known,
    session: Effect.gen(function* () {
      const { epoch, known: before, now, session } = yield* present
      const isAsked = session.usesBackend && (before === undefined || before.until <= now)
      if (isAsked) {
        yield* Effect.catchAll(read(session, epoch), (error) =>
          Effect.logDebug(`The workspace's name is not known. ${error.message}`)
        )
      }
      return yield* known
    }),
    switchTo: ({ as, id }) =>
      Effect.gen(function* () {
        const { session } = yield* present
        if (!session.isRefreshable) return yield* WorkspaceError.of("NotManaged")
        if (!sameIdentity(session.identity, as)) return yield* BackendError.of("workspaces.switch", "IdentityChanged")
        if (id === as.accountId) return yield* known
        if (config.forcedWorkspaces.length > 0 && !config.forcedWorkspaces.includes(id)) {
          const allowed = config.forcedWorkspaces.join(", ")
          return yield* WorkspaceError.of("Forbidden", `forced_chatgpt_workspace_id is ${allowed}`)
        }
        const workspaces = yield* list({ fresh: true })
        if (!workspaces.some((workspace) => workspace.id === id)) return yield* WorkspaceError.of("NotListed")
        const { access_token } = yield* backend.actOnce("workspaces.switch", as, (client) =>
          client.workspaces.switch({ headers: { originator: config.originator }, payload: { workspace_id: id } })
        )
        const owner = identityOfToken(access_token)
        if (Option.isNone(owner)) return yield* WorkspaceError.of("UnusableToken")
        if (owner.value.userId !== as.userId || owner.value.accountId !== id) {
          return yield* WorkspaceError.of("OtherToken")
        }
        const entered = yield* auth.enterWorkspace({ from: as, id, accessToken: access_token })
        const epoch = yield* auth.epoch
        cache.enter(epoch)
        yield* keep(epoch, entered, workspaces, keepMillis)
        return withWorkspace(entered, cache.get(entered.identity.key))
      })
  })
})
