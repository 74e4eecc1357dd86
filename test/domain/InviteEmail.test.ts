import { describe, it } from "@effect/vitest"
import { ok, strictEqual } from "node:assert"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { InviteEmail } from "../../src/domain/InviteEmail.js"

const decode = Schema.decodeUnknownEither(InviteEmail)

const refusal = (text: unknown): string =>
  Either.match(decode(text), { onLeft: (error) => ParseResult.TreeFormatter.formatErrorSync(error), onRight: () => "" })

describe("InviteEmail", () => {
  it.each([
    "friend@example.test",
    "first.last+tag@sub.example.test",
    "o'brien@example.test",
    "x@localhost",
    "jürgen@müller.test",
    "用户@例子.测试",
    `${"a".repeat(64)}@${"b".repeat(185)}.ab`
  ])("%s is one", (text) => strictEqual(Either.getOrThrow(decode(text)), text))

  it.each([
    ["", "needs"],
    ["   ", "needs"],
    ["friend", "looks like"],
    ["@example.test", "looks like"],
    ["friend@", "looks like"],
    ["@", "looks like"],
    [" friend@example.test", "exactly one"],
    ["friend@example.test ", "exactly one"],
    ["fri end@example.test", "exactly one"],
    ["a@b.test,c@d.test", "exactly one"],
    ["a@b.test;c@d.test", "exactly one"],
    ["a@b@c.test", "exactly one"],
    ["<a@b.test>", "exactly one"],
    ["Friend <a@b.test>", "exactly one"],
    ['"a b"@c.test', "exactly one"],
    ["a@b.test(comment)", "exactly one"],
    ["a@b.test\u00a0", "exactly one"],
    ["a@b.test\n", "control"],
    ["a@b.test\r\nbcc: c@d.test", "control"],
    ["a\u0000@b.test", "control"],
    ["a\u001b[31m@b.test", "control"],
    ["a\u202e@b.test", "control"],
    ["a\u200b@b.test", "control"],
    ["\ufeffa@b.test", "control"],
    ["a\u0085@b.test", "control"],
    [`${"a".repeat(250)}@b.test`, "254"]
  ])("%j is none: %s", (text, why) => ok(refusal(text).includes(why), refusal(text)))

  it.each([null, 3, ["a@b.test"], {}])("%j is no text", (value) => ok(Either.isLeft(decode(value))))

  it.prop(
    "a refusal does not hold the address",
    [FastCheck.emailAddress(), FastCheck.constantFrom(" ", ",x@y.test", "\n", "\u202e", ">")],
    ([address, spoil]) => {
      const error = refusal(`${address}${spoil}`)
      ok(error.length > 0)
      ok(!error.includes(address), error)
    }
  )
})
