/** Notifications about the account. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { sameIdentity } from "../../domain/Identity.js"
import type { Session } from "../../domain/Session.js"
import type { WorkspaceRole as Role } from "../../domain/WorkspaceRole.js"
import { readRole, readWorkspace } from "../../programs/status.js"
import { AuthSession } from "../../services/AuthSession.js"
import { WorkspaceRole } from "../../services/WorkspaceRole.js"
import { Workspaces } from "../../services/Workspaces.js"
import { accountUpdated, type Known } from "./results.js"
import { Background } from "./Background.js"
import { Connections } from "./Connections.js"
import { CurrentSession } from "./CurrentSession.js"
import type { ServerConnection } from "./ServerConnection.js"

export class AccountEvents extends Context.Tag("effect-codex-account/app-server/server/AccountEvents")<
  AccountEvents,
  {
    /** Notifies a new connection of the ChatGPT account, once its role and workspace are known or can't be. */
    readonly announceTo: (connection: ServerConnection) => Effect.Effect<void>
    /** Runs work that changes the session, so that the change is not taken for another process's. */
    readonly changing: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Notifies every client of the present account, and again when more is known of it. */
    readonly changed: Effect.Effect<void>
    /** Notifies every client of how a sign-in ended. */
    readonly loginCompleted: (loginId: string | null, error: string | null) => Effect.Effect<void>
    /** The session with what is known of it so far: its workspace, and the live role. */
    readonly known: (session: Session) => Effect.Effect<Known>
  }
>() {}

/** The account of an epoch, with the live role if the backend gave it, and whether it told the workspace. */
interface Reading extends Known {
  readonly epoch: number
  readonly hasWorkspace: boolean
}

/** How much a client can learn of the account. */
const extentOf = ({ hasWorkspace, role }: Reading): number => (role === null ? 0 : 1) + (hasWorkspace ? 1 : 0)

const make = Effect.gen(function* () {
  const auth = yield* AuthSession
  const background = yield* Background
  const connections = yield* Connections
  const roles = yield* WorkspaceRole
  const sessions = yield* CurrentSession
  const workspaces = yield* Workspaces

  const boundary = (yield* Effect.makeSemaphore(1)).withPermits(1)
  /** The epoch that was announced last, or is about to be. */
  let seen = yield* auth.epoch
  let known: { readonly epoch: number; readonly key: string; readonly role: Role } | null = null
  /** What each connection was last notified of, so that none gets the same twice. */
  const lastSent = new WeakMap<ServerConnection, { readonly epoch: number; readonly extent: number }>()

  const liveRole = readRole.pipe(
    Effect.provideService(WorkspaceRole, roles),
    Effect.map((role) => (role.source === "live" ? role : null)),
    Effect.orElseSucceed(() => null)
  )

  const hasWorkspace = readWorkspace.pipe(
    Effect.provideService(Workspaces, workspaces),
    Effect.map(({ workspace }) => workspace !== null),
    Effect.orElseSucceed(() => false)
  )

  /** The session with its workspace, as far as that is in memory. */
  const withWorkspace = (session: Session) =>
    workspaces.known.pipe(
      Effect.filterOrElse(
        ({ identity }) => sameIdentity(identity, session.identity),
        () => Effect.succeed(session)
      ),
      Effect.orElseSucceed(() => session)
    )

  /** The present session and what is told of it; null when the identity has changed by then. */
  const read: Effect.Effect<Reading | null> = Effect.gen(function* () {
    const session = yield* sessions.present
    const epoch = yield* auth.epoch
    if (session === null || !session.usesBackend) return { epoch, session, role: null, hasWorkspace: false }
    const told = yield* Effect.all({ role: liveRole, hasWorkspace }, { concurrency: "unbounded" })
    const present = yield* sessions.present
    if ((yield* auth.epoch) !== epoch || present === null) return null
    if (!sameIdentity(present.identity, session.identity)) return null
    if (told.role === null) yield* Effect.ignore(sessions.recordingRefusal(auth.authorization))
    else known = { epoch, key: session.identity.key, role: told.role }
    return { epoch, session: present, ...told }
  })

  /** `what` is new to the clients: another account perhaps, or more of the one that they know. */
  const send = (reading: Reading, what: "account" | "details", to: (connection: ServerConnection) => boolean) =>
    connections.broadcast("account/updated", accountUpdated(reading, what === "details"), (connection) => {
      if (connection.client() === null || !to(connection)) return false
      lastSent.set(connection, { epoch: reading.epoch, extent: extentOf(reading) })
      return true
    })

  const isNewTo =
    ({ epoch }: Reading) =>
    (connection: ServerConnection) =>
      lastSent.get(connection)?.epoch !== epoch

  /** Announces a change that this server did not make. */
  const announce: Effect.Effect<void> = Effect.flatMap(read, (reading) =>
    reading === null ? follow : send(reading, "account", isNewTo(reading))
  )

  /** Announces the present session if its epoch has not been announced. */
  const follow: Effect.Effect<void> = boundary(
    Effect.gen(function* () {
      const epoch = yield* auth.epoch
      if (epoch === seen) return
      seen = epoch
      yield* background.fork(announce)
    })
  )

  /** Notifies those clients again that were notified of this session when less was known of it. */
  const sendDetails = (epoch: number) =>
    Effect.flatMap(read, (reading) =>
      reading === null || reading.epoch !== epoch
        ? Effect.void
        : send(reading, "details", (connection) => {
            const last = lastSent.get(connection)
            return last !== undefined && last.epoch === epoch && last.extent < extentOf(reading)
          })
    )

  yield* background.fork(Stream.runForEach(auth.changes, () => follow))

  return AccountEvents.of({
    announceTo: (connection) =>
      Effect.flatMap(read, (reading) => {
        if (reading === null) return follow
        const { session } = reading
        // A session that can't be renewed any more does not count as signed in.
        if (session === null || !session.usesBackend || sessions.isRefused(session)) return Effect.void
        return isNewTo(reading)(connection) ? send(reading, "details", (one) => one === connection) : Effect.void
      }),
    changing: (work) =>
      boundary(
        Effect.ensuring(
          work,
          Effect.map(auth.epoch, (epoch) => void (seen = epoch))
        )
      ),
    changed: Effect.gen(function* () {
      const session = yield* sessions.present
      const epoch = yield* auth.epoch
      const workspace = session === null ? null : (yield* withWorkspace(session)).workspace
      yield* send({ epoch, session, role: null, hasWorkspace: workspace !== null }, "account", () => true)
      if (session?.usesBackend === true) yield* background.fork(sendDetails(epoch))
    }),
    loginCompleted: (loginId, error) =>
      connections.broadcast("account/login/completed", {
        loginId,
        success: error === null,
        error,
        onboardingEntrypoint: null
      }),
    known: (session) =>
      Effect.zipWith(auth.epoch, withWorkspace(session), (epoch, named) => ({
        session: named,
        role: known !== null && known.epoch === epoch && known.key === session.identity.key ? known.role : null
      }))
  })
})

export const layer = Layer.effect(AccountEvents, make)
