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
import { LoginError } from "../../src/domain/LoginError.js"
import { JournalError } from "../../src/services/OperationJournal.js"
import { DialogError } from "../../src/services/Dialog.js"

/** By code, the reasons that end with it. */
const auth: Readonly<Record<number, ReadonlyArray<AuthErrorReason>>> = {
  3: [
    ...([
      "NotSignedIn",
      "WrongAuth",
      "Malformed",
      "UnknownMode",
      "Unreadable",
      "NotWritable",
      "Expired",
      "Reused"
    ] as const),
    ...(["Revoked", "Refused", "AccountMismatch", "NotRefreshable", "Forbidden"] as const)
  ],
  6: ["Unavailable"]
}
const backend: Readonly<Record<number, ReadonlyArray<BackendErrorReason>>> = {
  2: ["Misconfigured"],
  3: ["Unauthorized"],
  4: [
    ...(["Unsupported", "Redirected", "Forbidden", "NotFound", "Rejected"] as const),
    ...(["RegionUnsupported", "WorkspaceDeactivated"] as const)
  ],
  6: [
    ...(["Unreachable", "HostNotFound", "ConnectionRefused", "ConnectTimeout", "CertificateUntrusted"] as const),
    ...(["ProxyUnreachable", "ProxyAuthRequired", "ProxyRefused", "Challenged"] as const),
    ...(["Transport", "Timeout", "BodyTimeout", "RateLimited", "ServerError", "Malformed", "TooLarge"] as const)
  ],
  7: ["IdentityChanged"]
}
const act: Readonly<Record<number, ReadonlyArray<typeof ActErrorReason.Type>>> = {
  2: ["InvalidInput"],
  4: ["Rejected"],
  5: ["Unresolved", "OutcomeUnknown"],
  6: ["Busy"],
  7: ["NotOffered", "TooSoon", "OfferChanged", "IdentityChanged", "NotNeeded"]
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
  const byCode = <Reason extends string>(
    expected: Readonly<Record<number, ReadonlyArray<Reason>>>,
    all: ReadonlyArray<Reason>,
    codeOf: (reason: Reason) => number
  ) => {
    assert.sameMembers(Object.values(expected).flat(), [...all])
    for (const [code, reasons] of Object.entries(expected)) {
      for (const reason of reasons) assert.strictEqual(codeOf(reason), Number(code), reason)
    }
  }
  it("AuthError", () => byCode(auth, AuthErrorReason.literals, (reason) => ofAuthError({ reason, failure: null })))
  it("BackendError", () => byCode(backend, BackendErrorReason.literals, ofBackendError))
  it("a renewal or sign-in that was not answered ends as a call that was not, in the same words", () => {
    for (const reason of BackendErrorReason.literals) {
      const failure = BackendError.of("session.refresh", reason)
      const { body, exitCode } = failureOf(AuthError.unanswered(failure), at)
      assert.deepStrictEqual([body.code, exitCode], [`BackendError.${reason}`, ofBackendError(reason)])
      assert.strictEqual(failureOf(LoginError.unanswered("exchange", failure), at).body.code, body.code)
      assert.include(body.message, failure.summary)
    }
  })
  it("ActError", () => byCode(act, ActErrorReason.literals, (reason) => ofActError({ reason, status: null })))
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
    [new JournalError({ reason: "Unavailable", key: null }), 6],
    [new JournalError({ reason: "Transition", key: "k" }), 1],
    [new ConfigurationError({ reason: "ConfigMalformed", detail: "x" }), 2],
    [ConfigError.MissingData([], "x"), 2],
    [new BadUsage({ message: "x", advice: null }), 2]
  ] as const)("%s", (error, code) => assert.strictEqual(failureOf(error, at).exitCode, code))

  it("the numbers are those of the documentation", () => {
    assert.deepStrictEqual(Object.values(ExitCode), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130])
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
