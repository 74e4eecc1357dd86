/** The session whose tokens another application, the host, supplies. It is kept in memory only. */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { AuthError } from "../domain/AuthError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { planFromClaim } from "../domain/Plan.js"
import { Session, type SessionChange } from "../domain/Session.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession, type Authorization } from "../services/AuthSession.js"
import { ExternalSession, ExternalTokens, type ExternalTokenSet } from "../services/ExternalSession.js"
import { perAccount } from "./internal/perAccount.js"
import { authorizationOf, checkForced, sessionFromRecord } from "./internal/sessionRecord.js"

/**
 * How long the host may take to supply a new token.
 * @since 0.1.0
 * @category constants
 */
export const hostTimeout: Duration.DurationInput = "10 seconds"

const managed = AuthError.of("Forbidden", "another application supplies the session: sign in there, or sign out first")

const parse = ({ accessToken, chatgptAccountId, chatgptPlanType = null }: ExternalTokenSet, now: DateTime.Utc) => {
  const tokens = { id_token: accessToken, access_token: accessToken, refresh_token: Redacted.make("") }
  return sessionFromRecord(
    {
      auth_mode: "chatgptAuthTokens",
      OPENAI_API_KEY: null,
      tokens: { ...tokens, account_id: chatgptAccountId },
      last_refresh: DateTime.formatIso(now)
    },
    "ephemeral"
  ).pipe(
    Effect.map((live) => {
      const plan = chatgptPlanType === null ? live.session.plan : planFromClaim(chatgptPlanType)
      return authorizationOf({ ...live, session: new Session({ ...live.session, plan }) })
    }),
    Effect.mapError(() => AuthError.of("Malformed", "the access token that was supplied is not a JWT"))
  )
}

const notSignedIn = Effect.suspend(() => AuthError.of("NotSignedIn"))

const signedOut = AuthSession.of({
  current: notSignedIn,
  authorization: notSignedIn,
  refresh: notSignedIn,
  recover: () => notSignedIn,
  reload: notSignedIn,
  enterWorkspace: () => notSignedIn,
  signIn: () => notSignedIn,
  signOut: () => Effect.succeed({ removed: false, revoked: null }),
  unsaved: Effect.succeed(null),
  epoch: Effect.succeed(0),
  changes: Stream.empty
})

/**
 * Until tokens are supplied the session is `beneath`. While supplied tokens are in use, no other sign-in is accepted, and
 * `beneath` is neither read nor changed. A sign-out ends both.
 * @since 0.1.0
 * @category constructors
 */
export const make = (beneath: AuthSession["Type"] = signedOut) =>
  Effect.gen(function* () {
    const host = yield* ExternalTokens
    const settings = yield* AccountConfig
    const state = yield* Ref.make<Option.Option<Authorization>>(Option.none())
    const changes = yield* PubSub.sliding<SessionChange>(64)
    const boundaries = yield* Ref.make(0)
    const announce = (change: SessionChange) =>
      Effect.zipRight(
        Ref.update(boundaries, (n) => n + 1),
        PubSub.publish(changes, change)
      )
    const exclusive = (yield* Effect.makeSemaphore(1)).withPermits(1)
    /** The last request to the host that failed, for the callers that waited for it. */
    const failed = yield* Ref.make<{ readonly count: number; readonly error: AuthError | null }>({
      count: 0,
      error: null
    })

    const accept = (tokens: ExternalTokenSet) =>
      Effect.flatMap(DateTime.now, (now) => parse(tokens, now)).pipe(
        Effect.tap((next) => checkForced(next.session, settings))
      )

    const transition = (next: Authorization): Effect.Effect<Authorization> =>
      Effect.gen(function* () {
        const previous = yield* Ref.getAndSet(state, Option.some(next))
        const same = Option.isSome(previous) && sameIdentity(previous.value.session.identity, next.session.identity)
        if (!same) yield* announce({ _tag: "SignedIn", session: next.session })
        return next
      }).pipe(Effect.uninterruptible)

    /** One request to the host, however many calls were refused with the same token. */
    const renewed = (refused: Authorization): Effect.Effect<Authorization, AuthError> =>
      Effect.flatMap(Ref.get(failed), ({ count: before }) => exclusive(renewedAfter(refused, before)))

    const renewedAfter = (refused: Authorization, before: number): Effect.Effect<Authorization, AuthError> =>
      Effect.gen(function* () {
        const present = yield* Ref.get(state)
        if (Option.isNone(present)) return yield* AuthError.of("AccountMismatch")
        const held = present.value
        if (!sameIdentity(held.session.identity, refused.session.identity)) {
          return yield* AuthError.of("AccountMismatch")
        }
        if (held !== refused) return held
        const last = yield* Ref.get(failed)
        if (last.count > before && last.error !== null) return yield* last.error
        return yield* Effect.flatMap(asked(held.session.identity), transition).pipe(
          Effect.tapError((error) => Ref.update(failed, ({ count }) => ({ count: count + 1, error })))
        )
      })

    const asked = (identity: Identity) =>
      host.refresh({ reason: "unauthorized", previousAccountId: identity.accountId }).pipe(
        Effect.mapError(() => AuthError.of("Unavailable", "the application that supplies the session gave no token")),
        Effect.timeoutFail({
          duration: hostTimeout,
          onTimeout: () => AuthError.of("Unavailable", "the application that supplies the session did not answer")
        }),
        Effect.flatMap(accept),
        Effect.filterOrFail(
          (next) => sameIdentity(next.session.identity, identity),
          () => AuthError.of("AccountMismatch")
        )
      )

    type Service = AuthSession["Type"]
    const supplied = (held: Authorization): Omit<Service, "signOut" | "epoch" | "changes"> => ({
      current: Effect.succeed(held.session),
      authorization: Effect.succeed(held),
      // The host supplies a new token after a refusal, and at no other time.
      refresh: Effect.succeed(held.session),
      recover: renewed,
      reload: Effect.succeed(held.session),
      enterWorkspace: () => Effect.fail(managed),
      unsaved: Effect.succeed(null),
      signIn: () => Effect.fail(managed)
    })
    const active = Effect.map(Ref.get(state), Option.match({ onNone: () => beneath, onSome: supplied }))

    const session = AuthSession.of({
      current: Effect.flatMap(active, (session) => session.current),
      authorization: Effect.flatMap(active, (session) => session.authorization),
      refresh: Effect.flatMap(active, (session) => session.refresh),
      recover: (refused) => Effect.flatMap(active, (session) => session.recover(refused)),
      reload: Effect.flatMap(active, (session) => session.reload),
      enterWorkspace: (options) => Effect.flatMap(active, (session) => session.enterWorkspace(options)),
      unsaved: Effect.flatMap(active, (session) => session.unsaved),
      signIn: (record) =>
        record.auth_mode === "chatgptAuthTokens"
          ? Effect.fail(managed)
          : Effect.flatMap(active, (session) => session.signIn(record)),
      signOut: (options) =>
        exclusive(
          Effect.gen(function* () {
            const held = yield* Ref.getAndSet(state, Option.none())
            // After a sign-out a person expects no other sign-in to show from below.
            const below = yield* beneath.signOut(options)
            if (Option.isNone(held)) return below
            yield* announce({ _tag: "SignedOut" })
            return { ...below, removed: true }
          })
        ),
      epoch: Effect.zipWith(Ref.get(boundaries), beneath.epoch, (own, other) => own + other),
      changes: Stream.merge(
        Stream.fromPubSub(changes),
        Stream.filterEffect(beneath.changes, () => Effect.map(Ref.get(state), Option.isNone))
        // A sign-out ends both sessions.
      ).pipe(Stream.changesWith((before, after) => before._tag === "SignedOut" && after._tag === "SignedOut"))
    })

    return Context.make(AuthSession, session).pipe(
      Context.add(ExternalSession, {
        signIn: (tokens) =>
          exclusive(Effect.flatMap(accept(tokens), transition)).pipe(Effect.map((held) => held.session)),
        isActive: Effect.map(Ref.get(state), Option.isSome)
      })
    )
  })

/** The same over the session that is there. */
export const layerOver = perAccount(
  Layer.effectContext(Effect.flatMap(AuthSession, make)),
  AccountConfig,
  AuthSession,
  ExternalTokens
)

/**
 * Signed out until tokens are supplied through `ExternalSession`.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<AuthSession | ExternalSession, never, AccountConfig | ExternalTokens> = perAccount(
  Layer.effectContext(make()),
  AccountConfig,
  ExternalTokens
)
