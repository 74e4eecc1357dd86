/** The secrets of one sign-in with the browser. */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import * as Crypto from "node:crypto"

/**
 * `state` comes back with the browser and tells our own page from another's. `challenge` goes out with the browser;
 * `verifier`, whose digest it is, goes with the exchange.
 */
export interface Pkce {
  readonly verifier: Redacted.Redacted
  readonly challenge: string
  readonly state: string
}

/** Fresh secrets: 64 random bytes for the verifier, 32 for the state. */
export const makePkce: Effect.Effect<Pkce> = Effect.sync(() => {
  const verifier = Encoding.encodeBase64Url(Crypto.randomBytes(64))
  return {
    verifier: Redacted.make(verifier),
    challenge: Encoding.encodeBase64Url(Crypto.createHash("sha256").update(verifier).digest()),
    state: Encoding.encodeBase64Url(Crypto.randomBytes(32))
  }
})
