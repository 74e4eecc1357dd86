/** What the commands answer in JSON that look at the tool itself. */
import * as Schema from "effect/Schema"
import { Repeat } from "../../domain/CallPolicy.js"

/** A policy in force; times are in milliseconds. */
export const PolicyRow = Schema.Struct({
  name: Schema.String,
  repeat: Repeat,
  keyField: Schema.NullOr(Schema.String),
  attempts: Schema.Int,
  attemptTimeoutMillis: Schema.Number,
  overallTimeoutMillis: Schema.Number,
  backoff: Schema.Struct({
    baseMillis: Schema.Number,
    factor: Schema.Number,
    capMillis: Schema.Number,
    jitter: Schema.Number
  }),
  retryOn: Schema.Array(Schema.String),
  retryAfterCapMillis: Schema.Number,
  redirects: Schema.Literal("refuse")
})

export const policiesFields = { policies: Schema.Array(PolicyRow) }

/**
 * `home` is the throw-away CODEX_HOME that was written, if one was asked for. `environment` is what a client needs
 * besides.
 */
export const backendFields = {
  origin: Schema.String,
  baseUrl: Schema.String,
  home: Schema.NullOr(Schema.String),
  environment: Schema.Record({ key: Schema.String, value: Schema.String })
}

/** One thing that was looked at. */
export const Check = Schema.Struct({
  name: Schema.String,
  result: Schema.Literal("ok", "warn", "fail"),
  message: Schema.String,
  advice: Schema.NullOr(Schema.String)
})

export type Check = typeof Check.Type

export const doctorFields = { checks: Schema.Array(Check) }
