/**
 * The protocol as a JSON Schema.
 *
 * `effect/JSONSchema` can't make it: of the Type side (`Schema.typeSchema`) the names of the parts are lost wherever a
 * member has a default, and of the encoded side only what an older server has to send is required.
 */
import * as Option from "effect/Option"
import * as SchemaAST from "effect/SchemaAST"
import { methods, refreshTokens } from "../../../../src/app-server/protocol/methods.js"
import { initialized, serverNotifications } from "../../../../src/app-server/protocol/notifications.js"

/** The part of JSON Schema (draft-07) that the protocol needs. */
export interface Shape {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: ReadonlyArray<SchemaAST.LiteralValue>
  readonly anyOf?: ReadonlyArray<Shape>
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: Shape
}

export type Definitions = Readonly<Record<string, Shape>>

/** The Type side. Structs are handled below, by the declared side: a default has lost the names of its parts. */
const written = (ast: SchemaAST.AST): SchemaAST.AST =>
  SchemaAST.isTransformation(ast) && !isStruct(ast) ? written(ast.to) : ast

const isStruct = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isTypeLiteral(ast) ||
  (SchemaAST.isTransformation(ast) && SchemaAST.isTypeLiteral(ast.from) && SchemaAST.isTypeLiteral(ast.to))

/** What is required is what is written, and the types are the ones that the struct was declared with. */
const struct = (
  declared: SchemaAST.TypeLiteral,
  whole: SchemaAST.TypeLiteral,
  definitions: Map<string, Shape>
): Shape => {
  const [index] = declared.indexSignatures
  const required = whole.propertySignatures.filter((property) => !property.isOptional)
  return {
    type: "object",
    ...(required.length === 0 ? {} : { required: required.map(({ name }) => String(name)) }),
    ...(declared.propertySignatures.length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            declared.propertySignatures.map(({ name, type }) => [String(name), shapeOf(type, definitions)])
          )
        }),
    ...(index === undefined ? {} : { additionalProperties: shapeOf(index.type, definitions) })
  }
}

const structure = (ast: SchemaAST.AST, definitions: Map<string, Shape>): Shape => {
  switch (ast._tag) {
    case "StringKeyword":
      return { type: "string" }
    case "NumberKeyword":
      return { type: "number" }
    case "BooleanKeyword":
      return { type: "boolean" }
    case "Literal":
      return ast.literal === null ? { type: "null" } : { enum: [ast.literal] }
    case "Union": {
      const words = ast.types.flatMap((member) =>
        SchemaAST.isLiteral(member) && member.literal !== null ? [member.literal] : []
      )
      return words.length === ast.types.length
        ? { enum: words }
        : { anyOf: ast.types.map((member) => shapeOf(member, definitions)) }
    }
    case "TupleType":
      return { type: "array", items: shapeOf(ast.rest[0]?.type ?? SchemaAST.unknownKeyword, definitions) }
    case "TypeLiteral":
      return struct(ast, ast, definitions)
    case "Transformation":
      return SchemaAST.isTypeLiteral(ast.from) && SchemaAST.isTypeLiteral(ast.to)
        ? struct(ast.from, ast.to, definitions)
        : structure(ast.to, definitions)
    case "Refinement": {
      const own = SchemaAST.getJSONSchemaAnnotation(ast)
      return Option.isSome(own) ? { ...own.value } : structure(ast.from, definitions)
    }
    default:
      return {}
  }
}

const isNamed = (ast: SchemaAST.AST): boolean => isStruct(ast) || SchemaAST.isUnion(written(ast))

const shapeOf = (ast: SchemaAST.AST, definitions: Map<string, Shape>): Shape => {
  const name = Option.getOrNull(SchemaAST.getIdentifierAnnotation(ast))
  if (name === null || !isNamed(ast)) return structure(written(ast), definitions)
  if (!definitions.has(name)) {
    definitions.set(name, {})
    definitions.set(name, structure(written(ast), definitions))
  }
  return { $ref: `#/definitions/${name}` }
}

const object = (required: ReadonlyArray<string>, properties: Readonly<Record<string, Shape>>): Shape => ({
  type: "object",
  required,
  properties
})

const requestId: Shape = { anyOf: [{ type: "string" }, { type: "integer" }] }

/** By method: params and results of the requests of either side, and params of notifications. */
export interface Published {
  readonly clientRequests: Readonly<
    Record<string, { readonly params: Shape; readonly optional: boolean; readonly result: Shape }>
  >
  readonly serverRequests: Published["clientRequests"]
  readonly serverNotifications: Readonly<Record<string, Shape>>
  readonly definitions: Definitions
}

/** The tables as shapes, with a definition for every schema that has a name. */
export const published = (): Published => {
  const definitions = new Map<string, Shape>()
  const requests = (table: Readonly<Record<string, (typeof methods)[keyof typeof methods] | typeof refreshTokens>>) =>
    Object.fromEntries(
      Object.entries(table).map(([name, { params, presence, result }]) => [
        name,
        {
          params: presence === "none" ? { type: "null" } : shapeOf(params.ast, definitions),
          optional: presence !== "required",
          result: shapeOf(result.ast, definitions)
        }
      ])
    )
  return {
    clientRequests: requests(methods),
    serverRequests: requests({ [refreshTokens.method]: refreshTokens }),
    serverNotifications: Object.fromEntries(
      Object.entries(serverNotifications).map(([method, { params }]) => [method, shapeOf(params.ast, definitions)])
    ),
    definitions: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

const requestShapes = (table: Published["clientRequests"]): Shape => ({
  anyOf: Object.entries(table).map(([method, { optional, params }]) =>
    object(["id", "method", ...(optional ? [] : ["params"])], {
      id: requestId,
      method: { enum: [method] },
      params: optional ? { anyOf: [params, { type: "null" }] } : params
    })
  )
})

/**
 * The schema of every message of the protocol, as a document. `ResultByMethod` names the result that belongs to a method.
 */
export const jsonSchema = (): Readonly<Record<string, unknown>> => {
  const { clientRequests, definitions, serverNotifications: told, serverRequests } = published()
  const results = Object.entries({ ...clientRequests, ...serverRequests })
  const messages: Definitions = {
    ClientRequest: requestShapes(clientRequests),
    ClientNotification: object(["method"], { method: { enum: [initialized] } }),
    ServerRequest: requestShapes(serverRequests),
    ServerNotification: {
      anyOf: Object.entries(told).map(([method, params]) =>
        object(["method", "params"], { method: { enum: [method] }, params, emittedAtMs: { type: "integer" } })
      )
    },
    Response: object(["id", "result"], { id: requestId, result: {} }),
    ErrorResponse: object(["id", "error"], {
      id: requestId,
      error: object(["code", "message"], { code: { type: "integer" }, message: { type: "string" }, data: {} })
    }),
    ResultByMethod: { type: "object", properties: Object.fromEntries(results.map(([m, { result }]) => [m, result])) }
  }
  const kinds = Object.keys(messages).filter((name) => name !== "ResultByMethod")
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "The account side of the Codex app-server protocol",
    anyOf: kinds.map((name) => ({ $ref: `#/definitions/${name}` })),
    definitions: { ...messages, ...definitions }
  }
}
