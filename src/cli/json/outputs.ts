/** What each command prints with `--json`. The JSON Schemas in the folder `schemas` are made from `outputs`. */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { ActivityDay, ActivityView, ActivityWeek } from "../../domain/ActivityCalendar.js"
import { Repeat } from "../../domain/CallPolicy.js"
import { Identity } from "../../domain/Identity.js"
import { Operation } from "../../domain/Operation.js"
import { RateLimitWindow } from "../../domain/RateLimitWindow.js"
import { InviteReward } from "../../domain/ReferralOffer.js"
import { ResetCredits } from "../../domain/ResetCredit.js"
import { Session } from "../../domain/Session.js"
import { DailyTokens, TokenActivity } from "../../domain/TokenActivity.js"
import { RateLimit, UsageSnapshot } from "../../domain/UsageSnapshot.js"
import { type Judged, UsageTransition } from "../../domain/UsageTransition.js"
import { Verdict } from "../../domain/Verdict.js"
import { Workspace } from "../../domain/Workspace.js"
import { WorkspaceMessage } from "../../domain/WorkspaceMessage.js"
import { CreditType, WorkspaceRole } from "../../domain/WorkspaceRole.js"
import { redeemOutcomes } from "../../programs/redeemConfirmed.js"
import { ErrorBody, failure, output, schemaVersion } from "./envelope.js"

/** A window. `name` is for its length; `usedPercent` is what the backend says. */
const Window = Schema.Struct({
  name: Schema.String,
  ...Struct.pick(RateLimitWindow.fields, "durationMinutes", "usedPercent"),
  remainingPercent: Schema.Number,
  resetsAt: RateLimitWindow.fields.resetsAt
})

/** A limit; the first one is that of Codex itself. */
const Limit = Schema.Struct({
  ...Struct.pick(RateLimit.fields, "id", "name", "allowed"),
  windows: Schema.Array(Window)
})

const Usage = Schema.Struct({
  ...Struct.pick(UsageSnapshot.fields, "identity", "plan", "fetchedAt"),
  limits: Schema.Array(Limit),
  ...Struct.pick(UsageSnapshot.fields, "credits", "spendControl", "reachedType", "resetCredits", "models", "unread")
})

const usage = { usage: Usage, verdict: Verdict }

/** The snapshot, with the count of reset credits that agrees with their list. */
export const shownUsage = (snapshot: UsageSnapshot): UsageSnapshot => {
  const { fetchedAt, resetCredits } = snapshot
  if (resetCredits === null) return snapshot
  const agreed = new ResetCredits({ ...resetCredits, availableCount: resetCredits.availableAt(fetchedAt) })
  return new UsageSnapshot({ ...snapshot, resetCredits: agreed })
}

/** The encoder leaves out what `Usage` does not name. */
export const usageValue = ({ snapshot, verdict }: Judged) => ({ usage: shownUsage(snapshot), verdict })

/**
 * `watch` is of `usage --watch` alone, which prints one such object a reading: whether it is the first one of this
 * account, what has really changed since the last, and when the next is due.
 */
export const usageFields = {
  ...usage,
  watch: Schema.optionalWith(
    Schema.Struct({
      isFirst: Schema.Boolean,
      transitions: Schema.Array(UsageTransition),
      nextAt: Schema.DateTimeUtc
    }),
    { exact: true }
  )
}

/** `waitedMillis` is how long `--wait` has waited; null without it. */
export const guardFields = { usable: Schema.Boolean, waitedMillis: Schema.NullOr(Schema.Number), ...usage }

const KnownWorkspace = Schema.Struct(Struct.pick(Workspace.fields, "id", "name", "kind"))

const Account = Schema.Struct({
  ...Struct.pick(Session.fields, "identity", "plan", "mode", "source", "accessExpiresAt", "lastRefreshAt"),
  renewalInterrupted: Schema.Boolean
})

/** `email` is that of the signed-in user. No other answer has it. */
export const sessionFields = {
  ...Account.fields,
  ...Struct.pick(Session.fields, "email", "isOrgOwner"),
  isRefreshable: Schema.Boolean,
  usesBackend: Schema.Boolean,
  location: Schema.String
}

/** In the backend's order. `isCurrent`: the session is in it. */
export const workspacesFields = {
  identity: Identity,
  workspaces: Schema.Array(Schema.Struct({ ...KnownWorkspace.fields, isCurrent: Schema.Boolean }))
}

/** `identity` and `plan` are those in the workspace. `unchanged`: the session was in it before. */
export const workspaceFields = {
  outcome: Schema.Literal("switched", "unchanged"),
  ...Struct.pick(Session.fields, "identity", "plan"),
  workspace: KnownWorkspace
}

export const roleFields = { ...Struct.pick(Session.fields, "identity", "plan"), ...WorkspaceRole.fields }

const Message = Schema.Struct(Struct.omit(WorkspaceMessage.fields, "archivedAt"))

const ActivityTotals = Schema.Struct(Struct.omit(TokenActivity.fields, "identity", "fetchedAt", "daily"))

/**
 * What `usage daily`, `usage weekly` and `usage cumulative` answer, the view apart the same. `totals` are the backend's.
 * `days` are those of the last 52 weeks up to the day of `fetchedAt`, in UTC, and `weeks` their sums; both are null
 * if the backend reports no days.
 */
export const activityFields = {
  view: ActivityView,
  identity: Identity,
  fetchedAt: Schema.DateTimeUtc,
  totals: ActivityTotals,
  days: Schema.NullOr(Schema.Array(ActivityDay)),
  weeks: Schema.NullOr(Schema.Array(ActivityWeek))
}

const Activity = Schema.Struct({
  ...ActivityTotals.fields,
  daily: Schema.NullOr(Schema.Array(Schema.Struct(DailyTokens.fields)))
})

/**
 * A part that could not be read is null, and `errors` says why. `open`: operations with an unknown outcome. The `workspace`
 * of the session is null where the backend does not tell it.
 */
export const statusFields = {
  session: Schema.Struct({ ...Account.fields, workspace: Schema.NullOr(KnownWorkspace) }),
  role: WorkspaceRole,
  usage: Schema.NullOr(Usage),
  verdict: Schema.NullOr(Verdict),
  activity: Schema.NullOr(Activity),
  messages: Schema.NullOr(Schema.Array(Message)),
  open: Schema.Array(Operation),
  errors: Schema.Struct({
    usage: Schema.NullOr(ErrorBody),
    activity: Schema.NullOr(ErrorBody),
    messages: Schema.NullOr(ErrorBody),
    journal: Schema.NullOr(ErrorBody)
  })
}

/** `usage` is that after a reset; null if there was none or it could not be read. */
export const redeemFields = {
  outcome: Schema.Literal(...redeemOutcomes, "declined"),
  key: Schema.NullOr(Schema.String),
  creditId: Schema.NullOr(Schema.String),
  usage: Schema.NullOr(Usage)
}

/** `key` names the operation in the journal; the address is not repeated. */
export const inviteFields = {
  outcome: Schema.Literal("sent", "declined"),
  reward: Schema.NullOr(InviteReward),
  key: Schema.NullOr(Schema.String)
}

export const notifyOwnerFields = {
  outcome: Schema.Literal("sent", "cooldownActive", "declined"),
  creditType: CreditType,
  key: Schema.NullOr(Schema.String)
}

/** `replaced`: there was a sign-in before. Only `session` has the account's email address. */
export const loginFields = {
  ...Account.fields,
  method: Schema.Literal("browser", "device", "accessToken", "apiKey"),
  replaced: Schema.Boolean
}

/** Newest first. `resolution` and `redeemed` are what `resolve` did; null without it. */
export const journalFields = {
  operations: Schema.Array(Operation),
  resolution: Schema.NullOr(Schema.Literal("Redeemed", "Closed", "Left")),
  redeemed: Schema.NullOr(redeemFields.outcome)
}

/** `removed`: there was a sign-in. `revoked` is null if the server was not asked, false if it did not confirm. */
export const logoutFields = {
  outcome: Schema.Literal("signedOut", "declined"),
  removed: Schema.Boolean,
  revoked: Schema.NullOr(Schema.Boolean)
}

/** A policy in force; times are in milliseconds. */
const PolicyRow = Schema.Struct({
  name: Schema.String,
  repeat: Repeat,
  keyField: Schema.NullOr(Schema.String),
  attempts: Schema.Int,
  attemptTimeoutMillis: Schema.Number,
  overallTimeoutMillis: Schema.Number,
  backoff: Schema.Struct({
    baseMillis: Schema.Number,
    factor: Schema.Number,
    capMillis: Schema.Number,
    jitter: Schema.Number
  }),
  retryOn: Schema.Array(Schema.String),
  retryAfterCapMillis: Schema.Number,
  redirects: Schema.Literal("refuse")
})

/** `renewal` is when a session is renewed: so long before its token expires, and earlier by a random share of the jitter. */
export const policiesFields = {
  policies: Schema.Array(PolicyRow),
  renewal: Schema.Struct({ beforeMillis: Schema.Number, jitterMillis: Schema.Number, maxAgeMillis: Schema.Number })
}

/**
 * `home` is the throw-away CODEX_HOME that was written, if one was asked for. `environment` is what a client needs
 * besides.
 */
export const backendFields = {
  origin: Schema.String,
  baseUrl: Schema.String,
  home: Schema.NullOr(Schema.String),
  environment: Schema.Record({ key: Schema.String, value: Schema.String })
}

const Check = Schema.Struct({
  name: Schema.String,
  result: Schema.Literal("ok", "warn", "fail"),
  message: Schema.String,
  advice: Schema.NullOr(Schema.String)
})

export type Check = typeof Check.Type

export const doctorFields = { checks: Schema.Array(Check) }

/**
 * `activity` is what `usage` answers when it is given a view. `none` is what a command line gets that names no command.
 */
export const outputs = {
  usage: output("usage", usageFields),
  activity: output("usage", activityFields),
  status: output("status", statusFields),
  redeem: output("redeem", redeemFields),
  invite: output("invite", inviteFields),
  "notify-owner": output("notify-owner", notifyOwnerFields),
  role: output("role", roleFields),
  guard: output("guard", guardFields),
  session: output("session", sessionFields),
  workspaces: output("workspaces", workspacesFields),
  workspace: output("workspace", workspaceFields),
  logout: output("logout", logoutFields),
  login: output("login", loginFields),
  journal: output("journal", journalFields),
  policies: output("policies", policiesFields),
  backend: output("backend", backendFields),
  doctor: output("doctor", doctorFields),
  version: Schema.Struct({
    schemaVersion: Schema.Literal(schemaVersion),
    command: Schema.Literal("version"),
    ok: Schema.Literal(true),
    exitCode: Schema.Literal(0),
    version: Schema.String
  }),
  "app-server": failure("app-server"),
  none: failure(null)
} as const

export type OutputName = keyof typeof outputs
