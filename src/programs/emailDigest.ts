/**
 * What the journal keeps of an address.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import type { Identity } from "../domain/Identity.js"
import type { InviteEmail } from "../domain/InviteEmail.js"

/**
 * A digest of the address for one identity: the same address again gives the same digest, and the address can't be read
 * from it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emailDigest = (identity: Identity, email: InviteEmail): Effect.Effect<string> =>
  Effect.promise(() =>
    globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${identity.key}\n${email.toLowerCase()}`))
  ).pipe(Effect.map((digest) => Encoding.encodeHex(new Uint8Array(digest))))
