/** What is wrong with a value, in the words of the original's decoder (Rust's serde). */
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as SchemaAST from "effect/SchemaAST"
import { echoed } from "./echo.js"

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const nameOf = (ast: SchemaAST.AST): string => Option.getOrElse(SchemaAST.getIdentifierAnnotation(ast), () => "value")

/** A value as serde names it when it is not what was expected. */
const found = (value: unknown): string => {
  if (value === null || value === undefined) return "null"
  if (typeof value === "string") return `string ${JSON.stringify(echoed(value))}`
  if (typeof value === "boolean") return `boolean \`${value}\``
  if (typeof value === "number") return `${Number.isInteger(value) ? "integer" : "floating point"} \`${value}\``
  return Array.isArray(value) ? "sequence" : "map"
}

/** `invalid type: FOUND, expected WANTED`. */
export const invalidType = (value: unknown, wanted: string): string =>
  `invalid type: ${found(value)}, expected ${wanted}`

/** A word that is none of those known. */
export const unknownVariant = (word: string, known: ReadonlyArray<string>): string => {
  const words = known.map((name) => `\`${name}\``)
  const wanted = words.length > 2 ? `one of ${words.join(", ")}` : words.join(" or ")
  return `unknown variant \`${echoed(word)}\`, expected ${wanted}`
}

export const missingField = (name: string): string => `missing field \`${name}\``

const literals = (members: ReadonlyArray<SchemaAST.AST>): ReadonlyArray<string> =>
  members.flatMap((member) =>
    SchemaAST.isLiteral(member) && typeof member.literal === "string" ? [member.literal] : []
  )

/** The words of an enum, without null; none where the type is something else. */
const variants = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  const members = SchemaAST.isUnion(ast) ? ast.types : [ast]
  const words = literals(members)
  const nulls = members.filter((member) => SchemaAST.isLiteral(member) && member.literal === null).length
  return words.length + nulls === members.length ? words : []
}

/** The member whose word tells the structs of a union apart, with the words in order. */
const tagOf = (union: SchemaAST.Union): { readonly name: string; readonly words: ReadonlyArray<string> } | null => {
  const structs = union.types.filter(SchemaAST.isTypeLiteral)
  const name = structs[0]?.propertySignatures.find((property) => SchemaAST.isLiteral(property.type))?.name
  if (structs.length !== union.types.length || typeof name !== "string") return null
  const words = literals(
    structs.flatMap((struct) => struct.propertySignatures.filter((p) => p.name === name).map((p) => p.type))
  )
  return words.length === structs.length ? { name, words } : null
}

const wanted = (ast: SchemaAST.AST): string => {
  if (SchemaAST.isStringKeyword(ast)) return "a string"
  if (SchemaAST.isBooleanKeyword(ast)) return "a boolean"
  if (SchemaAST.isTupleType(ast)) return "a sequence"
  if (SchemaAST.isTypeLiteral(ast) && ast.propertySignatures.length === 0) return "a map"
  return SchemaAST.isTypeLiteral(ast) ? `struct ${nameOf(ast)}` : nameOf(ast)
}

const list = (issues: ParseResult.SingleOrNonEmpty<ParseResult.ParseIssue>): ReadonlyArray<ParseResult.ParseIssue> =>
  "_tag" in issues ? [issues] : issues

/** The values come in the order in which they were written; what is missing is only known after the last of them. */
const inOrderOf = (input: unknown) => {
  const keys = isObject(input) ? Object.keys(input) : []
  return (issue: ParseResult.ParseIssue): number => {
    if (issue._tag !== "Pointer") return -1
    const key = Array.isArray(issue.path) ? issue.path[0] : issue.path
    return issue.issue._tag === "Missing" ? Number.POSITIVE_INFINITY : keys.indexOf(String(key))
  }
}

const enumProblem = (value: unknown, words: ReadonlyArray<string>): string =>
  typeof value === "string" ? unknownVariant(value, words) : invalidType(value, "string or map")

const taggedProblem = (
  issue: ParseResult.ParseIssue,
  union: SchemaAST.Union,
  tag: { readonly name: string; readonly words: ReadonlyArray<string> },
  inner: ReadonlyArray<ParseResult.ParseIssue>
): string => {
  const { actual } = issue
  if (Array.isArray(actual) && actual.length === 0) return missingField(tag.name)
  if (!isObject(actual)) return invalidType(actual, `internally tagged enum ${nameOf(union)}`)
  const word = actual[tag.name]
  if (word === undefined) return missingField(tag.name)
  if (typeof word !== "string") return invalidType(word, "variant identifier")
  const chosen = inner.find((one) => one._tag === "Composite" && tag.words.includes(word))
  return chosen === undefined ? unknownVariant(word, tag.words) : problemOf(chosen)
}

const unionProblem = (
  issue: ParseResult.ParseIssue,
  union: SchemaAST.Union,
  inner: ReadonlyArray<ParseResult.ParseIssue>
): string => {
  const words = variants(union)
  if (words.length > 0) return enumProblem(issue.actual, words)
  const tag = tagOf(union)
  if (tag !== null) return taggedProblem(issue, union, tag, inner)
  const members = union.types.filter((member) => !(SchemaAST.isLiteral(member) && member.literal === null))
  const [only] = members
  if (only === undefined || members.length > 1) {
    return `data did not match any variant of untagged enum ${nameOf(union)}`
  }
  const own = inner.find((one) => "ast" in one && one.ast === only)
  return own === undefined ? typeProblem(issue.actual, only) : problemOf(own)
}

const typeProblem = (actual: unknown, ast: SchemaAST.AST): string => {
  const words = variants(ast)
  return words.length > 0 ? enumProblem(actual, words) : invalidType(actual, wanted(ast))
}

const rangeProblem = (actual: unknown, ast: SchemaAST.AST): string =>
  typeof actual === "number" && Number.isInteger(actual)
    ? `invalid value: integer \`${actual}\`, expected ${nameOf(ast)}`
    : invalidType(actual, nameOf(ast))

/** The first problem, as serde would meet it. The issue holds all of them (`errors: "all"`). */
export const problemOf = (issue: ParseResult.ParseIssue): string => {
  switch (issue._tag) {
    case "Pointer": {
      const name = Array.isArray(issue.path) ? issue.path[0] : issue.path
      return issue.issue._tag === "Missing" ? missingField(String(name)) : problemOf(issue.issue)
    }
    case "Composite": {
      const inner = list(issue.issues)
      if (SchemaAST.isUnion(issue.ast)) return unionProblem(issue, issue.ast, inner)
      const place = inOrderOf(issue.actual)
      const first = inner.reduce((a, b) => (place(b) < place(a) ? b : a))
      return problemOf(first)
    }
    case "Refinement":
      return rangeProblem(issue.actual, issue.ast)
    case "Transformation":
      return problemOf(issue.issue)
    case "Type":
      return SchemaAST.isUnion(issue.ast) ? unionProblem(issue, issue.ast, []) : typeProblem(issue.actual, issue.ast)
    case "Missing":
    case "Unexpected":
    case "Forbidden":
      return "invalid value"
  }
}
