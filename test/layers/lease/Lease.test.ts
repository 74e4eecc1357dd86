import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LeaseMemory from "../../../src/layers/LeaseMemory.js"
import * as LeaseSql from "../../../src/layers/LeaseSql.js"
import { Lease } from "../../../src/services/Lease.js"
import { configOf, temporaryFolder } from "../journal/files.js"
import { leaseLaws } from "./laws.js"

const file = Layer.unwrapScoped(
  Effect.map(temporaryFolder, (folder) => LeaseSql.layerFile.pipe(Layer.provide(configOf(folder))))
)

for (const [backend, layer] of Object.entries({ memory: LeaseMemory.layer, SQLite: file })) {
  describe.concurrent(`leases on ${backend}`, () => {
    for (const [law, check] of Object.entries(leaseLaws)) {
      it.live(law, () => Effect.provide(Effect.flatMap(Lease, check), layer))
    }
  })
}
