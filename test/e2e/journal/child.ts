/** One process at journal and leases, for others to compete with and to kill. `node child.mjs MODE HOME ...` */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Fs from "node:fs"
import { backendBase } from "../../../src/contracts/BackendEndpoints.js"
import { AccountId, Identity, UserId } from "../../../src/domain/Identity.js"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import * as LeaseSql from "../../../src/layers/LeaseSql.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { Lease, type LeaseError } from "../../../src/services/Lease.js"
import { type JournalError, OperationJournal } from "../../../src/services/OperationJournal.js"

const [, , mode = "", home = "", first = "", second = "", third = ""] = process.argv
const identity = new Identity({ userId: UserId.make("user-ada"), accountId: AccountId.make("account-1") })
const redeem = (key: string) => ({ key, act: "redeem", identity, target: "credit-1" }) as const

/** Out of the process before the next step. */
const say = (line: string) => Effect.sync(() => Fs.writeSync(1, `${line}\n`))
const die = Effect.sync(() => process.kill(process.pid, "SIGKILL"))

const hasDriver = () => Fs.readFileSync("/proc/self/maps", "utf8").includes("libsql")

const openDatabases = () =>
  Fs.readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return Fs.readlinkSync(`/proc/self/fd/${descriptor}`).endsWith(".sqlite")
    } catch {
      return false
    }
  }).length

const modes: Readonly<Record<string, Effect.Effect<unknown, JournalError | LeaseError, Lease | OperationJournal>>> = {
  /** Acts for ever. */
  write: Effect.gen(function* () {
    const journal = yield* OperationJournal
    for (let index = 0; ; index++) {
      const key = `${first}-${index}`
      yield* journal.intend(redeem(key))
      yield* say(`intended ${key}`)
      yield* journal.advance(key, { _tag: "sent" })
      yield* say(`sent ${key}`)
      yield* journal.advance(key, { _tag: "succeeded", outcome: key })
      yield* say(`succeeded ${key}`)
    }
  }),

  /** Dies right after a step. */
  die: Effect.gen(function* () {
    const journal = yield* OperationJournal
    yield* journal.intend(redeem("k"))
    if (first === "intended") yield* die
    yield* journal.advance("k", { _tag: "sent" })
    if (first === "sent") yield* die
    yield* journal.advance("k", { _tag: "succeeded", outcome: "done" })
    yield* die
  }),

  /** Takes every one of the steps that others take as well. */
  race: Effect.gen(function* () {
    const journal = yield* OperationJournal
    for (let index = 0; index < Number(second); index++) {
      const key = `shared-${index}`
      yield* journal.intend(redeem(key))
      yield* journal.advance(key, { _tag: "sent" }).pipe(Effect.ignore)
      const outcome = yield* Effect.either(journal.advance(key, { _tag: "succeeded", outcome: first }))
      if (Either.isRight(outcome)) yield* say(`won ${key}`)
      else if (outcome.left.reason !== "Transition") yield* say(`failed ${outcome.left.reason}`)
    }
  }),

  /** Adds lines to a file, each one more than the last: with the lease, or as a control without. */
  count: Effect.gen(function* () {
    const lease = yield* Lease
    const add = Effect.fn(function* (fence: number, assertHeld: Effect.Effect<void, LeaseError>) {
      const last = Fs.readFileSync(first, "utf8").trim().split("\n").at(-1) ?? ""
      yield* Effect.sleep("3 millis")
      yield* assertHeld
      Fs.appendFileSync(first, `${Number(last.split(" ")[0]) + 1} ${fence}\n`)
    })
    for (let round = 0; round < Number(second); round++) {
      if (third === "control") yield* add(round, Effect.void)
      else {
        yield* lease.withLease({ name: "counter", timeToLive: "2 seconds", wait: "30 seconds" }, (held) =>
          add(held.fence, held.assertHeld)
        )
      }
      yield* say(`added`)
    }
  }),

  /** Holds a lease for ever. */
  hold: Effect.flatMap(Lease, (lease) =>
    lease.withLease({ name: "held", timeToLive: first === "" ? "1 second" : Number(first), wait: 0 }, ({ fence }) =>
      Effect.zipRight(say(`held ${fence}`), Effect.never)
    )
  ),

  /** Tells when the driver is loaded, and how often the file is open. */
  lazy: Effect.gen(function* () {
    const journal = yield* OperationJournal
    yield* say(`built ${hasDriver()}`)
    yield* journal.list()
    yield* say(`looked ${hasDriver()}`)
    yield* journal.intend(redeem("k"))
    yield* say(`intended ${hasDriver()}`)
    const lease = yield* Lease
    yield* lease.withLease({ name: "shared", timeToLive: "1 second", wait: 0 }, () => say(`open ${openDatabases()}`))
  })
}

const layer = Layer.merge(OperationJournalSql.layerFile, LeaseSql.layerFile).pipe(
  Layer.provide(AccountConfigEnv.layer({ codexHome: home, backend: backendBase("https://backend.test/backend-api") }))
)

await Effect.runPromise(Effect.provide(modes[mode] ?? Effect.dieMessage("no such mode"), layer))
