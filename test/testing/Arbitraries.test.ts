import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { WorkspacesResponse } from "../../src/contracts/WorkspaceEndpoints.js"
import * as Wire from "../../src/contracts/BackendEndpoints.js"
import { Operation } from "../../src/domain/Operation.js"
import { ReferralOffer } from "../../src/domain/ReferralOffer.js"
import { Session } from "../../src/domain/Session.js"
import { UsageSnapshot } from "../../src/domain/UsageSnapshot.js"
import { Verdict } from "../../src/domain/Verdict.js"
import { wireNoise } from "../../src/testing/FakeReply.js"
import { Arbitraries, Fault, FaultPlan } from "../../src/testing/index.js"
import * as WireArbitraries from "./wireArbitraries.js"

const runs = { fastCheck: { numRuns: 100 } }

const wire = [
  ["usage", WireArbitraries.usage, Wire.UsageResponse],
  ["resetCredits", WireArbitraries.resetCredits, Wire.ResetCreditsResponse],
  ["eligibility", WireArbitraries.eligibility, Wire.EligibilityResponse],
  ["rules", WireArbitraries.rules, Wire.RulesResponse],
  ["invite", WireArbitraries.invite, Wire.InviteResponse],
  ["accountsCheck", WireArbitraries.accountsCheck, Wire.AccountsCheckResponse],
  ["workspaces", WireArbitraries.workspaces, WorkspacesResponse],
  ["messages", WireArbitraries.messages, Wire.WorkspaceMessagesResponse],
  ["profile", WireArbitraries.profile, Wire.ProfileResponse]
] as const

const accepts = (schema: Schema.Schema.AnyNoContext, json: unknown): void => {
  const result = Schema.decodeUnknownEither(schema)(JSON.parse(JSON.stringify(json)))
  assert.isTrue(Either.isRight(result), String(Either.getLeft(result)))
}

describe.each(wire)("the wire value %s", (_name, arbitrary, schema) => {
  it.prop("is what the contract accepts", [arbitrary], ([json]) => accepts(schema, json), runs)
  it.prop("and still is with noise", [WireArbitraries.noisy(arbitrary)], ([json]) => accepts(schema, json), runs)
})

it.prop(
  "a consumption's answer is accepted, and with noise refused",
  [WireArbitraries.consume],
  ([json]) => {
    accepts(Wire.ConsumeResponse, json)
    const noisy = wireNoise(json)
    assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(Wire.ConsumeResponse)(noisy)))
  },
  runs
)

const survives = <A, I>(schema: Schema.Schema<A, I>, arbitrary: FastCheck.Arbitrary<A>) => {
  const codec = Schema.parseJson(schema)
  FastCheck.assert(
    FastCheck.property(arbitrary, (value) => {
      const text = Schema.encodeSync(codec)(value)
      assert.strictEqual(Schema.encodeSync(codec)(Schema.decodeSync(codec)(text)), text)
    })
  )
}

it("domain values survive their JSON", () => {
  survives(UsageSnapshot, Arbitraries.usageSnapshot)
  survives(Session, Arbitraries.session)
  survives(ReferralOffer, Arbitraries.referralOffer)
  survives(Operation, Arbitraries.operation)
  survives(Verdict, Arbitraries.verdict)
})

it("every domain generator makes values", () => {
  const { fault: _, faultPlan: __, orNull, ...generators } = Arbitraries
  for (const arbitrary of Object.values(generators)) FastCheck.sample<unknown>(orNull<unknown>(arbitrary), 20)
})

it.prop(
  "a plan keeps to its endpoints and kinds",
  [Arbitraries.faultPlan({ endpoints: ["usage.read"], kinds: ["Hang", "Reset"], maxRules: 3, maxCall: 2 })],
  ([plan]) => {
    assert.isAtMost(plan.length, 3)
    for (const rule of plan) {
      assert.strictEqual(rule.endpoint, "usage.read")
      assert.include(["Hang", "Reset"], rule.fault._tag)
      assert.include([1, 2, "every"], rule.call)
    }
  },
  runs
)

it("any fault may come", () => {
  const kinds = new Set(FastCheck.sample(Arbitraries.fault(), 1000).map((fault) => fault._tag))
  assert.strictEqual(kinds.size, Fault.Fault.members.length)
  const endpoints = FastCheck.sample(Arbitraries.faultPlan(), 500).flatMap((plan) => plan.map((rule) => rule.endpoint))
  assert.sameMembers([...new Set(endpoints)], [...FaultPlan.EndpointName.literals])
})
