/** Tables of words for a person, by names that are a schema. */
import type { NonEmptyArray } from "effect/Array"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"

/** What happened, and what to do about it, by reason. */
export type Words = Readonly<Record<string, readonly [summary: string, advice: string | null]>>

/** The names of a table, which has some. */
export const namesOf = <Name extends string>(table: Readonly<Record<Name, unknown>>) =>
  Schema.Literal(...(Struct.keys(table) as NonEmptyArray<Name>))
