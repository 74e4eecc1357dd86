/** Notifications about the account. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { sameIdentity } from "../../domain/Identity.js"
import type { Session } from "../../domain/Session.js"
import type { WorkspaceRole as Role } from "../../domain/WorkspaceRole.js"
import { readRole } from "../../programs/status.js"
import { AuthSession } from "../../services/AuthSession.js"
import { WorkspaceRole } from "../../services/WorkspaceRole.js"
import { accountUpdated } from "./results.js"
import { Background } from "./Background.js"
import { Connections } from "./Connections.js"
import { CurrentSession } from "./CurrentSession.js"
import type { ServerConnection } from "./ServerConnection.js"

export class AccountEvents extends Context.Tag("effect-codex-account/app-server/server/AccountEvents")<
  AccountEvents,
  {
    /** Notifies a new connection of the ChatGPT account, once its role is known or can't be. */
    readonly announceTo: (connection: ServerConnection) => Effect.Effect<void>
    /** Runs work that changes the session, so that the change is not taken for another process's. */
    readonly changing: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Notifies every client of the present account, and again when the live role is known. */
    readonly changed: Effect.Effect<void>
    /** Notifies every client of how a sign-in ended. */
    readonly loginCompleted: (loginId: string | null, error: string | null) => Effect.Effect<void>
    /** The live role of this identity; null until it is known. */
    readonly knownRole: (session: Session) => Effect.Effect<Role | null>
  }
>() {}

/** The account of an epoch, with the live role if the backend gave it. */
interface Reading {
  readonly epoch: number
  readonly session: Session | null
  readonly role: Role | null
}

const make = Effect.gen(function* () {
  const auth = yield* AuthSession
  const background = yield* Background
  const connections = yield* Connections
  const roles = yield* WorkspaceRole
  const sessions = yield* CurrentSession

  const boundary = (yield* Effect.makeSemaphore(1)).withPermits(1)
  /** The epoch that was announced last, or is about to be. */
  let seen = yield* auth.epoch
  let known: { readonly epoch: number; readonly key: string; readonly role: Role } | null = null
  /** What each connection was last notified of, so that none gets the same twice. */
  const lastSent = new WeakMap<ServerConnection, { readonly epoch: number; readonly live: boolean }>()

  const liveRole = readRole.pipe(
    Effect.provideService(WorkspaceRole, roles),
    Effect.map((role) => (role.source === "live" ? role : null)),
    Effect.orElseSucceed(() => null)
  )

  /** The present session and its role; null when the identity has changed by the time the role is known. */
  const read: Effect.Effect<Reading | null> = Effect.gen(function* () {
    const session = yield* sessions.present
    const epoch = yield* auth.epoch
    if (session === null || !session.usesBackend) return { epoch, session, role: null }
    const role = yield* liveRole
    const present = yield* sessions.present
    if ((yield* auth.epoch) !== epoch || present === null) return null
    if (!sameIdentity(present.identity, session.identity)) return null
    if (role === null) yield* Effect.ignore(sessions.recordingRefusal(auth.authorization))
    else known = { epoch, key: session.identity.key, role }
    return { epoch, session: present, role }
  })

  /** `what` is new to the clients: another account perhaps, or more of the one that they know. */
  const send = (
    { epoch, role, session }: Reading,
    what: "account" | "details",
    to: (connection: ServerConnection) => boolean
  ) =>
    connections.broadcast("account/updated", accountUpdated(session, role, what === "details"), (connection) => {
      if (connection.client() === null || !to(connection)) return false
      lastSent.set(connection, { epoch, live: role !== null })
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

  /** Sends the live role to clients that were notified of this session without it. */
  const sendRole = (epoch: number) =>
    Effect.flatMap(read, (reading) =>
      reading === null || reading.role === null || reading.epoch !== epoch
        ? Effect.void
        : send(reading, "details", (connection) => {
            const last = lastSent.get(connection)
            return last !== undefined && last.epoch === epoch && !last.live
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
      yield* send({ epoch, session, role: null }, "account", () => true)
      if (session?.usesBackend === true) yield* background.fork(sendRole(epoch))
    }),
    loginCompleted: (loginId, error) =>
      connections.broadcast("account/login/completed", {
        loginId,
        success: error === null,
        error,
        onboardingEntrypoint: null
      }),
    knownRole: (session) =>
      Effect.map(auth.epoch, (epoch) =>
        known !== null && known.epoch === epoch && known.key === session.identity.key ? known.role : null
      )
  })
})

export const layer = Layer.effect(AccountEvents, make)
