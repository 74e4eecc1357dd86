/** What a person typed, checked before it is used. */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { ActError } from "../domain/ActError.js"
import type { Act } from "../domain/Operation.js"

/** The text as the schema wants it, or `InvalidInput` with the schema's own message as its detail. */
export const validInput = <A>(act: Act, schema: Schema.Schema<A, string>, text: string): Either.Either<A, ActError> =>
  Either.mapLeft(Schema.decodeEither(schema)(text), (error) =>
    // The schema's own message stands last, below what it belongs to.
    ActError.of(act, "InvalidInput", ParseResult.ArrayFormatter.formatErrorSync(error).at(-1)?.message ?? null)
  )
