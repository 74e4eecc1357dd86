/** How the messages of the protocol are declared and decoded. */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { codes, type RpcError, rpcError } from "../../rpc/RpcError.js"

/**
 * `required`: an object, which may be empty. `optional`: absent and null stand for an empty object. `none`: there are
 * none; an empty object counts as none.
 */
export type Presence = "required" | "optional" | "none"

/**
 * The Type side of `result` is what a server writes: every member, null where nothing is known. A client may read the
 * answer of an older server, where a missing member reads as null.
 *
 * `decodeParams` fails with the answer to the client, `decodeResult` with what is wrong. `experimental` names what these
 * params may only be used for with the `experimentalApi` capability; null when nothing.
 */
export interface Method<P, PI, R, RI> {
  readonly presence: Presence
  readonly params: Schema.Schema<P, PI>
  readonly result: Schema.Schema<R, RI>
  readonly decodeParams: (params: unknown) => Either.Either<P, RpcError>
  readonly decodeResult: (result: unknown) => Either.Either<R, string>
  readonly experimental: (params: P) => string | null
}

/** A struct with the name that errors and the published schema use. */
export const struct = <const Fields extends Schema.Struct.Fields>(identifier: string, fields: Fields) =>
  Schema.Struct(fields).annotations({ identifier })

/** A method or params that can't be decoded. */
export const invalidRequest = (detail: string): RpcError => rpcError(codes.invalidRequest, `Invalid request: ${detail}`)

type Issues = ParseResult.SingleOrNonEmpty<ParseResult.ParseIssue>

const isNull = (issue: ParseResult.ParseIssue): boolean =>
  issue._tag === "Type" && SchemaAST.isLiteral(issue.ast) && issue.ast.literal === null

/** The issue that says more than the whole does: the only one, apart from the value not being null. */
const only = (issues: Issues): ParseResult.ParseIssue | undefined => {
  const [first, ...others] = "_tag" in issues ? [issues] : issues.filter((issue) => !isNull(issue))
  return others.length === 0 ? first : undefined
}

/** The first problem, without the value: that may be a secret. */
const problemAt = (path: string, issue: ParseResult.ParseIssue): string => {
  switch (issue._tag) {
    case "Pointer":
      return problemAt([path, issue.path].flat().map(String).join("."), issue.issue)
    case "Composite": {
      const inner = only(issue.issues)
      return inner === undefined ? `\`${path}\` is not ${String(issue.ast)}` : problemAt(path, inner)
    }
    case "Transformation": {
      const name = SchemaAST.getIdentifierAnnotation(issue.ast)
      return issue.issue._tag === "Type" && Option.isSome(name)
        ? `\`${path}\` is not ${name.value}`
        : problemAt(path, issue.issue)
    }
    case "Missing":
      return `\`${path}\` is missing`
    default:
      return "ast" in issue ? `\`${path}\` is not ${String(issue.ast)}` : `\`${path}\` is invalid`
  }
}

const decoder = <A, I>(schema: Schema.Schema<A, I>, name: string): ((value: unknown) => Either.Either<A, string>) => {
  const decode = ParseResult.decodeUnknownEither(schema)
  return (value) => Either.mapLeft(decode(value), (issue) => problemAt(name, issue))
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

const paramsDecoder = <P, PI>(schema: Schema.Schema<P, PI>, presence: Presence) => {
  const decode = decoder(schema, "params")
  const decoded = (value: unknown) => Either.mapLeft(decode(value), invalidRequest)
  return (params: unknown): Either.Either<P, RpcError> => {
    if (presence === "none") {
      return params == null || isEmptyObject(params)
        ? decoded(undefined)
        : Either.left(invalidRequest("the method takes no params"))
    }
    if (params == null && presence === "required") return Either.left(invalidRequest("`params` is missing"))
    return decoded(params ?? {})
  }
}

export const make = <P, PI, R, RI>(
  params: Schema.Schema<P, PI>,
  result: Schema.Schema<R, RI>,
  {
    experimental = () => null,
    presence = "required"
  }: { readonly presence?: Presence; readonly experimental?: (params: P) => string | null } = {}
): Method<P, PI, R, RI> => ({
  presence,
  params,
  result,
  experimental,
  decodeParams: paramsDecoder(params, presence),
  decodeResult: decoder(result, "result")
})

/** A method without params. */
export const withoutParams = <R, RI>(result: Schema.Schema<R, RI>) =>
  make(Schema.Undefined, result, { presence: "none" })

const simple = /^[0-9a-f]{32}$/i
const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * The UUID in lower case with hyphens, from any form that the original accepts: with or without hyphens, in braces, or as
 * `urn:uuid:`. Null for other text.
 */
export const uuidIn = (text: string): string | null => {
  const bare = /^\{(.*)\}$/s.exec(text)?.[1] ?? /^urn:uuid:(.*)$/s.exec(text)?.[1] ?? text
  if (!hyphenated.test(bare) && !(bare === text && simple.test(bare))) return null
  return bare
    .toLowerCase()
    .replaceAll("-", "")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
