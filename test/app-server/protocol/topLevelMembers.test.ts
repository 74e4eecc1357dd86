/** The members of an object, as they are written. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "node:assert"
import * as FastCheck from "effect/FastCheck"
import { topLevelMembers } from "../../../src/app-server/protocol/topLevelMembers.js"

const space = FastCheck.constantFrom("", " ", "\n", "\t ", "\r\n")
const text = FastCheck.string({ unit: FastCheck.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", "a", "é", "\n") })
const value = FastCheck.oneof(
  FastCheck.json(),
  text.map((one) => JSON.stringify(one)),
  FastCheck.constantFrom("9007199254740993", "1.0", "-0", "1e400", '[{"a":[]}]', '{"a":{"a":1},"b":"\\\\"}')
)
const member = FastCheck.tuple(FastCheck.oneof(text, FastCheck.string(), FastCheck.constant("id")), value, space, space)

describe("topLevelMembers", () => {
  it.prop(
    "tells each in order, with its text and its doubles",
    [FastCheck.array(member, { maxLength: 8 }), space],
    ([members, around]) => {
      const written = members.map(
        ([name, json, before, after]) => `${before}${JSON.stringify(name)}${after}:${before}${json}${after}`
      )
      deepStrictEqual(
        topLevelMembers(`${around}{${around}${written.join(",")}}${around}`),
        members.map(([name, json]) => [name, json.trim()])
      )
    },
    { fastCheck: { numRuns: 2000 } }
  )
})
