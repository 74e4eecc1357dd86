/** Programs and the clients of a server in the same process go by one session. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { AppServerClient } from "../../../src/app-server/client/AppServerClient.js"
import * as inProcess from "../../../src/app-server/client/inProcess.js"
import { readUsage } from "../../../src/programs/usage.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { FakeBackend } from "../../../src/testing/index.js"
import { me } from "./scripted.js"
import { passing, server } from "../server/harness.js"
import { test } from "../../cases.js"

const world = () => Layer.provideMerge(inProcess.layer(me), server())

/** Lets time pass until it is done. */
const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    for (let step = 0; step < 400 && fiber.unsafePoll() === null; step++) yield* passing("50 millis")
    return yield* Fiber.join(fiber)
  })

const exchanges = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.count("oauth.token"))

test("one renewal serves programs and clients that ask for it at the same time", world(), function* () {
  const client = yield* AppServerClient
  const session = yield* AuthSession
  const before = yield* session.authorization
  yield* inTime(
    Effect.all(
      [
        session.refresh,
        client.request("account/read", { refreshToken: true }),
        session.refresh,
        client.request("account/read", { refreshToken: true }),
        client.request("getAuthStatus", { refreshToken: true })
      ],
      { concurrency: "unbounded" }
    )
  )
  assert.strictEqual(yield* exchanges, 1)
  const after = yield* session.authorization
  assert.notStrictEqual(Redacted.value(after.headers).authorization, Redacted.value(before.headers).authorization)
  const { authToken } = yield* inTime(client.request("getAuthStatus", { includeToken: true }))
  assert.strictEqual(`Bearer ${authToken}`, Redacted.value(after.headers).authorization)
})

test("who signs out in one is signed out in the other", world(), function* () {
  const client = yield* AppServerClient
  const session = yield* AuthSession
  yield* inTime(readUsage())
  yield* inTime(client.request("account/logout"))
  assert.strictEqual((yield* Effect.flip(session.current)).reason, "NotSignedIn")
  assert.strictEqual((yield* Effect.flip(inTime(readUsage())))._tag, "AuthError")
  const { record } = yield* Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.signIn())
  yield* inTime(session.signIn(record))
  const { account } = yield* inTime(client.request("account/read"))
  assert.strictEqual(account?.type, "chatgpt")
})
