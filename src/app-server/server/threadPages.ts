/** Lists of threads, a page at a time. */
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type Thread, type ThreadAnchor, ThreadId, type ThreadQuery, type ThreadTime } from "../../domain/Thread.js"
import { codes, echoed, type RpcError, rpcError } from "../../rpc/RpcError.js"
import type { ThreadListParams } from "../protocol/schemas/Threads.js"

const refused = (message: string): RpcError => rpcError(codes.invalidRequest, message)

const defaultLimit = 25
const largestLimit = 100

/** Threads that a person is in, which are meant where nothing else is said. */
const interactive = ["cli", "vscode", "custom:atlas", "custom:chatgpt"]

const subAgents = ["subAgentReview", "subAgentCompact", "subAgentThreadSpawn", "subAgentOther"]

const times = { created_at: "createdAt", updated_at: "updatedAt" } as const

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

/** What is asked for; null when no thread of this server can be meant. The limit is of the page. */
export const queryOf = (params: ThreadListParams): Either.Either<ThreadQuery | null, RpcError> => {
  if (params.originators != null && params.originators.length > 0) {
    return Either.left(refused("originators is not supported by the local thread store"))
  }
  const sortBy = times[params.sortKey ?? "created_at"]
  const { cwd } = params
  return Either.map(
    params.cursor == null ? Either.right(null) : anchorIn(sortBy, params.cursor),
    (after): ThreadQuery | null =>
      // Nothing is ever archived here, and no thread has a parent.
      params.archived === true || params.parentThreadId != null
        ? null
        : {
            kinds: kindsOf(params.sourceKinds),
            providers: params.modelProviders ?? [],
            folders: typeof cwd === "string" ? [cwd] : (cwd ?? []),
            search: params.searchTerm == null || params.searchTerm === "" ? null : params.searchTerm,
            sortBy,
            direction: params.sortDirection ?? "desc",
            after,
            limit: Math.min(Math.max(params.limit ?? defaultLimit, 1), largestLimit)
          }
  )
}

/** The page of the threads that a query with one more than its limit found. */
export const pageOf = ({ limit, sortBy }: ThreadQuery, found: ReadonlyArray<Thread>) => {
  const threads = found.slice(0, limit)
  const cursor = (thread: Thread | undefined) =>
    thread === undefined ? null : cursorAt(sortBy, { id: thread.id, time: thread[sortBy] })
  return { threads, next: found.length > limit ? cursor(threads.at(-1)) : null, backwards: cursor(threads[0]) }
}
