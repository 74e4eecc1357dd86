/** A conversation as far as it is known without its turns: where it comes from, and when. */
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

/** A UUID in lower case with hyphens. New ones are of version 7, so that they sort by time. */
export const ThreadId = Schema.String.pipe(
  Schema.pattern(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  Schema.brand("ThreadId")
)

export type ThreadId = typeof ThreadId.Type

/** What kind of program made the thread: the server's own kind, not its clients'. */
export const SessionSource = Schema.Union(
  Schema.Literal("cli", "vscode", "exec", "appServer", "unknown"),
  Schema.Struct({ custom: Schema.String }),
  Schema.Struct({ subAgent: Schema.Unknown })
)

export type SessionSource = typeof SessionSource.Type

const startNames: ReadonlyMap<string, SessionSource> = new Map([
  ...(["cli", "vscode", "exec", "unknown"] as const).map((name) => [name, name] as const),
  ...["mcp", "appserver", "app-server", "app_server"].map((name) => [name, "appServer"] as const)
])

/** The source that a program is started with, as the original reads it: any other name is a custom one. */
export const sessionSourceNamed = (name: string): SessionSource => {
  const normalized = name.trim().toLowerCase()
  return startNames.get(normalized) ?? { custom: normalized }
}

/** The source as one word to select by. */
export const sourceKind = (source: SessionSource): string => {
  if (typeof source === "string") return source
  if ("custom" in source) return `custom:${source.custom}`
  const { subAgent } = source
  if (subAgent === "review") return "subAgentReview"
  if (subAgent === "compact") return "subAgentCompact"
  return typeof subAgent === "object" && subAgent !== null && "thread_spawn" in subAgent
    ? "subAgentThreadSpawn"
    : "subAgentOther"
}

/**
 * `originator` is the name of the client that started it, `threadSource` what that said of its purpose. `cwd` is an
 * absolute path.
 */
export class Thread extends Schema.Class<Thread>("Thread")({
  id: ThreadId,
  sessionId: Schema.String,
  source: SessionSource,
  originator: Schema.NullOr(Schema.String),
  threadSource: Schema.NullOr(Schema.String),
  cwd: Schema.String,
  name: Schema.NullOr(Schema.String),
  modelProvider: Schema.String,
  model: Schema.NullOr(Schema.String),
  cliVersion: Schema.String,
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}) {}

export type ThreadTime = "createdAt" | "updatedAt"

/** A place in a list of threads: after this one. */
export interface ThreadAnchor {
  readonly time: DateTime.Utc
  readonly id: ThreadId
}

/**
 * Which threads, in which order. An empty list selects all, but `included` is null for all; `excluded` ones never are.
 * `kinds` are words of `sourceKind`, `search` is looked for in names without regard to case. Threads of one time are in the order of their ids.
 */
export interface ThreadQuery {
  readonly kinds: ReadonlyArray<string>
  readonly providers: ReadonlyArray<string>
  readonly folders: ReadonlyArray<string>
  readonly included: ReadonlyArray<ThreadId> | null
  readonly excluded: ReadonlyArray<ThreadId>
  readonly search: string | null
  readonly sortBy: ThreadTime
  readonly direction: "asc" | "desc"
  readonly after: ThreadAnchor | null
  readonly limit: number
}

/** A new id: its time to the millisecond, and 74 bits of these 16 bytes. */
export const threadIdAt = (millis: number, random: Uint8Array): ThreadId => {
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .padEnd(32, "0")
  const time = millis.toString(16).padStart(12, "0").slice(-12)
  const variant = ((Number.parseInt(hex.slice(15, 16), 16) & 0x3) | 0x8).toString(16)
  return ThreadId.make(
    `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(12, 15)}-${variant}${hex.slice(16, 19)}-${hex.slice(19, 31)}`
  )
}
