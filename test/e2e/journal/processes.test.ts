/** Journal and leases between real processes that compete, and that are killed. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Readline from "node:readline"
import { fileURLToPath } from "node:url"
import * as LeaseSql from "../../../src/layers/LeaseSql.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { Lease } from "../../../src/services/Lease.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { configOf, databaseOf, rawSql } from "../../layers/journal/files.js"
import { bundleChild, until } from "../processes/nursery.js"

const { file, folder } = await bundleChild(fileURLToPath(new URL("./child.ts", import.meta.url)))
const folders = [folder]
const running: Array<{ readonly process: ChildProcess; readonly ended: Promise<unknown> }> = []
afterAll(async () => {
  for (const { process } of running) process.kill("SIGKILL")
  await Promise.all(running.map(({ ended }) => ended))
  for (const path of folders) Fs.rmSync(path, { recursive: true, force: true })
})

const start = (...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] })
  const lines: Array<string> = []
  Readline.createInterface({ input: child.stdout }).on("line", (line) => lines.push(line))
  // Also what was still in the pipe when it died.
  const ended = once(child, "close").then(() => child.exitCode)
  const seen = (text: string) => until(() => lines.some((line) => line.startsWith(text)))
  const started = { process: child, lines, seen, ended }
  running.push(started)
  return started
}

const newHome = () => {
  const home = Fs.mkdtempSync(Path.join(Os.tmpdir(), "codex account e2e "))
  folders.push(home)
  return home
}

const inHome = <A, E>(home: string, body: Effect.Effect<A, E, Lease | OperationJournal>): Promise<A> =>
  Effect.runPromise(
    Effect.provide(
      body,
      Layer.merge(OperationJournalSql.layerFile, LeaseSql.layerFile).pipe(Layer.provide(configOf(home)))
    )
  )
const inJournal = <A, E>(home: string, body: (journal: OperationJournal["Type"]) => Effect.Effect<A, E>): Promise<A> =>
  inHome(home, Effect.flatMap(OperationJournal, body))

const stateOf = (home: string, key: string) =>
  inJournal(home, (journal) =>
    Effect.map(
      journal.find(key),
      Option.map(({ state }) => state._tag)
    )
  )

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))
const order = ["intended", "sent", "succeeded"]

describe("processes at one journal", () => {
  it.skipIf(process.platform !== "linux")(
    "load the driver with the first intent, and share one connection",
    async () => {
      const child = start("lazy", Path.join(newHome(), "new"))
      assert.strictEqual(await child.ended, 0)
      assert.deepStrictEqual(child.lines, ["built false", "looked false", "intended true", "open 1"])
    }
  )

  it("take a step that can be taken once only once, and fail nobody", async () => {
    const home = newHome()
    const count = 40
    const children = Array.from({ length: 6 }, (_, id) => start("race", home, `process ${id}`, String(count)))
    assert.deepStrictEqual(await Promise.all(children.map(({ ended }) => ended)), [0, 0, 0, 0, 0, 0])
    const wins = children.flatMap(({ lines }, id) => lines.map((line) => [line, `process ${id}`] as const))
    assert.deepStrictEqual(
      wins.map(([line]) => line).toSorted(),
      Array.from({ length: count }, (_, index) => `won shared-${index}`).toSorted()
    )
    // The journal holds the outcome of whoever was told that it won.
    const operations = await inJournal(home, (journal) => journal.list())
    const winners = new Map(wins.map(([line, id]) => [line.slice("won ".length), id]))
    for (const { key, state } of operations) {
      assert.deepStrictEqual(state, { _tag: "succeeded", outcome: winners.get(key) ?? "nobody" })
    }
  })

  it("are killed between two steps: the journal says no less than what was done", async () => {
    for (const step of order) {
      const home = newHome()
      assert.isNull(await start("die", home, step).ended)
      assert.deepStrictEqual(await stateOf(home, "k"), Option.some(step))
      const open = await inJournal(home, (journal) => journal.list({ state: "open" }))
      assert.lengthOf(open, step === "sent" ? 1 : 0)
    }
  })

  it("are killed at any moment: it opens, it is whole, and nothing reported is missing", async () => {
    const home = newHome()
    const reported = new Map<string, string>()
    for (let round = 0; round < 24; round++) {
      const children = [`a${round}`, `b${round}`].map((id) => start("write", home, id))
      await Promise.all(children.map(({ seen }) => seen("intended")))
      await pause(Math.random() * 120)
      for (const child of children) {
        child.process.kill("SIGKILL")
        await pause(Math.random() * 20)
      }
      await Promise.all(children.map(({ ended }) => ended))
      for (const line of children.flatMap(({ lines }) => lines)) {
        const [step = "", key = ""] = line.split(" ")
        reported.set(key, step)
      }
      const [check] = rawSql(databaseOf(home), "PRAGMA integrity_check")
      assert.deepStrictEqual(check, { integrity_check: "ok" })
    }
    const all = await inJournal(home, (journal) => journal.list())
    const states = new Map(all.map(({ key, state }) => [key, state._tag]))
    // The oldest of a long history may be gone; what is open never is.
    const missing = [...reported].filter(([key, step]) => !states.has(key) && step !== "succeeded")
    assert.deepStrictEqual(missing, [])
    for (const [key, state] of states) {
      assert.isAtLeast(order.indexOf(state), order.indexOf(reported.get(key) ?? "intended"), `${key} was reported`)
    }
    console.log(
      `48 processes killed during ${reported.size} acts; ${all.filter(({ isOpen }) => isOpen).length} are left open`
    )
  })
})

describe("processes at one lease", () => {
  const numbers = (file: string) =>
    Fs.readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(Number))
  const countingFile = (home: string) => {
    const file = Path.join(home, "counter")
    Fs.writeFileSync(file, "0 0\n")
    return file
  }
  const isSequence = (values: ReadonlyArray<number | undefined>) => values.every((value, index) => value === index)
  const isGrowing = (values: ReadonlyArray<number | undefined>) =>
    values.every((value, index) => index === 0 || (value ?? 0) > (values[index - 1] ?? 0))

  it("come one after the other, with growing fences", async () => {
    const home = newHome()
    const file = countingFile(home)
    const children = Array.from({ length: 6 }, () => start("count", home, file, "12"))
    assert.deepStrictEqual(await Promise.all(children.map(({ ended }) => ended)), [0, 0, 0, 0, 0, 0])
    const found = numbers(file)
    assert.lengthOf(found, 73)
    assert.isTrue(isSequence(found.map(([value]) => value)), "an update was lost")
    assert.isTrue(isGrowing(found.map(([, fence]) => fence)), "a fence did not grow")
  })

  it("control: without it, updates are lost", async () => {
    const home = newHome()
    const file = countingFile(home)
    const children = Array.from({ length: 4 }, () => start("count", home, file, "60", "control"))
    await Promise.all(children.map(({ ended }) => ended))
    assert.isFalse(isSequence(numbers(file).map(([value]) => value)))
  })

  it("are killed at any moment: the others go on, and no update is lost", async () => {
    const home = newHome()
    const file = countingFile(home)
    const children = Array.from({ length: 5 }, () => start("count", home, file, "12"))
    await Promise.all(children.map(({ seen }) => seen("added")))
    const doomed = children.slice(0, 3)
    for (const child of doomed) {
      child.process.kill("SIGKILL")
      await pause(Math.random() * 150)
    }
    const exits = await Promise.all(children.slice(3).map(({ ended }) => ended))
    assert.deepStrictEqual(exits, [0, 0])
    const found = numbers(file)
    assert.isTrue(isSequence(found.map(([value]) => value)), "an update was lost")
    assert.isTrue(isGrowing(found.map(([, fence]) => fence)), "a fence did not grow")
    assert.isAtLeast(found.length - 1, children.flatMap(({ lines }) => lines).length)
  })

  it("a killed holder is outlived after its time to live", async () => {
    const home = newHome()
    const holder = start("hold", home, "800")
    await holder.seen("held 1")
    // It lives: longer than its time to live.
    await pause(1000)
    const lease = (wait: number) =>
      inHome(
        home,
        Effect.flatMap(Lease, ({ withLease }) =>
          withLease({ name: "held", timeToLive: "1 second", wait }, ({ fence }) => Effect.succeed(fence))
        ).pipe(
          Effect.either,
          Effect.map((result) => (result._tag === "Right" ? result.right : result.left))
        )
      )
    assert.propertyVal(await lease(0), "reason", "Busy")
    holder.process.kill("SIGKILL")
    const killed = performance.now()
    assert.strictEqual(await lease(5000), 2)
    assert.isBelow(performance.now() - killed, 2500)
  })
})
