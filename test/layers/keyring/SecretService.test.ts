import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { afterAll, beforeAll, describe, it, vi } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { ok, strictEqual } from "node:assert"
import * as CredentialStoreKeyring from "../../../src/layers/CredentialStoreKeyring.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { missing, SecretService } from "./secretService.js"
import { accessOf, type Home, makeHome, record, settings } from "./support.js"

console.log(`A real Secret Service: ${missing === null ? "it is started and used" : `not run, ${missing}`}.`)

const storeOf = (home: Home) =>
  Effect.map(Layer.build(Layer.provide(CredentialStoreKeyring.layer, settings(home))), Context.get(CredentialStore))

const took = async <A>(work: () => Promise<A>): Promise<readonly [A, millis: number]> => {
  const start = performance.now()
  return [await work(), performance.now() - start]
}

const live = <A, E>(test: Effect.Effect<A, E, NodeContext.NodeContext | Scope.Scope>) =>
  Effect.runPromise(test.pipe(Effect.scoped, Effect.provide(NodeContext.layer)))

/** Fails as the layer's store does, with an error that says what to do. */
const failure = Effect.gen(function* () {
  const store = yield* storeOf(yield* makeHome)
  return yield* Effect.flip(store.read)
})

describe.skipIf(missing !== null)("with a Secret Service", () => {
  let service: SecretService
  beforeAll(async () => {
    service = await SecretService.start()
  })
  afterAll(() => service.stop())

  it("a record is written, found under the original's names, replaced as expected, and removed", async () => {
    await service.run("unlocked")
    vi.stubEnv("DBUS_SESSION_BUS_ADDRESS", service.address)
    await live(
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const home = yield* makeHome
        const store = yield* storeOf(home)
        strictEqual(accessOf(yield* store.read), null)
        yield* fs.writeFileString(home.authJson, "{}")

        // Longer than the 2560 bytes that another platform allows.
        const long = `ä"\\\n${"x".repeat(8000)}`
        const first = yield* store.write(record(long), { expected: Option.none() })
        strictEqual(yield* fs.exists(home.authJson), false)
        strictEqual(accessOf(yield* store.read), long)
        const text = yield* CredentialStoreKeyring.makeKeyringProcess(5000).get(home.entry)
        ok(Option.exists(text, (json) => json.startsWith('{"auth_mode":"chatgpt"')))

        yield* store.write(record("second"), { expected: Option.some(first.revision) })
        const late = yield* Effect.flip(store.write(record("late"), { expected: Option.some(first.revision) }))
        strictEqual(late.reason, "Conflict")
        strictEqual(accessOf(yield* store.read), "second")

        strictEqual(yield* store.remove, true)
        strictEqual(yield* store.remove, false)
        strictEqual(accessOf(yield* store.read), null)
      })
    )
  })

  it("a locked one that asks, and is not answered, is given up in time", async () => {
    await service.run("unlocked")
    vi.stubEnv("DBUS_SESSION_BUS_ADDRESS", service.address)
    const entry = { service: "Codex Auth", account: "cli|locked" }
    await live(CredentialStoreKeyring.makeKeyringProcess(5000).set(entry, "text"))
    await service.run("locked")
    const [error, millis] = await took(() =>
      live(Effect.flip(CredentialStoreKeyring.makeKeyringProcess(1500).get(entry)))
    )
    strictEqual(error.reason, "Unavailable")
    ok(error.detail.includes("locked"), error.detail)
    ok(millis >= 1400 && millis < 5000, `${millis} ms`)
  })
})

describe.skipIf(process.platform !== "linux")("without a Secret Service", () => {
  it.each(["", "unix:path=/nonexistent/bus"])(
    "on the bus %j, a read fails at once and says what to do",
    async (bus) => {
      vi.stubEnv("DBUS_SESSION_BUS_ADDRESS", bus)
      const [error, millis] = await took(() => live(failure))
      strictEqual(error.reason, "Unavailable")
      ok(error.message.includes("no Secret Service answers on D-Bus"), error.message)
      ok(millis < 5000, `${millis} ms`)
    }
  )
})
