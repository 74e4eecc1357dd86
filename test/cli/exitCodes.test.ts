/** Every error has its exit code, and tells itself in at most three lines. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigError from "effect/ConfigError"
import { BadUsage } from "../../src/cli/Command.js"
import { ExitCode, ofActError, ofAuthError, ofBackendError, ofRedeem } from "../../src/cli/exitCodes.js"
import { type CommandError, failureOf, interruption, unexpected } from "../../src/cli/Failure.js"
import { ActError, ActErrorReason } from "../../src/domain/ActError.js"
import { AuthError, AuthErrorReason } from "../../src/domain/AuthError.js"
import { BackendError, BackendErrorReason } from "../../src/domain/BackendError.js"
import { ConfigurationError } from "../../src/services/AccountConfig.js"
import { JournalError } from "../../src/services/OperationJournal.js"
import { DialogError } from "../../src/services/Dialog.js"

const auth: Record<AuthErrorReason, number> = {
  NotSignedIn: 3,
  WrongAuth: 3,
  Malformed: 3,
  Unreadable: 3,
  NotWritable: 3,
  Expired: 3,
  Reused: 3,
  Revoked: 3,
  Refused: 3,
  AccountMismatch: 3,
  Unavailable: 6,
  NotRefreshable: 3,
  Forbidden: 3
}

const backend: Record<BackendErrorReason, number> = {
  Unsupported: 4,
  IdentityChanged: 7,
  Unreachable: 6,
  Transport: 6,
  Timeout: 6,
  Redirected: 4,
  Unauthorized: 3,
  Forbidden: 4,
  NotFound: 4,
  RateLimited: 6,
  Rejected: 4,
  ServerError: 6,
  Malformed: 6,
  TooLarge: 6
}

const act: Record<typeof ActErrorReason.Type, number> = {
  InvalidInput: 2,
  NotOffered: 7,
  TooSoon: 7,
  OfferChanged: 7,
  IdentityChanged: 7,
  NotNeeded: 7,
  Unresolved: 5,
  Busy: 6,
  Rejected: 4,
  OutcomeUnknown: 5
}

const at = { command: "redeem", networkVariables: ["HTTPS_PROXY"], homeGiven: true } as const
const act_ = (reason: typeof ActErrorReason.Type, status: number | null = null) =>
  new ActError({ act: "redeem", reason, key: "k1", status, detail: "Some detail." })

const everyError: ReadonlyArray<CommandError> = [
  ...AuthErrorReason.literals.map((reason) => AuthError.of(reason, "/home/ada/.codex/auth.json")),
  ...BackendErrorReason.literals.map(
    (reason) =>
      new BackendError({ operation: "usage.read", reason, status: 503, retryAfterMillis: 61_000, requestId: "req_1" })
  ),
  ...ActErrorReason.literals.map((reason) => act_(reason)),
  new DialogError({ reason: "Cancelled", question: "q", detail: null }),
  new DialogError({ reason: "NotInteractive", question: "q", detail: "Answer with --yes." }),
  new JournalError({ reason: "Unavailable", key: null }),
  new ConfigurationError({ reason: "HomeMissing", detail: "/nope" }),
  new BadUsage({ message: "No.", advice: null }),
  ConfigError.InvalidData(["CODEX_ACCOUNT_ROLE_TTL"], "Expected a duration")
]

describe("exit codes", () => {
  it.each(AuthErrorReason.literals)("AuthError %s", (reason) => assert.strictEqual(ofAuthError(reason), auth[reason]))
  it.each(BackendErrorReason.literals)("BackendError %s", (reason) =>
    assert.strictEqual(ofBackendError(reason), backend[reason])
  )
  it.each(ActErrorReason.literals)("ActError %s", (reason) =>
    assert.strictEqual(ofActError({ reason, status: null }), act[reason])
  )
  it("a refusal with 401 is one of the sign-in", () => assert.strictEqual(ofActError(act_("Rejected", 401)), 3))
  it.each([
    ["reset", 0],
    ["alreadyRedeemed", 0],
    ["alreadyRedeemedElsewhere", 7],
    ["nothingToReset", 7],
    ["noCredit", 7],
    ["creditGone", 7],
    ["declined", 7]
  ] as const)("redeem %s", (outcome, code) => assert.strictEqual(ofRedeem(outcome), code))

  it.each([
    [new DialogError({ reason: "Cancelled", question: "q", detail: null }), 130],
    [new DialogError({ reason: "NotInteractive", question: "q", detail: null }), 2],
    [new JournalError({ reason: "Unavailable", key: null }), 1],
    [new JournalError({ reason: "Transition", key: "k" }), 1],
    [new ConfigurationError({ reason: "ConfigMalformed", detail: "x" }), 2],
    [ConfigError.MissingData([], "x"), 2],
    [new BadUsage({ message: "x", advice: null }), 2]
  ] as const)("%s", (error, code) => assert.strictEqual(failureOf(error, at).exitCode, code))

  it("the numbers are those of the documentation", () => {
    assert.deepStrictEqual(Object.values(ExitCode), [0, 1, 2, 3, 4, 5, 6, 7, 8, 130])
  })
})

describe("what is told about an error", () => {
  it("is at most three lines, none of them long, none of them a stack", () => {
    for (const error of everyError) {
      const { body, exitCode, lines } = failureOf(error, at)
      assert.isAtLeast(lines.length, 1, error._tag)
      assert.isAtMost(lines.length, 3, `${error._tag} ${body.code}`)
      for (const line of lines) {
        assert.isBelow(line.length, 300)
        assert.notMatch(line, /\n|\bat [A-Za-z]+ \(|undefined|null|\[object/)
      }
      assert.strictEqual(body.message, lines.join(" "))
      assert.isAbove(exitCode, 0)
    }
  })

  it("says of an act whether it may have happened", () => {
    const changed = everyError.filter((error) => failureOf(error, at).body.changed === "unknown")
    assert.deepStrictEqual(
      changed.map((error) => (error._tag === "ActError" ? error.reason : error._tag)),
      ["Unresolved", "OutcomeUnknown"]
    )
  })

  it("says that nothing was sent, when an act failed before it was", () => {
    for (const error of [AuthError.of("NotSignedIn"), BackendError.of("referrals.rules", "Timeout")]) {
      assert.include(
        failureOf(error, { ...at, command: "invite" }).body.message,
        "Nothing was sent: no invite went out."
      )
    }
    assert.notInclude(failureOf(AuthError.of("NotSignedIn"), { ...at, command: "usage" }).body.message, "sent")
  })

  it("names the variables that change how the network is reached, without their values", () => {
    assert.include(failureOf(BackendError.of("usage.read", "Unreachable"), at).body.message, "HTTPS_PROXY")
  })

  it("tells of a bug and of Ctrl-C in one line", () => {
    assert.lengthOf(unexpected().lines, 1)
    assert.deepStrictEqual(interruption({ ...at, command: "usage" }).lines, ["Interrupted."])
    assert.deepStrictEqual(interruption(at).lines, ["Interrupted.", "Nothing was sent: no reset was used."])
  })
})
