/** Generators that the others are made of. */
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as FastCheck from "effect/FastCheck"
import { AccountId, Identity, UserId } from "../domain/Identity.js"

/** The value, or now and then null. */
export const orNull = <A>(arbitrary: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<A | null> =>
  FastCheck.option(arbitrary, { freq: 3 })

/** Text as a hostile backend might send it: control characters, escape sequences, bidirectional overrides, markup. */
export const untrustedText: FastCheck.Arbitrary<string> = FastCheck.oneof(
  FastCheck.string(),
  FastCheck.fullUnicodeString(),
  FastCheck.array(
    FastCheck.constantFrom(
      "\u001b[31m",
      "\u001b]8;;https://evil.example.test\u0007",
      "\u001b]0;title\u001b\\",
      "\u009b2J",
      "\u0000",
      "\r",
      "\n",
      "\u0008",
      "\u202e",
      "\u200b",
      "<b>",
      "plain",
      " "
    ),
    { maxLength: 8 }
  ).map((parts) => parts.join(""))
)

/** A time between 2000 and 2100, in whole seconds. */
export const time: FastCheck.Arbitrary<DateTime.Utc> = FastCheck.integer({ min: 946_684_800, max: 4_102_444_800 }).map(
  (seconds) => DateTime.unsafeMake(seconds * 1000)
)

/** A window's length in minutes: mostly the usual ones, some near them, some odd, some missing. */
export const durationMinutes: FastCheck.Arbitrary<number | null> = FastCheck.oneof(
  FastCheck.constantFrom(300, 1440, 10_080, 43_200, 525_600),
  FastCheck.constantFrom(299, 301, 315, 316, 60, 90, 2880),
  FastCheck.integer({ min: 1, max: 1_000_000 }),
  FastCheck.constant(null)
)

/** Percent used, sometimes outside 0 to 100. */
export const usedPercent: FastCheck.Arbitrary<number> = FastCheck.oneof(
  { weight: 4, arbitrary: FastCheck.integer({ min: 0, max: 100 }) },
  { weight: 1, arbitrary: FastCheck.constantFrom(-5, 0, 99, 100, 101, 150) }
)

export const identity: FastCheck.Arbitrary<Identity> = FastCheck.record({
  userId: orNull(Arbitrary.make(UserId)),
  accountId: orNull(Arbitrary.make(AccountId))
}).map((fields) => new Identity(fields))
