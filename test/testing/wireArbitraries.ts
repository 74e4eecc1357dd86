/**
 * Generators of the backend's answers as they stand on the wire: JSON that the contract accepts, with the texts and the
 * numbers that a test should meet.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { WorkspacesResponse } from "../../src/contracts/WorkspaceEndpoints.js"
import * as Wire from "../../src/contracts/BackendEndpoints.js"
import { durationMinutes, untrustedText, usedPercent } from "../../src/testing/Arbitraries.js"
import { wireNoise } from "../../src/testing/FakeReply.js"

type Json = Readonly<Record<string, unknown>>

/** What stands in the fields of these names, wherever they are. */
const fields: Readonly<Record<string, FastCheck.Arbitrary<unknown>>> = {
  used_percent: usedPercent,
  remaining_percent: usedPercent,
  limit_window_seconds: durationMinutes.map((minutes) => (minutes ?? 0) * 60),
  limit_name: untrustedText,
  title: untrustedText,
  description: untrustedText,
  message_body: untrustedText,
  start_date: untrustedText
}

const decodeJson = Schema.decodeSync(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown })))

/** Any answer of the contract, as JSON. */
const answer = <A extends object, I extends object>(schema: Schema.Schema<A, I>): FastCheck.Arbitrary<Json> => {
  const encode = Schema.encodeSync(schema)
  return FastCheck.tuple(Arbitrary.make(schema), FastCheck.record(fields)).map(([value, chosen]) => {
    const text = JSON.stringify(encode(value), (name, inner: unknown) =>
      inner !== null && Object.hasOwn(chosen, name) ? chosen[name] : inner
    )
    return decodeJson(text)
  })
}

export const usage = answer(Wire.UsageResponse)

export const resetCredits = answer(Wire.ResetCreditsResponse)

/** The code is always one of the four: another one is no answer. */
export const consume = answer(Wire.ConsumeResponse)

export const eligibility = answer(Wire.EligibilityResponse)

export const rules = answer(Wire.RulesResponse)

export const invite = answer(Wire.InviteResponse)

export const accountsCheck = answer(Wire.AccountsCheckResponse)

export const workspaces = answer(WorkspacesResponse)

export const messages = answer(Wire.WorkspaceMessagesResponse)

export const profile = answer(Wire.ProfileResponse)

/** Any of these answers as a newer backend might send it. */
export const noisy = <A>(wire: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<unknown> =>
  FastCheck.tuple(wire, FastCheck.stringMatching(/^[a-z_]{1,12}_from_the_future$/)).map(([value, word]) =>
    wireNoise(value, word)
  )
