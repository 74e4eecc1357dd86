/** Codes and words are the original's; a frame has no more than that. */
import { describe, it } from "@effect/vitest"
import { strictEqual } from "node:assert"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { encode, errorResponse, notification, notificationNow, request, response } from "../../../src/rpc/Envelope.js"
import * as errors from "../../../src/app-server/protocol/errors.js"
import { RpcError } from "../../../src/rpc/RpcError.js"
import { uuidIn } from "../../../src/app-server/protocol/Method.js"

describe("errors", () => {
  it.each<[RpcError, number, string]>([
    [errors.notInitialized(), -32600, "Not initialized"],
    [errors.alreadyInitialized(), -32600, "Already initialized"],
    [
      errors.invalidClientName("bad\nname"),
      -32600,
      "Invalid clientInfo.name: 'bad\nname'. Must be a valid HTTP header value."
    ],
    [
      errors.experimentalRequired("account/login/start.chatgptAuthTokens"),
      -32600,
      "account/login/start.chatgptAuthTokens requires experimentalApi capability"
    ],
    [errors.overloaded(), -32001, "Server overloaded; retry later."],
    [errors.mustNotBeEmpty("idempotencyKey"), -32600, "idempotencyKey must not be empty"],
    [errors.mustNotBeEmpty("creditId"), -32600, "creditId must not be empty"],
    [
      errors.accountAuthRequired("for rate limit reset credits"),
      -32600,
      "codex account authentication required for rate limit reset credits"
    ],
    [errors.chatgptAuthRequired("to read rate limits"), -32600, "chatgpt authentication required to read rate limits"],
    [
      errors.backendFailed("failed to fetch codex rate limits", "HTTP 500"),
      -32603,
      "failed to fetch codex rate limits: HTTP 500"
    ],
    [errors.timedOut("rate limit reset consume"), -32603, "rate limit reset consume timed out"],
    [errors.timedOut("token usage profile fetch"), -32603, "token usage profile fetch timed out"],
    [errors.apiKeyLoginDisabled(), -32600, "API key login is disabled. Use ChatGPT login instead."],
    [errors.chatgptLoginDisabled(), -32600, "ChatGPT login is disabled. Use API key login instead."],
    [errors.externalAuthDisabled(), -32600, "External ChatGPT auth is disabled. Use API key login instead."],
    [
      errors.externalAuthActive(),
      -32600,
      "External auth is active. Use account/login/start (chatgptAuthTokens) to update it or account/logout to clear it."
    ],
    [
      errors.externalAuthWorkspace(["acc-required"], "acc-other"),
      -32600,
      'External auth must use one of workspace(s) ["acc-required"], but received "acc-other".'
    ],
    [
      errors.loginFailed("failed to set external auth", "invalid ID token format"),
      -32603,
      "failed to set external auth: invalid ID token format"
    ],
    [errors.invalidLoginId("not-a-uuid"), -32600, "invalid login id: not-a-uuid"],
    [errors.invalidLoginId(`sk-${"a".repeat(20)}`), -32600, "invalid login id: …"],
    [errors.threadNotLoaded("t"), -32600, "thread not loaded: t"],
    [errors.noRolloutFound("t"), -32600, "no rollout found for thread id t"],
    [errors.eventQueueFull(), -32001, "the client's event queue is full"],
    [errors.eventsClosed(), -32603, "the client reads no more events"]
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

  it.effect("a server's notification tells when it was said", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_760_000_000_000)
      const told = yield* notificationNow("account/updated", {})
      strictEqual(encode(told), '{"method":"account/updated","params":{},"emittedAtMs":1760000000000}')
    })
  )
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
