/** What every answer in JSON has around it. */
import * as Schema from "effect/Schema"

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

/** All that a command may print: its answer, or a failure. */
export const output = <const Name extends string, Fields extends Schema.Struct.Fields>(command: Name, fields: Fields) =>
  Schema.Union(
    Schema.Struct({
      schemaVersion: Schema.Literal(schemaVersion),
      command: Schema.Literal(command),
      ok: Schema.Literal(true),
      exitCode: Schema.Int,
      ...fields
    }),
    failure(command)
  )

// Controls, and marks that reorder or hide text: harmless to a parser as escapes, and to a terminal as well.
const unseen = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** The value as one line of JSON that no terminal takes for anything but text. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value).replace(unseen, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`)
