/** What every answer in JSON has around it. */
import * as Schema from "effect/Schema"
import { replaceUnsafe } from "../../domain/PlainText.js"

/** Changes only when something is taken away or means something else; fields may be added at any time. */
export const schemaVersion = 1

/**
 * `code` is stable, such as `AuthError.NotSignedIn`; `message` is for people. `changed` is `unknown` where an act may
 * have taken effect.
 */
export const ErrorBody = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  changed: Schema.Literal("no", "unknown"),
  operation: Schema.NullOr(Schema.String),
  status: Schema.NullOr(Schema.Int),
  retryAfterMillis: Schema.NullOr(Schema.Number),
  requestId: Schema.NullOr(Schema.String),
  key: Schema.NullOr(Schema.String)
})

export type ErrorBody = typeof ErrorBody.Type

/** A failure. `command` is null if the command line names none. */
export const failure = <const Name extends string | null>(command: Name) =>
  Schema.Struct({
    schemaVersion: Schema.Literal(schemaVersion),
    command: Schema.Literal(command),
    ok: Schema.Literal(false),
    exitCode: Schema.Int,
    error: ErrorBody
  })

/** `sessionUnsaved` is why the session that was renewed meanwhile can't be stored: it ends with the command. */
const unsavedFields = { sessionUnsaved: Schema.optionalWith(Schema.String, { exact: true }) }

/** All that a command may print: its answer, or a failure. */
export const output = <const Name extends string, Fields extends Schema.Struct.Fields>(command: Name, fields: Fields) =>
  Schema.Union(
    Schema.Struct({
      schemaVersion: Schema.Literal(schemaVersion),
      command: Schema.Literal(command),
      ok: Schema.Literal(true),
      exitCode: Schema.Int,
      ...unsavedFields,
      ...fields
    }),
    failure(command)
  )

const escaped = (character: string): string =>
  character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** An answer and a failure as a command prints them. */
export const answerLine = (command: string | null, exitCode: number, fields: object): string =>
  jsonLine({ schemaVersion, command, ok: true, exitCode, ...fields })

export const errorLine = (
  command: string | null,
  { body, exitCode }: { readonly exitCode: number; readonly body: ErrorBody }
): string => jsonLine({ schemaVersion, command, ok: false, exitCode, error: body })

/** The value as one line of JSON, in which unsafe characters are escapes: the same to a parser, harmless to a terminal. */
export const jsonLine = (value: unknown): string => replaceUnsafe(JSON.stringify(value), escaped)
