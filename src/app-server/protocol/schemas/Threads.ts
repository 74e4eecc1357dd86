/** Threads: where they come from and when, without their turns. */
import * as Schema from "effect/Schema"
import { flag, Int64, nullable, openEnum, opt, UInt32 } from "../../../contracts/Tolerant.js"
import { struct } from "../Method.js"

/** Who made the thread. Sources that are objects stay as they are. */
export const SessionSource = Schema.Union(
  openEnum("cli", "vscode", "exec", "appServer"),
  Schema.Struct({ custom: Schema.String }),
  Schema.Struct({ subAgent: Schema.Unknown }),
  Schema.Record({ key: Schema.String, value: Schema.Unknown })
).annotations({ identifier: "SessionSource" })

export const ThreadStatus = struct("ThreadStatus", {
  type: openEnum("notLoaded", "idle", "systemError", "active"),
  activeFlags: Schema.optionalWith(Schema.Array(Schema.String), { exact: true })
})

const unknownOrNull = Schema.optionalWith(Schema.Unknown, { exact: true, default: () => null })

const texts = Schema.optionalWith(Schema.Array(Schema.String), { exact: true, default: () => [] })

/** Times are in Unix seconds. `turns` is empty wherever this server answers. */
export const Thread = struct("Thread", {
  id: Schema.String,
  sessionId: Schema.optionalWith(Schema.String, { exact: true, default: () => "" }),
  forkedFromId: nullable(Schema.String),
  parentThreadId: nullable(Schema.String),
  preview: Schema.String,
  ephemeral: Schema.Boolean,
  modelProvider: Schema.String,
  projectId: nullable(Schema.String),
  createdAt: Int64,
  updatedAt: Int64,
  status: ThreadStatus,
  path: nullable(Schema.String),
  cwd: Schema.String,
  cliVersion: Schema.String,
  originator: nullable(Schema.String),
  source: SessionSource,
  threadSource: nullable(Schema.String),
  agentNickname: nullable(Schema.String),
  agentRole: nullable(Schema.String),
  gitInfo: unknownOrNull,
  name: nullable(Schema.String),
  model: nullable(Schema.String),
  reasoningEffort: nullable(Schema.String),
  environments: nullable(Schema.Array(Schema.Unknown)),
  extra: unknownOrNull,
  attachedToThreadId: nullable(Schema.String),
  section: unknownOrNull,
  sectionEnteredAt: nullable(Int64),
  historyMode: Schema.optionalWith(Schema.String, { exact: true, default: () => "legacy" }),
  recencyAt: nullable(Int64),
  canAcceptDirectInput: nullable(Schema.Boolean),
  daybreakEnabled: nullable(Schema.Boolean),
  turns: Schema.Array(Schema.Unknown)
})

const overrides = {
  model: opt(Schema.String),
  modelProvider: opt(Schema.String),
  serviceTier: opt(Schema.String),
  cwd: opt(Schema.String),
  approvalPolicy: opt(Schema.Unknown),
  approvalsReviewer: opt(Schema.String),
  sandbox: opt(Schema.Unknown),
  permissions: opt(Schema.Unknown),
  config: opt(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  baseInstructions: opt(Schema.String),
  developerInstructions: opt(Schema.String)
}

/** What is only for turns is accepted and has no effect. */
export const ThreadStartParams = struct("ThreadStartParams", {
  ...overrides,
  serviceName: opt(Schema.String),
  ephemeral: opt(Schema.Boolean),
  sessionStartSource: opt(Schema.Literal("startup", "clear")),
  threadSource: opt(Schema.String)
})

export const ThreadResumeParams = struct("ThreadResumeParams", {
  threadId: Schema.String,
  path: opt(Schema.String),
  history: opt(Schema.Array(Schema.Unknown)),
  ...overrides,
  excludeTurns: flag,
  initialTurnsPage: opt(Schema.Unknown)
})

export const ThreadStartResponse = struct("ThreadStartResponse", {
  thread: Thread,
  model: Schema.String,
  modelProvider: Schema.String,
  serviceTier: nullable(Schema.String),
  cwd: Schema.String,
  approvalPolicy: Schema.Unknown,
  approvalsReviewer: Schema.optionalWith(Schema.String, { exact: true, default: () => "user" }),
  sandbox: Schema.Unknown,
  activePermissionProfile: unknownOrNull,
  disabledPluginIds: texts,
  instructionSources: texts,
  multiAgentMode: Schema.optionalWith(Schema.String, { exact: true, default: () => "explicitRequestOnly" }),
  runtimeWorkspaceRoots: texts,
  reasoningEffort: nullable(Schema.String)
})

export type ThreadStartResponse = typeof ThreadStartResponse.Type

/**
 * `limit` is 25 by default, and at most 100. Without `sourceKinds` the list has the interactive sources. `sectionId` and
 * `projectId`: absent for all threads, null for those in none.
 */
export const ThreadListParams = struct("ThreadListParams", {
  cursor: opt(Schema.String),
  limit: opt(UInt32),
  sortKey: opt(Schema.Literal("created_at", "updated_at", "recency_at", "section_position")),
  sortDirection: opt(Schema.Literal("asc", "desc")),
  modelProviders: opt(Schema.Array(Schema.String)),
  sourceKinds: opt(
    Schema.Array(
      Schema.Literal(
        "cli",
        "vscode",
        "exec",
        "appServer",
        "subAgent",
        "subAgentReview",
        "subAgentCompact",
        "subAgentThreadSpawn",
        "subAgentOther",
        "unknown"
      )
    )
  ),
  originators: opt(Schema.Array(Schema.String)),
  archived: opt(Schema.Boolean),
  cwd: opt(Schema.Union(Schema.String, Schema.Array(Schema.String)).annotations({ identifier: "ThreadListCwdFilter" })),
  searchTerm: opt(Schema.String),
  parentThreadId: opt(Schema.String),
  ancestorThreadId: opt(Schema.String),
  attachedToThreadId: opt(Schema.String),
  includedThreadIds: opt(Schema.Array(Schema.String)),
  excludedThreadIds: opt(Schema.Array(Schema.String)),
  sectionId: opt(Schema.String),
  projectId: opt(Schema.String),
  includeAttachedThreads: flag,
  currentAccountOnly: flag,
  useStateDbOnly: flag
})

export type ThreadListParams = typeof ThreadListParams.Type

export const ThreadListResponse = struct("ThreadListResponse", {
  data: Schema.Array(Thread),
  nextCursor: nullable(Schema.String),
  backwardsCursor: nullable(Schema.String),
  readStates: unknownOrNull
})

export const ThreadReadParams = struct("ThreadReadParams", { threadId: Schema.String, includeTurns: flag })

export const ThreadReadResponse = struct("ThreadReadResponse", {
  thread: Thread,
  readState: unknownOrNull
})

export const ThreadStartedNotification = struct("ThreadStartedNotification", { thread: Thread })

/** A turn of a model: known, and not done here. Everything else in it stays as it is. */
export const TurnStartParams = Schema.Struct(
  { threadId: Schema.String, input: Schema.Array(Schema.Unknown) },
  { key: Schema.String, value: Schema.Unknown }
).annotations({ identifier: "TurnStartParams" })

export const TurnStartResponse = struct("TurnStartResponse", { turn: Schema.Unknown })
