/** What clients are told of the account without asking. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { sameIdentity } from "../../domain/Identity.js"
import type { Session } from "../../domain/Session.js"
import type { WorkspaceRole as Role } from "../../domain/WorkspaceRole.js"
import { readRole } from "../../programs/status.js"
import { AuthSession } from "../../services/AuthSession.js"
import { WorkspaceRole } from "../../services/WorkspaceRole.js"
import { accountUpdated } from "../protocol/wire/account.js"
import { Background } from "./Background.js"
import { Connections } from "./Connections.js"
import { CurrentSession } from "./CurrentSession.js"
import type { ServerConnection } from "./ServerConnection.js"

export class AccountEvents extends Context.Tag("effect-codex-account/app-server/server/AccountEvents")<
  AccountEvents,
  {
    /** Tells a connection that has just been initialized who is signed in with ChatGPT, once the role is known or not. */
    readonly greet: (connection: ServerConnection) => Effect.Effect<void>
    /** Runs work of this server that changes the session: what it does is not taken for another's doing. */
    readonly changing: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Tells everybody who is signed in now, and again when the live role is known. */
    readonly changed: Effect.Effect<void>
    /** Tells everybody how a sign-in ended. */
    readonly loginCompleted: (loginId: string | null, error: string | null) => Effect.Effect<void>
    /** The live role of this identity, if it is known already. */
    readonly knownRole: (session: Session) => Effect.Effect<Role | null>
  }
>() {}

/** Who is signed in under an epoch, with the live role where the backend told it. */
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
  /** The last boundary that was announced, or is about to be. */
  let seen = yield* auth.epoch
  let known: { readonly epoch: number; readonly key: string; readonly role: Role } | null = null
  /** What each connection was last told, so that nobody is told the same twice. */
  const lastTold = new WeakMap<ServerConnection, { readonly epoch: number; readonly live: boolean }>()

  const liveRole = readRole.pipe(
    Effect.provideService(WorkspaceRole, roles),
    Effect.option,
    Effect.map(Option.filter((role) => role.source === "live")),
    Effect.map(Option.getOrNull)
  )

  /** The present session and its role; null when it is another's by the time that the role is known. */
  const read: Effect.Effect<Reading | null> = Effect.gen(function* () {
    const session = yield* sessions.present
    const epoch = yield* auth.epoch
    if (session === null || !session.usesBackend) return { epoch, session, role: null }
    const role = yield* liveRole
    const present = yield* sessions.present
    if ((yield* auth.epoch) !== epoch || present === null) return null
    if (!sameIdentity(present.identity, session.identity)) return null
    if (role === null) yield* Effect.ignore(sessions.noted(auth.authorization))
    else known = { epoch, key: session.identity.key, role }
    return { epoch, session: present, role }
  })

  const tell = ({ epoch, role, session }: Reading, to: (connection: ServerConnection) => boolean) =>
    connections.tell("account/updated", accountUpdated(session, role), (connection) => {
      if (connection.client() === null || !to(connection)) return false
      lastTold.set(connection, { epoch, live: role !== null })
      return true
    })

  const isNewTo =
    ({ epoch }: Reading) =>
    (connection: ServerConnection) =>
      lastTold.get(connection)?.epoch !== epoch

  /** Tells of a boundary that this server did not make. */
  const announce: Effect.Effect<void> = Effect.flatMap(read, (reading) =>
    reading === null ? follow : tell(reading, isNewTo(reading))
  )

  /** Announces the present session if it is another's than was announced last. */
  const follow: Effect.Effect<void> = boundary(
    Effect.gen(function* () {
      const epoch = yield* auth.epoch
      if (epoch === seen) return
      seen = epoch
      yield* background.fork(announce)
    })
  )

  /** Tells the live role to whoever was told of this session without it. */
  const tellRole = (epoch: number) =>
    Effect.flatMap(read, (reading) =>
      reading === null || reading.role === null || reading.epoch !== epoch
        ? Effect.void
        : tell(reading, (connection) => {
            const last = lastTold.get(connection)
            return last !== undefined && last.epoch === epoch && !last.live
          })
    )

  yield* background.fork(Stream.runForEach(auth.changes, () => follow))

  return AccountEvents.of({
    greet: (connection) =>
      Effect.flatMap(read, (reading) => {
        if (reading === null) return follow
        const { session } = reading
        // Who can't be renewed any more is not shown as signed in.
        if (session === null || !session.usesBackend || sessions.isRefused(session)) return Effect.void
        return isNewTo(reading)(connection) ? tell(reading, (one) => one === connection) : Effect.void
      }),
    changing: (work) =>
      boundary(
        Effect.ensuring(
          work,
          Effect.map(auth.epoch, (epoch) => {
            seen = epoch
          })
        )
      ),
    changed: Effect.gen(function* () {
      const session = yield* sessions.present
      const epoch = yield* auth.epoch
      yield* tell({ epoch, session, role: null }, () => true)
      if (session?.usesBackend === true) yield* background.fork(tellRole(epoch))
    }),
    loginCompleted: (loginId, error) =>
      connections.tell("account/login/completed", {
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

export const layer: Layer.Layer<
  AccountEvents,
  never,
  AuthSession | Background | Connections | CurrentSession | WorkspaceRole
> = Layer.effect(AccountEvents, make)
