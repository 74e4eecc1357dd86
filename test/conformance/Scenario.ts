/** The recorded exchanges, as they are written in `scenarios/`. */
import * as Schema from "effect/Schema"
import { readdirSync, readFileSync } from "node:fs"
import { expand } from "./expand.js"

/** Where nobody signs anybody in. */
const nobody = "http://127.0.0.1:1"

const Json = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** What the backend answers to one request. */
const Reply = Schema.Struct({
  status: Schema.optionalWith(Schema.Number, { default: () => 200 }),
  headers: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) }),
  json: optional(Schema.Unknown),
  body: optional(Schema.String),
  hang: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  reset: optional(Schema.Literal("before", "mid-body")),
  delayMillis: Schema.optionalWith(Schema.Number, { default: () => 0 })
})
export type Reply = typeof Reply.Type

const Replies = Schema.Union(Schema.NonEmptyArray(Reply), Reply)
const Routes = Schema.Record({ key: Schema.String, value: Replies })
export type Routes = typeof Routes.Type

const Failure = Schema.Struct({
  error: Schema.Struct({ code: Schema.Number, message: Schema.String, data: optional(Schema.Unknown) })
})
const Answer = Schema.Union(Failure, Schema.Struct({ result: Schema.Unknown }), Schema.Struct({ like: Json }))
export type RecordedAnswer = typeof Answer.Type

/** With `times` as many at once, whose answer is which kinds of answers there were. */
const Call = Schema.Struct({
  call: Schema.String,
  times: optional(Schema.Number),
  label: optional(Schema.String),
  params: optional(Schema.Unknown),
  answer: Answer,
  requests: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  tookMillis: optional(Schema.Number)
})
export type Call = typeof Call.Type

/** `result: true` stands for any result. */
const LineAnswer = Schema.Struct({
  id: Schema.Union(Schema.String, Schema.Number, Schema.Struct({ $integer: Schema.String })),
  result: optional(Schema.Literal(true)),
  error: optional(Failure.fields.error)
})
export type LineAnswer = typeof LineAnswer.Type

const Send = Schema.Struct({ send: Schema.String, answers: Schema.Array(LineAnswer) })
export type Send = typeof Send.Type

/** A page of the sign-in that was started last; `{state}` is its state, `{location}` where the page before it led. */
const Visit = Schema.Struct({
  visit: Schema.String,
  answer: Schema.Struct({ status: Schema.Number, body: optional(Schema.String) })
})
export type Page = (typeof Visit.Type)["answer"]

const Step = Schema.Union(
  Call,
  Send,
  Visit,
  Schema.Struct({ notify: Schema.String }),
  Schema.Struct({ route: Routes }),
  Schema.Struct({ writeAuth: Json }),
  Schema.Struct({ forget: Schema.Literal(true) }),
  Schema.Struct({ wait: Schema.Number }),
  Schema.Struct({ end: Schema.Literal(true) })
)

const Scenario = Schema.Struct({
  name: Schema.String,
  slow: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  /** It needs a port of its own, and is played after the others. */
  alone: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  auth: Schema.NullOr(Schema.Union(Schema.String, Json)),
  base: Schema.optionalWith(Schema.String, { default: () => "{origin}/backend-api" }),
  issuer: Schema.optionalWith(Schema.String, { default: () => nobody }),
  config: Schema.optionalWith(Schema.String, { default: () => "" }),
  initialize: Schema.optionalWith(Schema.NullOr(Json), {
    default: () => ({
      clientInfo: { name: "oracle", title: "Oracle", version: "1.0.0" },
      capabilities: { experimentalApi: true }
    })
  }),
  routes: Schema.optionalWith(Routes, { default: () => ({}) }),
  steps: Schema.Array(Step),
  notifications: Schema.Array(Schema.Struct({ method: Schema.String, params: Json })),
  totals: Schema.Record({ key: Schema.String, value: Schema.Number }),
  exit: Schema.Number
})
export type Scenario = typeof Scenario.Type

const decode = Schema.decodeUnknownSync(Scenario)
const folder = new URL("./scenarios/", import.meta.url)

/** All of them, by name. `nowSeconds` is what relative times in tokens count from. */
export const loadScenarios = (nowSeconds: number): ReadonlyArray<Scenario> =>
  readdirSync(folder)
    .toSorted()
    .map((file) =>
      decode(expand(nowSeconds)(JSON.parse(readFileSync(new URL(file, folder), "utf8"))), { onExcessProperty: "error" })
    )
