import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { layerMemory } from "../../../src/layers/OperationJournalMemory.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { configOf, temporaryFolder } from "./files.js"
import { journalLaws } from "./laws.js"

const file = Layer.unwrapScoped(
  Effect.map(temporaryFolder, (folder) => OperationJournalSql.layerFile.pipe(Layer.provide(configOf(folder))))
)

for (const [backend, layer] of Object.entries({ memory: layerMemory, SQLite: file })) {
  describe(`the journal on ${backend}`, () => {
    for (const [law, check] of Object.entries(journalLaws)) {
      it.effect(law, () => Effect.provide(Effect.flatMap(OperationJournal, check), layer))
    }
  })
}
