/**
 * Generators of domain values: valid, with the odd ones that a test should meet.
 *
 * @since 0.1.0
 */
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as FastCheck from "effect/FastCheck"
import { ActError } from "../domain/ActError.js"
import { AuthError } from "../domain/AuthError.js"
import { BackendError } from "../domain/BackendError.js"
import { CredentialStoreError } from "../domain/CredentialStoreError.js"
import { InviteEmail } from "../domain/InviteEmail.js"
import { JournalError } from "../domain/JournalError.js"
import { Operation, OperationState } from "../domain/Operation.js"
import { Plan } from "../domain/Plan.js"
import { ReferralOffer } from "../domain/ReferralOffer.js"
import { type RedeemKey, TypedRedeemKey } from "../domain/ResetCredit.js"
import { AuthMode, Session, type SessionChange } from "../domain/Session.js"
import { DailyTokens, TokenActivity } from "../domain/TokenActivity.js"
import { type Verdict, verdict as judge } from "../domain/Verdict.js"
import { WorkspaceMessage, WorkspaceMessageList } from "../domain/WorkspaceMessage.js"
import { claimedRole, liveRole, RoleName, type WorkspaceRole } from "../domain/WorkspaceRole.js"
import { identity, orNull, time, untrustedText } from "./BasicArbitraries.js"
import { usageSnapshot } from "./UsageArbitraries.js"

export * from "./BasicArbitraries.js"
export * from "./UsageArbitraries.js"

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const session: FastCheck.Arbitrary<Session> = FastCheck.record({
  mode: Arbitrary.make(AuthMode),
  identity,
  email: orNull(FastCheck.emailAddress()),
  plan: Arbitrary.make(Plan),
  isOrgOwner: orNull(FastCheck.boolean()),
  isFedramp: FastCheck.boolean(),
  accessExpiresAt: orNull(time),
  lastRefreshAt: orNull(time),
  source: FastCheck.constantFrom("file" as const, "keyring" as const, "ephemeral" as const, "environment" as const)
}).map((fields) => new Session(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const sessionChange: FastCheck.Arbitrary<SessionChange> = FastCheck.oneof(
  session.map((session): SessionChange => ({ _tag: "SignedIn", session })),
  FastCheck.constant<SessionChange>({ _tag: "SignedOut" })
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const referralOffer: FastCheck.Arbitrary<ReferralOffer> = FastCheck.record({
  identity,
  description: orNull(untrustedText),
  rules: FastCheck.array(untrustedText, { maxLength: 4 }),
  grantAction: FastCheck.jsonValue().map((value) => JSON.stringify(value)),
  grantAmount: FastCheck.jsonValue().map((value) => JSON.stringify(value)),
  requiresExplicitConfirmation: FastCheck.boolean(),
  loadedAt: time
}).map((fields) => new ReferralOffer(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const workspaceRole: FastCheck.Arbitrary<WorkspaceRole> = FastCheck.oneof(
  Arbitrary.make(RoleName).map(liveRole),
  orNull(FastCheck.boolean()).map(claimedRole)
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const tokenActivity: FastCheck.Arbitrary<TokenActivity> = FastCheck.record({
  identity,
  fetchedAt: time,
  lifetimeTokens: orNull(FastCheck.maxSafeNat()),
  peakDailyTokens: orNull(FastCheck.maxSafeNat()),
  longestRunningTurnSeconds: orNull(FastCheck.nat()),
  currentStreakDays: orNull(FastCheck.nat({ max: 1000 })),
  longestStreakDays: orNull(FastCheck.nat({ max: 1000 })),
  daily: orNull(
    FastCheck.array(
      FastCheck.record({
        startDate: FastCheck.oneof(
          time.map((at) => DateTime.formatIsoDateUtc(at)),
          untrustedText
        ),
        tokens: FastCheck.maxSafeNat()
      }).map((fields) => new DailyTokens(fields)),
      { maxLength: 10 }
    )
  )
}).map((fields) => new TokenActivity(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const workspaceMessageList: FastCheck.Arbitrary<WorkspaceMessageList> = FastCheck.record({
  featureEnabled: FastCheck.boolean(),
  messages: FastCheck.array(
    FastCheck.record({
      id: FastCheck.string(),
      type: FastCheck.constantFrom("headline" as const, "announcement" as const, "unknown" as const),
      body: untrustedText,
      createdAt: orNull(time),
      archivedAt: orNull(time)
    }).map((fields) => new WorkspaceMessage(fields)),
    { maxLength: 3 }
  )
}).map((fields) => new WorkspaceMessageList(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const operation: FastCheck.Arbitrary<Operation> = FastCheck.record({
  key: FastCheck.uuid(),
  act: FastCheck.constantFrom("redeem" as const, "invite" as const, "nudge" as const),
  identity: identity.map((identity) => identity.key),
  target: orNull(FastCheck.string()),
  state: Arbitrary.make(OperationState),
  createdAt: time,
  updatedAt: time
}).map((fields) => new Operation(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const inviteEmail: FastCheck.Arbitrary<InviteEmail> = Arbitrary.make(InviteEmail)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const redeemKey: FastCheck.Arbitrary<RedeemKey> = Arbitrary.make(TypedRedeemKey)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const backendError: FastCheck.Arbitrary<BackendError> = Arbitrary.make(BackendError)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const authError: FastCheck.Arbitrary<AuthError> = Arbitrary.make(AuthError)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const actError: FastCheck.Arbitrary<ActError> = Arbitrary.make(ActError)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const credentialStoreError: FastCheck.Arbitrary<CredentialStoreError> = Arbitrary.make(CredentialStoreError)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const journalError: FastCheck.Arbitrary<JournalError> = Arbitrary.make(JournalError)

/**
 * The verdict on any snapshot, at a time from an hour before it to a month after.
 *
 * @since 0.1.0
 * @category arbitraries
 */
export const verdict: FastCheck.Arbitrary<Verdict> = FastCheck.record({
  snapshot: usageSnapshot,
  minutes: FastCheck.integer({ min: -60, max: 43_200 }),
  role: FastCheck.option(workspaceRole, { nil: undefined }),
  offer: FastCheck.option(referralOffer, { nil: undefined })
}).map(({ minutes, offer, role, snapshot }) =>
  judge(snapshot, { now: DateTime.add(snapshot.fetchedAt, { minutes }), role, offer })
)
