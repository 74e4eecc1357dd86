import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { InviteEmail } from "../../src/domain/InviteEmail.js"
import * as ReferralsHttp from "../../src/layers/ReferralsHttp.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { Referrals } from "../../src/services/Referrals.js"
import { calling } from "./support/backend.js"
import { rawServer } from "./support/sockets.js"

it.scopedLive.each([
  ["{}", "unknown"],
  ['{"has_rewards":null}', "unknown"],
  ['{"has_rewards":true}', "included"],
  ['{"has_rewards":false}', "notIncluded"]
] as const)("the answer %s to an invite means that a reward is %s", ([body, reward]) =>
  Effect.gen(function* () {
    const server = yield* rawServer(
      (socket) =>
        void socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
        )
    )
    const sent = Effect.gen(function* () {
      const { identity } = yield* (yield* AuthSession).current
      const email = yield* Schema.decode(InviteEmail)("zoe@friends.test")
      return yield* (yield* Referrals).sendInvite({ as: identity, email })
    })
    const layer = Layer.provideMerge(ReferralsHttp.layer, calling(server.origin))
    assert.strictEqual(yield* Effect.provide(sent, layer), reward)
  })
)
