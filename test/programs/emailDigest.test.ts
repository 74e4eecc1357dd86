import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AccountId, Identity, UserId } from "../../src/domain/Identity.js"
import { InviteEmail } from "../../src/domain/InviteEmail.js"
import { emailDigest } from "../../src/programs/invite.js"
import { virtual } from "../cases.js"

const identityOf = (userId: string, accountId: string | null) =>
  new Identity({ userId: UserId.make(userId), accountId: accountId === null ? null : AccountId.make(accountId) })

const email = Schema.decodeSync(InviteEmail)

virtual("a digest is one per identity and address, whatever the case of the address", function* () {
  const ada = identityOf("user-A", "account-A")
  const digest = yield* emailDigest(ada, email("zoe@friends.test"))
  assert.match(digest, /^[0-9a-f]{64}$/)
  assert.strictEqual(yield* emailDigest(ada, email("Zoe@Friends.test")), digest)
  const others = yield* Effect.all([
    emailDigest(ada, email("bob@friends.test")),
    emailDigest(identityOf("user-B", "account-A"), email("zoe@friends.test")),
    emailDigest(identityOf("user-A", "account-B"), email("zoe@friends.test")),
    emailDigest(identityOf("user-A", null), email("zoe@friends.test"))
  ])
  assert.strictEqual(new Set([digest, ...others]).size, 5)
})
