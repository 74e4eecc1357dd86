/**
 * `npm run neighbours -- --peer PATH/TO/codex`: the released app-server and ours at one home, renewing the session and
 * changing the record at the same time. Fails when a session was lost, or a half record was seen.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { parseArgs } from "node:util"
import type { Message } from "../../src/rpc/Envelope.js"
import { peerOf } from "./peer.js"
import { type Name, type Neighbour, neighbourhood, type Neighbourhood, workspaces } from "./neighbourhood.js"

const { values } = parseArgs({
  options: {
    peer: { type: "string" },
    times: { type: "string", default: "100" },
    seed: { type: "string", default: "171" },
    verbose: { type: "boolean", default: false }
  }
})

const acts = ["forced", "use", "switch", "rewrite", "rest"] as const
type Act = (typeof acts)[number]

/** What each does in one of them, and when. The tokens that are issued in it last so long. */
interface Interleaving {
  readonly codex: Act
  readonly ours: Act
  readonly third: Act
  readonly waits: ReadonlyArray<number>
  readonly issuerMillis: number
  readonly lifeSeconds: number
}

const oneOf = <A>(...all: ReadonlyArray<A>): Effect.Effect<A> =>
  Effect.flatMap(Random.shuffle(all), (shuffled) => Effect.orDie(Chunk.head(shuffled)))

const drawn: Effect.Effect<Interleaving> = Effect.all({
  codex: oneOf<Act>("forced", "forced", "use", "switch", "rest"),
  ours: oneOf<Act>("forced", "forced", "use", "use"),
  third: oneOf<Act>("rewrite", "rest"),
  waits: Effect.all([Random.nextIntBetween(0, 60), Random.nextIntBetween(0, 60), Random.nextIntBetween(0, 60)]),
  issuerMillis: oneOf(0, 5, 40, 120),
  // Both renew what ends within five minutes.
  lifeSeconds: oneOf(864_000, 240)
})

const doing = (neighbour: Neighbour, act: Act, workspace: string): Effect.Effect<Option.Option<Message>> => {
  switch (act) {
    case "forced":
      return neighbour.call("account/read", { refreshToken: true })
    case "use":
      return neighbour.call("account/rateLimits/read", { excludeResetCreditDetails: true })
    case "switch":
      return neighbour.call("accountSession/switch", { sessionId: "user-FAKE1", accountId: workspace })
    default:
      return Effect.succeedNone
  }
}

const failure = (answer: Option.Option<Message>): string | null =>
  Option.match(answer, {
    onNone: () => null,
    onSome: (message) => (message._tag === "ErrorResponse" ? message.error.message : null)
  })

interface Tally {
  renewals: Record<Name, number>
  conflicts: Record<Name, number>
  adopted: number
  switches: number
  rewrites: number
  readonly failures: Map<string, number>
  readonly lost: Array<string>
}

const play = (at: Neighbourhood, tally: Tally, nth: number) =>
  Effect.gen(function* () {
    const { codex, issuerMillis, lifeSeconds, ours, third, waits } = yield* drawn
    const { backend } = at
    yield* backend.clearLog
    yield* backend.update((state) => ({ ...state, accessTokenSeconds: lifeSeconds }))
    yield* backend.setPlan([
      {
        endpoint: "oauth.token",
        call: "every",
        fault: { _tag: "Delay", millis: issuerMillis, afterCommit: nth % 2 === 0 }
      }
    ])
    const before = yield* at.workspace
    const other = workspaces.find((one) => one !== before) ?? before
    const [first = 0, second = 0, last = 0] = waits
    const [theirs, own] = yield* Effect.all(
      [
        Effect.delay(doing(at.codex, codex, other), first),
        Effect.delay(doing(at.ours, ours, other), second),
        Effect.delay(third === "rewrite" ? at.rewrite : Effect.void, last)
      ],
      { concurrency: "unbounded" }
    )
    // What is read in the background may still renew the session.
    const exchanges = yield* backend
      .calls("oauth.token")
      .pipe(
        Effect.delay("20 millis"),
        Effect.repeat({ until: (calls) => calls.every(({ status }) => status !== null), times: 500 })
      )
    for (const { headers, status } of exchanges) {
      const who: Name = (headers["user-agent"] ?? "").startsWith("ours/") ? "ours" : "codex"
      if (status === 200) tally.renewals[who] += 1
      else tally.conflicts[who] += 1
    }
    const granted = exchanges.filter(({ status }) => status === 200)
    if (codex === "forced" && ours === "forced" && granted.length === 1) tally.adopted += 1
    const switched = codex === "switch" && failure(theirs) === null
    if (switched) tally.switches += 1
    if (third === "rewrite") tally.rewrites += 1
    for (const [name, answer] of [
      ["codex", theirs],
      ["ours", own]
    ] as const) {
      const failed = failure(answer)
      if (failed !== null) tally.failures.set(`${name}: ${failed}`, (tally.failures.get(`${name}: ${failed}`) ?? 0) + 1)
    }
    // What was exchanged last is stored a moment later.
    const status = yield* at.tokenStatus.pipe(
      Effect.delay("10 millis"),
      Effect.repeat({ until: (found) => found === "live", times: 200 })
    )
    const kept = (yield* at.workspace) === (switched ? other : before)
    const line = `${nth} codex ${codex}, ours ${ours}, third ${third}, ${lifeSeconds} s, issuer ${issuerMillis} ms: ${exchanges.map(({ headers, status }) => `${headers["user-agent"]?.slice(0, 5)} ${status}`).join(", ")} -> ${status}${kept ? "" : ", another workspace"}`
    if (values.verbose) console.log(line, failure(theirs), failure(own))
    if (status !== "live" || !kept) tally.lost.push(line)
  })

const program = (codex: string) =>
  Effect.gen(function* () {
    const at = yield* neighbourhood(codex)
    const tally: Tally = {
      renewals: { codex: 0, ours: 0 },
      conflicts: { codex: 0, ours: 0 },
      adopted: 0,
      switches: 0,
      rewrites: 0,
      failures: new Map(),
      lost: []
    }
    const times = Number(values.times)
    for (let nth = 1; nth <= times; nth += 1) yield* play(at, tally, nth)
    const working = yield* Effect.forEach([at.codex, at.ours], (one) =>
      Effect.map(doing(one, "use", ""), (answer) => `${one.name} ${failure(answer) ?? "reads the limits"}`)
    )
    const { broken, reads } = at.watched()
    console.log(
      [
        `${times} interleavings, seed ${values.seed}`,
        `renewals: codex ${tally.renewals.codex}, ours ${tally.renewals.ours}`,
        `refused as used: codex ${tally.conflicts.codex}, ours ${tally.conflicts.ours}`,
        `one exchange for two forced renewals: ${tally.adopted}`,
        `changes of the record meanwhile: ${tally.switches} switches of the workspace, ${tally.rewrites} of another key`,
        `reads of the record: ${reads}, of which ${broken.length} half or of another mode than 600`,
        `sessions or workspaces lost: ${tally.lost.length}`,
        `in the end: ${working.join(", ")}`,
        ...Array.from(tally.failures, ([text, count]) => `answered ${count} times: ${text}`),
        ...tally.lost.map((line) => `lost: ${line}`)
      ].join("\n")
    )
    const work = working.every((one) => one.endsWith("reads the limits"))
    if (broken.length + tally.lost.length > 0 || !work) process.exitCode = 1
  }).pipe(Effect.scoped, Effect.withRandom(Random.make(values.seed)))

const codex = peerOf("a released codex as the neighbour")
if (codex !== null) await Effect.runPromise(program(codex))
