/** The published schema and declarations are those of the code. `UPDATE_SCHEMAS=1` writes them. */
import { describe, expectTypeOf, it } from "@effect/vitest"
import { Ajv } from "ajv"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { ClientRequests, ServerNotifications } from "../../../schemas/app-server/protocol.js"
import { encode, errorResponse, notification, request, response } from "../../../src/rpc/Envelope.js"
import * as errors from "../../../src/app-server/protocol/errors.js"
import {
  type MethodName,
  type Params,
  type Result,
  isMethodName,
  methods
} from "../../../src/app-server/protocol/methods.js"
import type {
  ServerNotificationName,
  ServerNotificationParams
} from "../../../src/app-server/protocol/notifications.js"
import { declarations } from "./published/declarations.js"
import { jsonSchema } from "./published/jsonSchema.js"
import * as recorded from "./fixtures.js"

const folder = fileURLToPath(new URL("../../../schemas/app-server", import.meta.url))
const schemaFile = join(folder, "protocol.json")
const declarationsFile = join(folder, "protocol.d.ts")

if (process.env.UPDATE_SCHEMAS === "1") {
  mkdirSync(folder, { recursive: true })
  writeFileSync(schemaFile, `${JSON.stringify(jsonSchema(), null, 2)}\n`)
  writeFileSync(declarationsFile, declarations())
}

/** What a formatter may change is left out. */
const bare = (text: string): string => text.replace(/[\s;]/g, "").replace(/([=:<(])\|/g, "$1")

describe("the published protocol", () => {
  it("protocol.json is up to date", () => {
    deepStrictEqual(JSON.parse(readFileSync(schemaFile, "utf8")), JSON.parse(JSON.stringify(jsonSchema())))
  })

  it("protocol.d.ts is up to date", () => {
    strictEqual(bare(readFileSync(declarationsFile, "utf8")), bare(declarations()))
  })
})

/** Both ways assignable. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

/** The names whose two types differ. */
type Different<Checks extends Readonly<Record<string, boolean>>> = {
  readonly [Name in keyof Checks]: Checks[Name] extends true ? never : Name
}[keyof Checks]

/** Absent and null params are the envelope's affair: what is left is what the method takes. */
type DifferentParams = Different<{
  readonly [Name in MethodName]: Same<
    Exclude<ClientRequests[Name]["params"], null | undefined>,
    Exclude<Params<Name>, undefined>
  >
}>

type DifferentResults = Different<{
  readonly [Name in MethodName]: Same<ClientRequests[Name]["result"], Result<Name>>
}>

type DifferentNotifications = Different<{
  readonly [Name in ServerNotificationName]: Same<ServerNotifications[Name], ServerNotificationParams<Name>>
}>

describe("the declarations", () => {
  it("say what the schemas say", () => {
    // The compiler looks at this: a name that differs is the error.
    expectTypeOf<DifferentParams>().toEqualTypeOf<never>()
    expectTypeOf<DifferentResults>().toEqualTypeOf<never>()
    expectTypeOf<DifferentNotifications>().toEqualTypeOf<never>()
    expectTypeOf<keyof ClientRequests>().toEqualTypeOf<MethodName>()
    expectTypeOf<
      Different<{ readonly same: true; readonly other: Same<string, string | null> }>
    >().toEqualTypeOf<"other">()
  })
})

describe("the schema, as a validator reads it", () => {
  const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true })
  ajv.addSchema(JSON.parse(readFileSync(schemaFile, "utf8")), "protocol")
  const valid = (definition: string, value: unknown): boolean => {
    const result = ajv.validate(`protocol${definition === "" ? "" : `#/definitions/${definition}`}`, value)
    return result === true
  }
  const sent = (line: string): unknown => JSON.parse(line)

  it.each(recorded.params.map((call) => ({ ...call, shown: JSON.stringify(call.params)?.slice(0, 60) })))(
    "takes the params that the server takes: $method $shown",
    ({ method, params }) => {
      const taken =
        isMethodName(method) &&
        methods[method].decodeParams(params)._tag === "Right" &&
        // An empty object where there are no params is accepted, but not part of the schema.
        !(methods[method].presence === "none" && params !== undefined && params !== null)
      const call = sent(encode(request(1, method, params)))
      strictEqual(valid("ClientRequest", call), taken)
    }
  )

  it.each(recorded.rateLimits.flatMap(({ label, result }, n) => (result === undefined ? [] : [{ label, n, result }])))(
    "takes what is answered: $n $label",
    ({ result }) => {
      const answer: Record<string, unknown> = JSON.parse(result)
      ok(valid("GetAccountRateLimitsResponse", answer))
      ok(valid("ResultByMethod", { "account/rateLimits/read": answer }))
      for (const name of Object.keys(answer)) {
        const { [name]: _, ...without } = answer
        ok(!valid("GetAccountRateLimitsResponse", without), name)
      }
    }
  )

  it("takes every kind of message, and nothing else", () => {
    const told = { authMode: "chatgpt", planType: "pro", reason: null, workspaceRole: null, isWorkspaceOwner: null }
    for (const message of [
      request("a", "account/read", {}),
      notification("initialized"),
      notification("account/updated", told),
      response(1, { anything: 1 }),
      errorResponse(1, errors.overloaded())
    ]) {
      ok(valid("", sent(encode(message))), encode(message))
    }
    for (const other of [
      {},
      { id: 1 },
      { id: 1.5, method: "account/read", params: {} },
      { id: 1, error: { code: "x", message: "m" } },
      { method: "account/updated", params: { ...told, planType: 5 } }
    ]) {
      ok(!valid("", other), JSON.stringify(other))
    }
  })
})
