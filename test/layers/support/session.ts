/** The session layer over the fake OAuth server in memory, and a store that a test can interfere with. */
import type * as HttpClient from "@effect/platform/HttpClient"
import { assert, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import type { AuthJson } from "../../../src/contracts/AuthJson.js"
import type { SessionChange } from "../../../src/domain/Session.js"
import * as AuthSessionOAuth from "../../../src/layers/AuthSessionOAuth.js"
import * as CredentialStoreEphemeral from "../../../src/layers/CredentialStoreEphemeral.js"
import * as LeaseMemory from "../../../src/layers/LeaseMemory.js"
import type { AccountConfig, AccountSettings } from "../../../src/services/AccountConfig.js"
import { AuthSession, type Authorization } from "../../../src/services/AuthSession.js"
import { CredentialStore, CredentialStoreError } from "../../../src/services/CredentialStore.js"
import type { Lease } from "../../../src/services/Lease.js"
import { FakeBackend, TestAccount } from "../../../src/testing/index.js"
import { cases } from "../../cases.js"

type Reason = CredentialStoreError["reason"]

/** What a test does to the store from outside. */
export class StoreControl extends Context.Tag("effect-codex-account/test/layers/support/session/StoreControl")<
  StoreControl,
  {
    /** The record as another process would find it. */
    readonly stored: Effect.Effect<AuthJson | null>
    /** Another process replaces or removes the record. */
    readonly put: (record: AuthJson | null) => Effect.Effect<void>
    /** Every write fails so from now on; null for none. */
    readonly failWrites: (reason: Reason | null) => Effect.Effect<void>
    readonly failChecks: (reason: Reason | null) => Effect.Effect<void>
    readonly failReads: (reason: Reason | null) => Effect.Effect<void>
    /** Runs once, just before the next write of the session's. */
    readonly beforeWrite: (work: Effect.Effect<void>) => Effect.Effect<void>
    /** How often the session has written, with or without success. */
    readonly writes: Effect.Effect<number>
    readonly removals: Effect.Effect<number>
  }
>() {}

const controlled = (inner: CredentialStore["Type"]) =>
  Effect.gen(function* () {
    const failing = {
      write: yield* Ref.make<Reason | null>(null),
      check: yield* Ref.make<Reason | null>(null),
      read: yield* Ref.make<Reason | null>(null)
    }
    const before = yield* Ref.make<Effect.Effect<void>>(Effect.void)
    const writes = yield* Ref.make(0)
    const removals = yield* Ref.make(0)
    const unless = (operation: "read" | "write", ref: Ref.Ref<Reason | null>) =>
      Effect.flatMap(Ref.get(ref), (reason) =>
        reason === null
          ? Effect.void
          : Effect.fail(new CredentialStoreError({ operation, reason, location: inner.location, detail: null }))
      )
    const store = CredentialStore.of({
      ...inner,
      read: Effect.zipRight(unless("read", failing.read), inner.read),
      write: (record, options) =>
        Effect.gen(function* () {
          yield* Ref.update(writes, (n) => n + 1)
          yield* Effect.flatten(Ref.getAndSet(before, Effect.void))
          yield* unless("write", failing.write)
          return yield* inner.write(record, options)
        }),
      remove: Effect.zipRight(
        Ref.update(removals, (n) => n + 1),
        inner.remove
      ),
      checkWritable: unless("write", failing.check)
    })
    const control = StoreControl.of({
      stored: Effect.orDie(Effect.map(inner.read, (found) => Option.getOrNull(found)?.record ?? null)),
      put: (record) => Effect.orDie(record === null ? Effect.asVoid(inner.remove) : Effect.asVoid(inner.write(record))),
      failWrites: (reason) => Ref.set(failing.write, reason),
      failChecks: (reason) => Ref.set(failing.check, reason),
      failReads: (reason) => Ref.set(failing.read, reason),
      beforeWrite: (work) => Ref.set(before, work),
      writes: Ref.get(writes),
      removals: Ref.get(removals)
    })
    return Context.make(CredentialStore, store).pipe(Context.add(StoreControl, control))
  })

export interface WorldOptions {
  readonly backend?: FakeBackend.FakeBackendOptions
  readonly settings?: Partial<AccountSettings>
  /** What is in the store at first; by default a sign-in at the fake. The server takes its refresh token. */
  readonly record?: AuthJson | null
  readonly lease?: Layer.Layer<Lease>
}

export type World =
  | AuthSession
  | HttpClient.HttpClient
  | AccountConfig
  | CredentialStore
  | FakeBackend.FakeBackend
  | StoreControl

/** Two accounts, of which the first is signed in unless a record is given. */
export const accounts = [
  { userId: "user-1", accountId: "account-1" },
  { userId: "user-2", accountId: "account-2" }
] as const

export const world = (options: WorldOptions = {}): Layer.Layer<World> => {
  const store = Layer.effectContext(
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const record = options.record === undefined ? (yield* backend.signIn()).record : (options.record ?? undefined)
      if (record?.tokens) yield* grant(backend, Redacted.value(record.tokens.refresh_token))
      return yield* Effect.flatMap(CredentialStoreEphemeral.make(record), controlled)
    })
  )
  return AuthSessionOAuth.layer.pipe(
    Layer.provideMerge(Layer.merge(TestAccount.layerSettings(options.settings), store)),
    Layer.provide(options.lease ?? LeaseMemory.layer),
    Layer.provideMerge(FakeBackend.layerClient({ accounts: [...accounts], ...options.backend }))
  )
}

/** Tests in the world of `options`. */
export const inWorld = (options?: WorldOptions) =>
  cases<
    [
      {
        readonly session: AuthSession["Type"]
        readonly store: StoreControl["Type"]
        readonly backend: FakeBackend.FakeBackendService
      }
    ],
    World
  >(it.scoped, (use) =>
    Effect.all({ session: AuthSession, store: StoreControl, backend: FakeBackend.FakeBackend }).pipe(
      Effect.flatMap(use),
      Effect.provide(world(options))
    )
  )

/** The session as a process that starts now has it. */
export const nextProcess = Layer.build(
  Layer.provide(Layer.fresh(AuthSessionOAuth.layer), Layer.fresh(LeaseMemory.layer))
).pipe(Effect.map(Context.get(AuthSession)))

/** How many exchanges have reached the OAuth server. */
export const exchanges = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.count("oauth.token"))
export const reasons = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
  Effect.map(backend.calls("oauth.token"), (calls) =>
    calls.map(({ body }) =>
      typeof body === "object" && body !== null && "refresh_reason" in body ? body.refresh_reason : null
    )
  )
)

/** Makes a refresh token one that the server takes, for the account that is the fake's first. */
const grant = (backend: FakeBackend.FakeBackendService, refreshToken: string) =>
  Effect.gen(function* () {
    const { tokens } = yield* backend.signIn()
    yield* backend.update((state) => ({
      ...state,
      refreshTokens: Option.match(HashMap.get(state.refreshTokens, tokens.refreshToken), {
        onNone: () => state.refreshTokens,
        onSome: (issued) => HashMap.set(state.refreshTokens, refreshToken, issued)
      })
    }))
  })

export const bearerOf = ({ headers }: Authorization): string =>
  (Redacted.value(headers)["authorization"] ?? "").replace("Bearer ", "")

/** What comes of a renewal: the account and the minute in which its token expires, or why there is none. */
export const renewal = Effect.flatMap(AuthSession, ({ refresh }) =>
  Effect.match(refresh, {
    onFailure: ({ reason }): string => reason,
    onSuccess: ({ accessExpiresAt, identity }) =>
      `${identity.accountId} ${(accessExpiresAt?.epochMillis ?? 0) / 60_000}`
  })
)

/** Compares what is named with what the OAuth server and the store have seen so far. */
export const expectWorld = (expected: {
  readonly exchanges?: number
  readonly stored?: AuthJson | null
  readonly writes?: number
  readonly removals?: number
}) =>
  Effect.gen(function* () {
    const { removals, stored, writes } = yield* StoreControl
    const found = yield* Effect.all({ exchanges, removals, stored, writes })
    assert.deepStrictEqual({ ...found, ...expected }, found)
  })

/** The bearer token that a request would carry now. */
export const bearer = Effect.flatMap(AuthSession, (session) => Effect.map(session.authorization, bearerOf))

/** Collects what `changes` tells while the test goes on. */
export const listen = Effect.gen(function* () {
  const session = yield* AuthSession
  const heard = yield* Ref.make(Chunk.empty<SessionChange>())
  yield* Effect.forkScoped(Stream.runForEach(session.changes, (change) => Ref.update(heard, Chunk.append(change))))
  yield* TestClock.adjust(0)
  return Effect.map(Ref.get(heard), (all) =>
    Chunk.toReadonlyArray(all).map((change) =>
      change._tag === "SignedIn" ? `in ${change.session.identity.accountId}` : "out"
    )
  )
})
