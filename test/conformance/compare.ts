/** What an app-server did otherwise than was recorded. */
import * as Equal from "effect/Equal"
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import { readFileSync } from "node:fs"
import type { Answer, Played } from "./play.js"
import type { Call, LineAnswer, RecordedAnswer, Scenario } from "./Scenario.js"

export type What =
  /** A result instead of an error, an error instead of a result, or no answer. */
  | "outcome"
  | "code"
  | "message"
  | "result"
  | "requests"
  | "took"
  | "line"
  | "page"
  | "notifications"
  | "totals"
  | "exit"
  | "rule"

/** `place` is the call, or empty; `path` is the member in a result, or the request in the totals. */
export interface Difference {
  readonly scenario: string
  readonly place: string
  readonly what: What
  readonly path: string
  readonly recorded: unknown
  readonly played: unknown
  /** Whether the recorded answer to the call is an error. */
  readonly failed: boolean
}

type Finding = Omit<Difference, "scenario" | "place" | "failed">

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => Predicate.isRecord(value) && !Array.isArray(value)

const shapes: Json = JSON.parse(readFileSync(new URL("./shapes.json", import.meta.url), "utf8"))

const merged = (base: unknown, more: unknown): unknown => {
  if (!isObject(base) || !isObject(more)) return more
  return {
    ...base,
    ...Object.fromEntries(
      Object.entries(more).map(([name, value]) => [name, name in base ? merged(base[name], value) : value])
    )
  }
}

/** `"@name"` is the member of that name at the top. */
const resolved = (value: unknown, top: Json): unknown => {
  if (typeof value === "string" && value.startsWith("@")) return top[value.slice(1)]
  if (Array.isArray(value)) return value.map((item) => resolved(item, top))
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolved(member, top)]))
    : value
}

/** The recorded answer written out. */
export const recordedAnswer = (method: string, recorded: RecordedAnswer): Answer => {
  if ("error" in recorded) return recorded
  const result = "like" in recorded ? merged(shapes[method], recorded.like) : recorded.result
  return { result: isObject(result) ? resolved(result, result) : result }
}

type Leaf = Pick<Difference, "path" | "recorded" | "played">

/** Member by member; a member that is missing is `undefined`. */
const leaves = (recorded: unknown, played: unknown, path: string): ReadonlyArray<Leaf> => {
  if (Array.isArray(recorded) && Array.isArray(played) && recorded.length === played.length) {
    return recorded.flatMap((item, n) => leaves(item, played[n], `${path}[${n}]`))
  }
  if (isObject(recorded) && isObject(played)) {
    const names = Array.from(new Set([...Object.keys(recorded), ...Object.keys(played)])).toSorted()
    return names.flatMap((name) => leaves(recorded[name], played[name], path === "" ? name : `${path}.${name}`))
  }
  return same(recorded, played) ? [] : [{ path, recorded, played }]
}

const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return Data.array(value.map(plain))
  return isObject(value)
    ? Data.struct(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)])))
    : value
}

const same = (a: unknown, b: unknown): boolean => Equal.equals(plain(a), plain(b))

const uuid = /\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g
const version = /\/\d+\.\d+\.\d+ \([^)]*\)/g

/** The parameters of an address by name, without what is drawn for it. */
const inOrder = (query: string): string =>
  Array.from(new URLSearchParams(query), ([name, value]) => `${name}=${value}`)
    .toSorted()
    .join("&")
    .replace(/\b(code_challenge|state)=[\w-]+/g, "$1=<random>")
    .replace(/127\.0\.0\.1:\d+/, "127.0.0.1:PORT")

/**
 * Leaves out what belongs to the machine, the moment or the release, what the original repeats of an answer, and what follows "Invalid request" and the like: the
 * text of these errors is ours.
 */
const neutral = (value: unknown): unknown => {
  if (typeof value === "string") {
    return value
      .replace(version, "/VERSION (OS)")
      .replace(uuid, "<uuid>")
      .replace(
        /^https?:\/\/[^/]+\/oauth\/authorize\?(.*)/,
        (_, query: string) => `{issuer}/oauth/authorize?${inOrder(query)}`
      )
      .replace(/; content-type=.*/s, "")
      .replace(/http:\/\/127\.0\.0\.1:PORT\/(backend-api\/(wham|accounts)|api\/codex)[^\s:;)]*/g, "{url}")
      .replace(/^(Invalid request|invalid thread id|invalid login id): .*/s, "$1: …")
  }
  if (Array.isArray(value)) return value.map(neutral)
  return isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, member]) => [name, name === "lastUsedAt" ? "a time" : neutral(member)])
      )
    : value
}

/** Two requests at once come in any order, and so do the members of a body. */
const sorted = (requests: ReadonlyArray<string>): ReadonlyArray<string> =>
  requests
    .map((request) =>
      request.replace(/ (\{.*\}) -> /s, (_, body: string) => ` ${JSON.stringify(ordered(JSON.parse(body)))} -> `)
    )
    .toSorted()

const ordered = (value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value

const callDifferences = (call: Call, played: Played["calls"][number] | undefined): ReadonlyArray<Finding> => {
  const recorded = neutralAnswer(recordedAnswer(call.call, call.answer))
  if (played === undefined) return [{ what: "outcome", path: "", recorded, played: undefined }]
  const actual = neutralAnswer(played.answer)
  const answers = ((): ReadonlyArray<Finding> => {
    if ("result" in recorded && "result" in actual) {
      return leaves(recorded.result, actual.result, "").map((leaf) => ({ what: "result", ...leaf }))
    }
    if ("error" in recorded && "error" in actual) {
      return leaves(recorded.error, actual.error, "").map((leaf) => ({
        ...leaf,
        what: leaf.path === "message" ? "message" : "code"
      }))
    }
    return [{ what: "outcome", path: "", recorded, played: actual }]
  })()
  const before = sorted(call.requests)
  const now = sorted(played.requests)
  const isLate = call.tookMillis !== undefined && Math.abs(played.tookMillis - call.tookMillis) > 0.2 * call.tookMillis
  return [
    ...answers,
    ...(same(before, now) ? [] : [{ what: "requests" as const, path: "", recorded: before, played: now }]),
    ...(isLate ? [{ what: "took" as const, path: "", recorded: call.tookMillis, played: played.tookMillis }] : [])
  ]
}

const neutralAnswer = (answer: Answer): Answer => {
  if ("result" in answer) return { result: neutral(answer.result) }
  return "error" in answer ? { error: { ...answer.error, message: String(neutral(answer.error.message)) } } : answer
}

const notificationDifferences = (
  recorded: Scenario["notifications"],
  played: Played["notifications"]
): ReadonlyArray<Finding> => {
  const [before, now] = [neutral(recorded), neutral(played)]
  const methods = (all: ReadonlyArray<{ readonly method: string }>) => all.map(({ method }) => method)
  return same(methods(recorded), methods(played))
    ? leaves(before, now, "").map((leaf) => ({ what: "notifications", ...leaf }))
    : [{ what: "notifications", path: "", recorded: before, played: now }]
}

const lineAnswerOf = ({ error, id, result }: LineAnswer): unknown =>
  neutral({ id, ...(result === undefined ? {} : { result }), ...(error === undefined ? {} : { error }) })

export const compare = (scenario: Scenario, played: Played): ReadonlyArray<Difference> => {
  const differences: Array<Difference> = []
  const add = (place: string, all: ReadonlyArray<Finding>, failed = false) => {
    for (const difference of all) differences.push({ scenario: scenario.name, place, failed, ...difference })
  }
  let calls = 0
  let lines = 0
  let pages = 0
  for (const step of scenario.steps) {
    if ("call" in step) {
      add(step.label ?? step.call, callDifferences(step, played.calls[calls]), "error" in step.answer)
      calls += 1
    } else if ("send" in step) {
      const recorded = step.answers.map(lineAnswerOf)
      const answers = (played.lines[lines] ?? []).map(lineAnswerOf)
      if (!same(recorded, answers)) add(step.send, [{ what: "line", path: "", recorded, played: answers }])
      lines += 1
    } else if ("visit" in step) {
      const recorded = step.answer
      const { body, status } = played.pages[pages] ?? { status: 0 }
      const page = recorded.body === undefined ? { status } : { status, body }
      if (!same(recorded, page)) add(step.visit, [{ what: "page", path: "", recorded, played: page }])
      pages += 1
    }
  }
  add("", notificationDifferences(scenario.notifications, played.notifications))
  add(
    "",
    leaves(scenario.totals, played.totals, "").map((leaf) => ({ what: "totals", ...leaf }))
  )
  if (played.exit !== scenario.exit) {
    add("", [{ what: "exit", path: "", recorded: scenario.exit, played: played.exit }])
  }
  add(
    "",
    played.broken.map((rule) => ({ what: "rule", path: "", recorded: undefined, played: rule }))
  )
  return differences
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing"
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

/** One difference in three lines. */
export const render = ({ path, place, played, recorded, scenario, what }: Difference): string =>
  [
    `${scenario} / ${place} / ${what}${path === "" ? "" : ` ${path}`}`,
    `    recorded ${shown(recorded)}`,
    `    played   ${shown(played)}`
  ].join("\n")
