/** Codes and words are the original's; a frame has no more than that. */
import { describe, it } from "@effect/vitest"
import { strictEqual } from "node:assert"
import * as TestClock from "effect/TestClock"
import { encode, errorResponse, notification, notificationNow, request, response } from "../../../src/rpc/Envelope.js"
import * as errors from "../../../src/app-server/protocol/errors.js"
import { RpcError } from "../../../src/rpc/RpcError.js"
import { uuidIn } from "../../../src/app-server/protocol/Method.js"
import { virtual } from "../../cases.js"

describe("errors", () => {
  // The others are in the answers of the server's tests.
  it.each<[RpcError, number, string]>([
    [errors.overloaded(), -32001, "Server overloaded; retry later."],
    [errors.timedOut("rate limit reset consume"), -32603, "rate limit reset consume timed out"],
    [
      errors.externalAuthWorkspace(["acc-required"], "acc-other"),
      -32600,
      'External auth must use one of workspace(s) ["acc-required"], but received "acc-other".'
    ],
    [errors.invalidLoginId(`sk-${"a".repeat(20)}`), -32600, "invalid login id: …"]
  ])("%s", (error, code, message) => {
    strictEqual(error.code, code)
    strictEqual(error.message, message)
    strictEqual(encode(errorResponse(1, error)), `{"error":${JSON.stringify({ code, message })},"id":1}`)
  })

  it("data is written where there is some", () => {
    const error = new RpcError({ code: -32603, message: "m", data: { reason: 1 } })
    strictEqual(
      encode(errorResponse("a", error)),
      '{"error":{"code":-32603,"message":"m","data":{"reason":1}},"id":"a"}'
    )
  })
})

describe("frames", () => {
  it("have the original's order, and nothing for what is absent", () => {
    strictEqual(encode(request(1, "account/logout")), '{"id":1,"method":"account/logout"}')
    strictEqual(encode(request("a", "m", null)), '{"id":"a","method":"m","params":null}')
    strictEqual(encode(response(7, undefined)), '{"id":7,"result":null}')
    strictEqual(encode(notification("initialized")), '{"method":"initialized"}')
  })

  virtual("a server's notification tells when it was said", function* () {
    yield* TestClock.setTime(1_760_000_000_000)
    const told = yield* notificationNow("account/updated", {})
    strictEqual(encode(told), '{"method":"account/updated","params":{},"emittedAtMs":1760000000000}')
  })
})

describe("uuids", () => {
  const id = "0199a213-81c0-7800-8aa1-bbab2a035a53"

  it.each([id, id.toUpperCase(), id.replaceAll("-", ""), `{${id}}`, `urn:uuid:${id.toUpperCase()}`])(
    "%s is one, and compared in one form",
    (text) => strictEqual(uuidIn(text), id)
  )

  it.each(["", "bad", "a-b", `${id}0`, id.slice(1), "thread", `{${id.replaceAll("-", "")}}`, `urn:uuid:{${id}}`])(
    "%s is none",
    (text) => strictEqual(uuidIn(text), null)
  )
})
