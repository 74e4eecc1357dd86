/** Each law of the journal fails on a journal that breaks it. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { Operation } from "../../../src/domain/Operation.js"
import { make } from "../../../src/layers/OperationJournalMemory.js"
import type { OperationJournal } from "../../../src/services/OperationJournal.js"
import { journalLaws } from "./laws.js"
import { virtual } from "../../cases.js"

type Journal = OperationJournal["Type"]

/** A journal that looks, lets others run, and then advances by what it saw. */
const withoutCompareAndSet = (journal: Journal, overwrite: Map<string, Operation>): Journal => ({
  ...journal,
  find: (key) =>
    Effect.map(
      journal.find(key),
      Option.map((operation) => overwrite.get(key) ?? operation)
    ),
  advance: (key, state) =>
    Effect.gen(function* () {
      const seen = yield* journal.find(key)
      yield* Effect.yieldNow()
      const isAllowed = Option.exists(seen, ({ state }) => state._tag === "sent")
      if (!isAllowed) return yield* journal.advance(key, state)
      yield* Effect.ignore(journal.advance(key, state))
      const operation = new Operation({ ...Option.getOrThrow(seen), state })
      overwrite.set(key, operation)
      return operation
    })
})

const mutants: Readonly<
  Record<string, readonly [law: keyof typeof journalLaws, mutate: (journal: Journal) => Journal]>
> = {
  "forgets the target": [
    "an intent is found as it was recorded",
    (journal) => ({ ...journal, intend: (operation) => journal.intend({ ...operation, target: null }) })
  ],
  "starts over": [
    "the same intent again gives the operation as it stands",
    (journal) => ({
      ...journal,
      intend: (operation) =>
        Effect.map(journal.intend(operation), (found) => new Operation({ ...found, state: { _tag: "intended" } }))
    })
  ],
  "lets anybody use a key": [
    "a key belongs to one act, identity and target",
    (journal) => ({
      ...journal,
      intend: (operation) =>
        Effect.catchAll(journal.intend(operation), (error) =>
          Effect.flatMap(journal.find(operation.key), Option.match({ onNone: () => error, onSome: Effect.succeed }))
        )
    })
  ],
  "keeps quiet about a wrong step": [
    "exactly the allowed transitions are taken",
    (journal) => ({
      ...journal,
      advance: (key, state) =>
        Effect.catchAll(journal.advance(key, state), (error) =>
          Effect.flatMap(journal.find(key), Option.match({ onNone: () => error, onSome: Effect.succeed }))
        )
    })
  ],
  "looks, then sets": [
    "a step that can be taken once is taken by one of many",
    (journal) => withoutCompareAndSet(journal, new Map())
  ],
  "lists the oldest first": [
    "the list is newest first, by filter",
    (journal) => ({ ...journal, list: (filter) => Effect.map(journal.list(filter), (all) => all.toReversed()) })
  ],
  "calls everything open": [
    "the list is newest first, by filter",
    (journal) => ({
      ...journal,
      list: (filter) =>
        Effect.map(journal.list(), (all) =>
          all.filter(
            ({ act, identity }) => act === (filter?.act ?? act) && identity === (filter?.identity?.key ?? identity)
          )
        )
    })
  ]
}

describe("mutants of the journal", () => {
  for (const [name, [law, mutate]] of Object.entries(mutants)) {
    virtual(`one that ${name} breaks: ${law}`, function* () {
      const check = journalLaws[law]
      assert(check !== undefined)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(check(mutate(yield* make)))))
    })
  }
})
