/** Params as a client writes them, to what the method takes. */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as Option from "effect/Option"
import { invalidRequest, type RpcError } from "./errors.js"
import { invalidType, missingField, problemOf } from "./serde.js"

/**
 * `required`: an object, which may be empty. `optional`: absent and null stand for an empty object. `none`: there are
 * none, and an empty object counts as that.
 */
export type Presence = "required" | "optional" | "none"

const isEmptyObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

const acceptsNull = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isUnion(ast) && ast.types.some((member) => SchemaAST.isLiteral(member) && member.literal === null)

const counted = (n: number): string => `${n} element${n === 1 ? "" : "s"}`

/**
 * A struct may be written as the sequence of its values. Only a trailing flag may be left out of that.
 */
const fromSequence = (
  ast: SchemaAST.TypeLiteral,
  values: ReadonlyArray<unknown>
): Either.Either<Readonly<Record<string, unknown>>, string> => {
  const fields = ast.propertySignatures
  const name = Option.getOrElse(SchemaAST.getIdentifierAnnotation(ast), () => "value")
  if (values.length > fields.length) {
    return Either.left(`invalid length ${values.length}, expected ${counted(fields.length)} in sequence`)
  }
  const needed = fields.slice(values.length).some((field) => !field.isOptional || acceptsNull(field.type))
  return needed
    ? Either.left(`invalid length ${values.length}, expected struct ${name} with ${counted(fields.length)}`)
    : Either.right(Object.fromEntries(values.map((value, i) => [String(fields[i]?.name), value])))
}

/** The decoder of a method's params. Its error is what the client is told; the original's decoder says the same. */
export const paramsDecoder = <P, PI>(
  schema: Schema.Schema<P, PI>,
  presence: Presence
): ((params: unknown) => Either.Either<P, RpcError>) => {
  const decode = ParseResult.decodeUnknownEither(schema)
  const { ast } = schema
  const decoded = (value: unknown): Either.Either<P, RpcError> =>
    Either.orElse(decode(value), () =>
      // A second look at what is wrong, for all of its problems: only then is the first of them known.
      Either.mapLeft(decode(value, { errors: "all" }), (issue) => invalidRequest(problemOf(issue)))
    )
  return (params) => {
    if (presence === "none") {
      return params === undefined || params === null || isEmptyObject(params)
        ? decoded(undefined)
        : Either.left(invalidRequest(invalidType(params, "unit")))
    }
    if (params === undefined || params === null) {
      return presence === "optional" ? decoded({}) : Either.left(invalidRequest(missingField("params")))
    }
    if (Array.isArray(params) && SchemaAST.isTypeLiteral(ast) && ast.propertySignatures.length > 0) {
      return Either.flatMap(Either.mapLeft(fromSequence(ast, params), invalidRequest), decoded)
    }
    return decoded(params)
  }
}
