/** The mark of an exchange that was begun: what the next process knows of it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { CredentialStore } from "../../services/CredentialStore.js"
import { Digest } from "../../services/Digest.js"
import type { Lease } from "../../services/Lease.js"
import type { LiveSession } from "./sessionRecord.js"

const digestOf = (token: Redacted.Redacted) => Effect.map(Digest, ({ sha256 }) => sha256(Redacted.value(token)))

/** The mark of this token's exchange, if there is one. */
export const markOf = (store: CredentialStore["Type"], token: Redacted.Redacted) =>
  Effect.zipWith(store.readMark, digestOf(token), (mark, digest) =>
    Option.filter(mark, ({ token }) => token === digest)
  )

/** Marks an exchange as begun, or with `pausedUntil` as answered without tokens: `isSpent` if somebody else has them. */
export const mark = (
  store: CredentialStore["Type"],
  token: Redacted.Redacted,
  at: number,
  pausedUntil: number | null = null,
  isSpent = false
) =>
  Effect.flatMap(digestOf(token), (digest) => store.writeMark(Option.some({ token: digest, at, pausedUntil, isSpent })))

/** By the user: a refresh token serves every workspace. */
export const leaseName = ({ session: { identity } }: LiveSession): string =>
  `session ${identity.userId ?? identity.key}`

/** Whether an exchange of this session's token was begun, and no process waits for its answer any more. */
export const wasCutOff =
  (store: CredentialStore["Type"], lease: Lease["Type"]) =>
  (live: LiveSession): Effect.Effect<boolean> => {
    const isOpen = Option.match(live.refreshToken, {
      onNone: () => Effect.succeed(false),
      onSome: (token) =>
        Effect.map(
          markOf(store, token),
          Option.exists(({ pausedUntil }) => pausedUntil === null)
        )
    })
    // A process that exchanges the token holds the lease.
    const underLease = lease
      .withLease({ name: leaseName(live), timeToLive: Duration.seconds(5), wait: 0 }, () => isOpen)
      .pipe(Effect.catchTag("LeaseError", ({ reason }) => Effect.succeed(reason === "Unavailable")))
    return Effect.flatMap(isOpen, (open) => (open ? underLease : Effect.succeed(false)))
  }
