/** Lists of threads, a page at a time. */
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type Thread, type ThreadAnchor, ThreadId, type ThreadQuery, type ThreadTime } from "../../domain/Thread.js"
import { codes, echoed, type RpcError, rpcError } from "../../rpc/RpcError.js"
import { notSupported } from "../protocol/errors.js"
import { uuidIn } from "../protocol/Method.js"
import type { ThreadListParams } from "../protocol/schemas/Threads.js"

const refused = (message: string): RpcError => rpcError(codes.invalidRequest, message)

const defaultLimit = 25
const largestLimit = 100

/** Threads that a person is in, which are meant where nothing else is said. */
const interactive = ["cli", "vscode", "custom:atlas", "custom:chatgpt"]

const subAgents = ["subAgentReview", "subAgentCompact", "subAgentThreadSpawn", "subAgentOther"]

/** Without turns nothing is more recent than the last update. */
const times = {
  created_at: "createdAt",
  updated_at: "updatedAt",
  recency_at: "updatedAt",
  section_position: "createdAt"
} as const

const isThreadId = Schema.is(ThreadId)

/** What it is sorted by is a part of the cursor: in another order the same place means nothing. */
const cursorAt = (by: ThreadTime, { id, time }: ThreadAnchor): string => `${by}:${DateTime.toEpochMillis(time)}:${id}`

const anchorIn = (by: ThreadTime, cursor: string): Either.Either<ThreadAnchor, RpcError> => {
  const [sortedBy, millis, id] = cursor.split(":")
  const time = DateTime.make(/^\d{1,16}$/.test(millis ?? "") ? Number(millis) : Number.NaN)
  return sortedBy === by && Option.isSome(time) && isThreadId(id)
    ? Either.right({ time: time.value, id })
    : Either.left(refused(`invalid cursor: ${echoed(cursor)}`))
}

const kindsOf = (asked: ThreadListParams["sourceKinds"]): ReadonlyArray<string> =>
  asked == null || asked.length === 0
    ? interactive
    : asked.flatMap((kind) => (kind === "subAgent" ? subAgents : [kind]))

const invalidParams = (message: string): RpcError => rpcError(codes.invalidParams, message)

/** How many ids a list of threads may be restricted to, or be without. */
const mostIds = 100

const idsIn = (which: "included" | "excluded", texts: ReadonlyArray<string>) =>
  texts.length > mostIds
    ? Either.left(invalidParams(`${which}ThreadIds accepts at most ${mostIds} entries`))
    : Either.all(
        texts.map((text) => {
          const id = uuidIn(text)
          return id === null
            ? Either.left(invalidParams(`invalid ${which} thread id: ${echoed(text)}`))
            : Either.right(ThreadId.make(id))
        })
      )

/** The filters by another thread: no thread of this server has a parent. */
const relatives = [
  ["parentThreadId", "parent thread"],
  ["ancestorThreadId", "ancestor thread"],
  ["attachedToThreadId", "attached thread parent"]
] as const

/** What can't be asked for, as the original says it; what this server does not know is refused. */
const problemWith = (params: ThreadListParams): RpcError | null => {
  const { ancestorThreadId, attachedToThreadId, parentThreadId, searchTerm } = params
  if (params.originators != null && params.originators.length > 0) {
    return invalidParams("originator filtering is not supported by the local app-server")
  }
  for (const [member, words] of relatives) {
    const id = params[member]
    if (id != null && uuidIn(id) === null) return refused(`invalid ${words} id: ${echoed(id)}`)
  }
  if (attachedToThreadId != null && (parentThreadId ?? ancestorThreadId) != null) {
    return refused("attachedToThreadId cannot be combined with parentThreadId or ancestorThreadId")
  }
  if (parentThreadId != null && ancestorThreadId != null) {
    return refused("parentThreadId and ancestorThreadId are mutually exclusive")
  }
  if (params.includeAttachedThreads === true && (searchTerm ?? "") === "") {
    return refused("includeAttachedThreads requires a non-empty searchTerm")
  }
  if (params.sortKey === "section_position" && params.sectionId === undefined) {
    return refused("section-position sorting requires a section filter")
  }
  if (params.projectId != null) return invalidParams(`project not found: ${echoed(params.projectId)}`)
  return params.currentAccountOnly === true ? notSupported("thread/list.currentAccountOnly") : null
}

/** What is asked for; null when no thread of this server can be meant. The limit is of the page. */
export const queryOf = (params: ThreadListParams): Either.Either<ThreadQuery | null, RpcError> =>
  Either.gen(function* () {
    const sortBy = times[params.sortKey ?? "created_at"]
    const { cwd } = params
    const after = params.cursor == null ? null : yield* anchorIn(sortBy, params.cursor)
    const included = params.includedThreadIds == null ? null : yield* idsIn("included", params.includedThreadIds)
    const excluded = yield* idsIn("excluded", params.excludedThreadIds ?? [])
    const problem = problemWith(params)
    if (problem !== null) return yield* Either.left(problem)
    // Nothing is ever archived here, in a section, or has a parent.
    if (params.archived === true || params.sectionId != null) return null
    if (included?.length === 0 || relatives.some(([member]) => params[member] != null)) return null
    return {
      kinds: kindsOf(params.sourceKinds),
      providers: params.modelProviders ?? [],
      folders: typeof cwd === "string" ? [cwd] : (cwd ?? []),
      included,
      excluded,
      search: params.searchTerm == null || params.searchTerm === "" ? null : params.searchTerm,
      sortBy,
      direction: params.sortDirection ?? "desc",
      after,
      limit: Math.min(Math.max(params.limit ?? defaultLimit, 1), largestLimit)
    }
  })

/** The page of the threads that a query with one more than its limit found. */
export const pageOf = ({ limit, sortBy }: ThreadQuery, found: ReadonlyArray<Thread>) => {
  const threads = found.slice(0, limit)
  const cursor = (thread: Thread | undefined) =>
    thread === undefined ? null : cursorAt(sortBy, { id: thread.id, time: thread[sortBy] })
  return { threads, next: found.length > limit ? cursor(threads.at(-1)) : null, backwards: cursor(threads[0]) }
}
