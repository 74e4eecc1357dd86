/**
 * What the compiler says about composing: a missing layer does not compile, and programs ask for services alone.
 *
 * Nothing here runs. `npm run check` fails when a statement is wrong, and so does `types.test.ts`, which also shows that
 * each of them can be.
 */
// @effect-diagnostics missingEffectContext:off
import type * as HttpClient from "@effect/platform/HttpClient"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { expectTypeOf } from "@effect/vitest"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ActError } from "../../src/domain/ActError.js"
import type { AuthError } from "../../src/domain/AuthError.js"
import type { BackendError } from "../../src/domain/BackendError.js"
import * as AccountConfigEnv from "../../src/layers/AccountConfigEnv.js"
import type * as AuthSessionOAuth from "../../src/layers/AuthSessionOAuth.js"
import type * as BackendHttpContract from "../../src/layers/BackendHttpContract.js"
import * as CredentialStoreEphemeral from "../../src/layers/CredentialStoreEphemeral.js"
import type * as CredentialStoreFile from "../../src/layers/CredentialStoreFile.js"
import type * as HttpClientNode from "../../src/layers/HttpClientNode.js"
import * as LeaseMemory from "../../src/layers/LeaseMemory.js"
import * as Live from "../../src/layers/Live.js"
import * as OperationJournalMemory from "../../src/layers/OperationJournalMemory.js"
import { type guard, showUsage } from "../../src/programs/usage.js"
import { inviteFriend } from "../../src/programs/invite.js"
import type { notifyOwner } from "../../src/programs/nudge.js"
import type { redeemReset } from "../../src/programs/redeem.js"
import type { showRole, showStatus } from "../../src/programs/status.js"
import type { signOut } from "../../src/programs/signOut.js"
import type { AccountConfig, ConfigurationError } from "../../src/services/AccountConfig.js"
import type { AuthSession } from "../../src/services/AuthSession.js"
import type { BackendHttp } from "../../src/services/BackendHttp.js"
import type { CredentialStore } from "../../src/services/CredentialStore.js"
import type { Dialog, DialogError } from "../../src/services/Dialog.js"
import type { Lease } from "../../src/services/Lease.js"
import type { JournalError, OperationJournal } from "../../src/services/OperationJournal.js"
import type { RateLimits } from "../../src/services/RateLimits.js"
import type { Referrals } from "../../src/services/Referrals.js"
import type { TokenUsage } from "../../src/services/TokenUsage.js"
import type { WorkspaceMessages } from "../../src/services/WorkspaceMessages.js"
import type { WorkspaceRole } from "../../src/services/WorkspaceRole.js"
import type { Workspaces } from "../../src/services/Workspaces.js"
import { FakeBackend, ScriptedDialog, TestAccount } from "../../src/testing/index.js"

/** Takes what has everything that it needs. */
declare const complete: <A, E>(effect: Effect.Effect<A, E>) => void

const store = CredentialStoreEphemeral.layer
const settings = AccountConfigEnv.layer({ codexHome: "/nowhere" })
const dialog = ScriptedDialog.layer({})
const fake = Layer.provideMerge(TestAccount.layerSettings(), FakeBackend.layerClient())
const around = Layer.mergeAll(store, LeaseMemory.layer, OperationJournalMemory.layerMemory, dialog)

/* Composing over the fake: with everything, and without each part in turn. */

complete(Effect.provide(showUsage, Live.layerServices.pipe(Layer.provideMerge(around), Layer.provide(fake))))

complete(
  // @ts-expect-error the HTTP client is missing
  Effect.provide(showUsage, Live.layerServices.pipe(Layer.provideMerge(around), Layer.provide(settings)))
)

complete(
  // @ts-expect-error the settings are missing
  Effect.provide(
    showUsage,
    Live.layerServices.pipe(Layer.provideMerge(around), Layer.provide(FakeBackend.layerClient()))
  )
)

complete(
  // @ts-expect-error the credential store is missing
  Effect.provide(
    showUsage,
    Live.layerServices.pipe(Layer.provideMerge(Layer.merge(LeaseMemory.layer, dialog)), Layer.provide(fake))
  )
)

complete(
  // @ts-expect-error the leases are missing
  Effect.provide(
    showUsage,
    Live.layerServices.pipe(Layer.provideMerge(Layer.merge(store, dialog)), Layer.provide(fake))
  )
)

complete(
  // @ts-expect-error somebody to ask is missing
  Effect.provide(
    showUsage,
    Live.layerServices.pipe(Layer.provideMerge(Layer.merge(store, LeaseMemory.layer)), Layer.provide(fake))
  )
)

complete(
  // @ts-expect-error the journal is missing
  Effect.provide(
    inviteFriend(),
    Live.layerServices.pipe(Layer.provideMerge(Layer.mergeAll(store, LeaseMemory.layer, dialog)), Layer.provide(fake))
  )
)

complete(Effect.provide(inviteFriend(), Live.layerServices.pipe(Layer.provideMerge(around), Layer.provide(fake))))

// @ts-expect-error nothing is there
complete(showUsage)

/* Composing for real. */

complete(
  Effect.provide(
    showUsage,
    Live.layer.pipe(Layer.merge(dialog), Layer.provide(settings), Layer.provide(NodeContext.layer))
  )
)

complete(
  // @ts-expect-error the platform is missing
  Effect.provide(showUsage, Live.layer.pipe(Layer.merge(dialog), Layer.provide(settings)))
)

complete(
  // @ts-expect-error the settings are missing
  Effect.provide(showUsage, Live.layer.pipe(Layer.merge(dialog), Layer.provide(NodeContext.layer)))
)

complete(Effect.provide(showUsage, Live.layerConfig().pipe(Layer.merge(dialog), Layer.provide(NodeContext.layer))))

/* What each layer needs, gives and fails with. */

expectTypeOf(Live.layerServices).toEqualTypeOf<
  Layer.Layer<Live.AccountServices, never, AccountConfig | CredentialStore | HttpClient.HttpClient | Lease>
>()
expectTypeOf<Live.AccountServices>().toEqualTypeOf<
  AuthSession | BackendHttp | RateLimits | Referrals | TokenUsage | WorkspaceMessages | WorkspaceRole | Workspaces
>()
expectTypeOf<Layer.Layer.Error<typeof Live.layer>>().toEqualTypeOf<ConfigurationError>()
expectTypeOf<Layer.Layer.Error<ReturnType<typeof Live.layerConfig>>>().toEqualTypeOf<
  ConfigurationError | ConfigError.ConfigError
>()
expectTypeOf<Layer.Layer.Context<typeof AuthSessionOAuth.layer>>().toEqualTypeOf<
  AccountConfig | CredentialStore | HttpClient.HttpClient | Lease
>()
expectTypeOf<Layer.Layer.Context<typeof BackendHttpContract.layer>>().toEqualTypeOf<
  AccountConfig | AuthSession | HttpClient.HttpClient
>()
expectTypeOf<Layer.Layer.Error<typeof CredentialStoreFile.layer>>().toEqualTypeOf<never>()
expectTypeOf<Layer.Layer.Error<typeof HttpClientNode.layer>>().toEqualTypeOf<ConfigurationError>()

/* What programs ask for, and how they fail. */

export type Programs =
  | typeof guard
  | ReturnType<typeof inviteFriend>
  | ReturnType<typeof notifyOwner>
  | ReturnType<typeof redeemReset>
  | typeof showRole
  | typeof showStatus
  | typeof showUsage
  | ReturnType<typeof signOut>

/** No HTTP client, no file system, no settings, no store: those are for layers to need. */
type ForPrograms =
  | AuthSession
  | Dialog
  | Lease
  | OperationJournal
  | RateLimits
  | Referrals
  | TokenUsage
  | WorkspaceMessages
  | WorkspaceRole
  | Workspaces

expectTypeOf<Exclude<Effect.Effect.Context<Programs>, ForPrograms>>().toEqualTypeOf<never>()
expectTypeOf<Effect.Effect.Context<typeof showUsage>>().toEqualTypeOf<Dialog | RateLimits | WorkspaceRole>()
expectTypeOf<Effect.Effect.Context<ReturnType<typeof inviteFriend>>>().toEqualTypeOf<
  AuthSession | Dialog | Lease | OperationJournal | Referrals
>()
expectTypeOf<Effect.Effect.Error<typeof showUsage>>().toEqualTypeOf<AuthError | BackendError>()
expectTypeOf<
  Exclude<Effect.Effect.Error<Programs>, ActError | AuthError | BackendError | DialogError | JournalError>
>().toEqualTypeOf<never>()

/* The methods of services need nothing of their own. */

type Needs<Service> = {
  [Name in keyof Service]: Service[Name] extends Effect.Effect<infer _A, infer _E, infer R>
    ? R
    : Service[Name] extends (...args: infer _Args) => Effect.Effect<infer _A, infer _E, infer R>
      ? R
      : never
}[keyof Service]

expectTypeOf<
  | Needs<AuthSession["Type"]>
  | Needs<CredentialStore["Type"]>
  | Needs<OperationJournal["Type"]>
  | Needs<RateLimits["Type"]>
  | Needs<Referrals["Type"]>
  | Needs<TokenUsage["Type"]>
  | Needs<WorkspaceMessages["Type"]>
  | Needs<WorkspaceRole["Type"]>
>().toEqualTypeOf<never>()
