/** Lines in, messages out: what is a message, what is ignored, and that ids come back as they went. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as FastCheck from "effect/FastCheck"
import { decode as read, encode, type Message } from "../../src/rpc/Envelope.js"
import { arbitraryId, arbitraryMessage } from "./arbitraries.js"

const told = { _tag: "Notification", method: "account/read", params: {} }

describe("lines that codex-cli 0.169.0 was given", () => {
  it.each([
    ["nothing", ""],
    ["spaces", "   "],
    ["a carriage return", "\r"],
    ["no JSON", "not json"],
    ["half a line", "{"],
    ["an empty object", "{}"],
    ["an empty batch", "[]"],
    ["null", "null"],
    ["a number", "5"],
    ["text", '"x"'],
    ["an id alone", '{"id":901}'],
    ["a method that is a number", '{"method":5,"id":905}'],
    ["a method that is null", '{"method":null,"id":906}'],
    ["a batch", '[{"method":"account/read","id":913,"params":{}}]'],
    [
      "two messages on a line",
      '{"method":"account/read","id":914,"params":{}}{"method":"account/read","id":915,"params":{}}'
    ],
    ["a byte order mark", '\ufeff{"method":"account/read","id":916,"params":{}}'],
    ["an error without a message", '{"id":1,"error":{"code":1}}'],
    ["an error whose code is text", '{"id":1,"error":{"code":"1","message":"x"}}'],
    ["an answer to nobody", '{"id":null,"result":{}}']
  ])("%s is ignored", (_, line) => strictEqual(read(line), null))

  it.each([
    ["null", '{"method":"account/read","id":null,"params":{}}'],
    ["a fraction", '{"method":"account/read","id":1.5,"params":{}}'],
    ["a boolean", '{"method":"account/read","id":true,"params":{}}'],
    ["an object", '{"method":"account/read","id":{},"params":{}}'],
    ["beyond what a double holds", '{"method":"account/read","id":9007199254740993,"params":{}}'],
    ["below what a double holds", '{"method":"account/read","id":-9007199254740993,"params":{}}'],
    ["missing", '{"method":"account/read","params":{}}']
  ])("an id that is %s makes a notification, which nobody answers", (_, line) => deepStrictEqual(read(line), told))

  it.each([
    ["text", '{"method":"account/read","id":"str-1","params":{}}', "str-1"],
    ["empty text", '{"method":"account/read","id":"","params":{}}', ""],
    ["negative", '{"method":"account/read","id":-7,"params":{}}', -7],
    ["there twice, the last of them", '{"id":1,"method":"account/read","id":918,"params":{}}', 918],
    ["the last exact double", '{"method":"account/read","id":9007199254740991,"params":{}}', 9007199254740991],
    ["before a carriage return", '{"method":"account/read","id":917,"params":{}}\r', 917],
    ["beside jsonrpc", '{"jsonrpc":"1.0","method":"account/read","id":904,"params":{}}', 904],
    ["beside a stranger", '{"method":"account/read","id":909,"params":{},"extra":1}', 909],
    ["beside a stranger twice", '{"x":1,"method":"account/read","x":2,"id":909,"params":{}}', 909],
    ["beside an id inside", '{"method":"account/read","id":3,"params":{}, "extra":{"id":1.5,"id":4}}', 3],
    ["after a name in escapes", '{"m\\u0065thod":"account/read","\\u0069d":919,"params":{}}', 919],
    ["with a trace of null", '{"method":"account/read","id":922,"params":{},"trace":null}', 922],
    ["with white space", '\t{ "params" : {} , "id" : 5 , "method" : "account/read" } ', 5],
    ["with a result too", '{"result":1,"method":"account/read","id":6,"params":{}}', 6]
  ])("an id that is %s makes a request", (_, line, id) =>
    deepStrictEqual(read(line), { _tag: "Request", id, method: "account/read", params: {} })
  )

  it("takes a trace along, and no request with a broken one", () => {
    const line = (trace: string) => `{"method":"m","id":1,"trace":${trace}}`
    deepStrictEqual(read(line('{"traceparent":"00-a","tracestate":null}')), {
      _tag: "Request",
      id: 1,
      method: "m",
      trace: { traceparent: "00-a", tracestate: null }
    })
    for (const broken of ["5", '"x"', "[]", '{"traceparent":5}']) {
      deepStrictEqual(read(line(broken)), { _tag: "Notification", method: "m" })
    }
  })

  it("answers are told from errors, a result first", () => {
    deepStrictEqual(read('{"id":911,"result":null}'), { _tag: "Response", id: 911, result: null })
    deepStrictEqual(read('{"id":912,"error":{"code":1,"message":"x"}}'), {
      _tag: "ErrorResponse",
      id: 912,
      error: { code: 1, message: "x" }
    })
    deepStrictEqual(read('{"error":{"code":1,"message":"x","data":[1]},"id":"a","result":2}'), {
      _tag: "Response",
      id: "a",
      result: 2
    })
  })

  it("reads a line of 20 MiB", () => {
    const line = `{"method":"m","id":1,"params":{"text":"${"x".repeat(20 * 1024 * 1024)}"}}`
    strictEqual(read(line)?._tag, "Request")
  })

  it("reads what is nested deeper than a stack", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`
    strictEqual(read(`{"method":"m","params":${deep}}`)?._tag ?? "ignored", "Notification")
  })
})

describe("any message", () => {
  it.prop("comes back as it went", [arbitraryMessage], ([message]) => {
    const line = encode(message)
    ok(!line.includes("\n") && !line.includes("\r"))
    ok(!Object.hasOwn(JSON.parse(line), "jsonrpc"))
    deepStrictEqual(read(line), message)
  })

  it.prop("keeps its id", [arbitraryId], ([id]) => {
    const line = encode({ _tag: "Response", id, result: 1 })
    strictEqual(line, `{"id":${typeof id === "string" ? JSON.stringify(id) : String(id)},"result":1}`)
    deepStrictEqual(read(line), { _tag: "Response", id, result: 1 })
  })

  const stranger = FastCheck.tuple(
    FastCheck.string().filter(
      (name) => !["id", "method", "params", "trace", "result", "error", "emittedAtMs"].includes(name)
    ),
    FastCheck.jsonValue()
  )

  it.prop(
    "is read the same with members that nobody knows, in any order",
    [arbitraryMessage, FastCheck.array(stranger, { maxLength: 4 }), FastCheck.boolean(), FastCheck.nat()],
    ([message, strangers, first, turn]) => {
      const own = membersOf(encode(message))
      const turned = [...own.slice(turn % own.length), ...own.slice(0, turn % own.length)]
      const added = strangers.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      const all = first ? [...added, ...turned] : [...turned, ...added]
      deepStrictEqual(read(`{ ${all.join(" , ")} }`), message)
    }
  )
})

const membersOf = (line: string): ReadonlyArray<string> => {
  const value: Record<string, unknown> = JSON.parse(line)
  return Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`)
}

describe("any line", () => {
  /** A member by name and text, and what the protocol makes of the text. */
  interface Member {
    readonly name: string
    readonly text: string
    readonly id?: string | number | null
    readonly value: unknown
  }

  const ids: ReadonlyArray<readonly [text: string, id: string | number | null]> = [
    ["1", 1],
    ["-7", -7],
    ["0", 0],
    ['"1"', "1"],
    ['"\\u0031"', "1"],
    ["1.5", null],
    ["9007199254740993", null],
    ["null", null],
    ["true", null],
    ["[1]", null],
    ['{"id":1}', null]
  ]
  const id = FastCheck.constantFrom(...ids).map(([text, of]): Member => ({ name: "id", text, id: of, value: null }))
  const named = (name: string, ...texts: ReadonlyArray<string>) =>
    FastCheck.constantFrom(...texts).map((text): Member => ({ name, text, value: JSON.parse(text) }))
  const member = FastCheck.oneof(
    id,
    named("method", '"m"', '"\\u006d"', '"id"', "5", "null"),
    named("params", "{}", '{"id":2.0}', '["method"]', '"\\"id\\":"', "null"),
    named("trace", "null", "{}", '{"traceparent":"t"}', "5"),
    named("result", "{}", '{"id":1}', "null"),
    named("error", '{"code":1,"message":"x"}', '{"code":1.5,"message":"x"}', "{}"),
    named("jsonrpc", '"2.0"'),
    named("other", '{"method":{"id":1}}')
  )
  const spelled = (name: string, escaped: boolean) =>
    escaped ? `"\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}"` : `"${name}"`
  const written = FastCheck.tuple(member, FastCheck.boolean(), FastCheck.constantFrom("", " ", "\t"))

  /** The kinds are tried in order. Of two members with the same name, the last counts. */
  const expected = (members: ReadonlyArray<Member>): Message | null => {
    const last = (name: string) => members.findLast((one) => one.name === name)
    const method = last("method")?.value
    const params = last("params") === undefined ? {} : { params: last("params")?.value }
    const ownId = last("id")?.id ?? null
    const trace = last("trace")?.value
    if (typeof method === "string") {
      if (ownId === null || trace === 5) return { _tag: "Notification", method, ...params }
      const traced = trace === undefined || trace === null ? {} : { trace }
      return { _tag: "Request", id: ownId, method, ...params, ...traced }
    }
    if (ownId === null) return null
    if (last("result") !== undefined) return { _tag: "Response", id: ownId, result: last("result")?.value }
    return last("error")?.text === '{"code":1,"message":"x"}'
      ? { _tag: "ErrorResponse", id: ownId, error: { code: 1, message: "x" } }
      : null
  }

  it.prop(
    "is what its members make it",
    [FastCheck.array(written, { maxLength: 6 })],
    ([lines]) => {
      const text = lines.map(
        ([{ name, text }, escaped, space]) => `${space}${spelled(name, escaped)}${space}:${space}${text}${space}`
      )
      deepStrictEqual(read(`{${text.join(",")}}`), expected(lines.map(([one]) => one)))
    },
    { fastCheck: { numRuns: 3000 } }
  )

  const broken = FastCheck.tuple(arbitraryMessage, FastCheck.nat(), FastCheck.nat(), FastCheck.string()).map(
    ([message, at, length, noise]) => {
      const line = encode(message)
      const from = at % (line.length + 1)
      return `${line.slice(0, from)}${noise}${line.slice(from + (length % 4))}`
    }
  )

  it.prop(
    "never throws",
    [FastCheck.oneof(broken, FastCheck.string(), FastCheck.json(), FastCheck.string({ unit: "binary" }))],
    ([line]) => {
      const message = read(line)
      if (message === null) return
      // A double has no room for 1e400, and JSON none for minus zero: once written, it stays as it is.
      const again = read(encode(message))
      ok(again !== null && again._tag === message._tag)
      deepStrictEqual(read(encode(again)), again)
    },
    { fastCheck: { numRuns: 2000 } }
  )
})
