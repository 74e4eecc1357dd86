/** Sign in with a browser on any machine, by a code that a person types there. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { AuthError } from "../domain/AuthError.js"
import { LoginError } from "../domain/LoginError.js"
import type { Session } from "../domain/Session.js"
import type { AuthSession } from "../services/AuthSession.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import { Dialog } from "../services/Dialog.js"
import { LoginPolicies } from "../services/LoginPolicies.js"
import { type DeviceFlow, type Grant, SignIn } from "../services/SignIn.js"
import { beforeSignIn, type SignInOutcome, storeSignIn, underLoginPolicy } from "./signInSteps.js"

/**
 * Asks again and again whether the code was typed. A poll without a usable answer is no reason to give up: the time limit
 * is.
 */
const granted = (flow: DeviceFlow): Effect.Effect<Grant, LoginError> =>
  Effect.gen(function* () {
    const { limits, policies } = yield* LoginPolicies
    const poll = Effect.either(underLoginPolicy(policies.pollDevice, "poll")(flow.poll))
    let pause = Duration.clamp(flow.interval ?? limits.interval, {
      minimum: limits.minInterval,
      maximum: limits.maxInterval
    })
    const repeated = Effect.gen(function* () {
      while (true) {
        const answer = yield* poll
        if (Either.isLeft(answer)) {
          if (answer.left.reason !== "Unavailable") return yield* answer.left
        } else if (answer.right._tag === "Granted") {
          return answer.right.grant
        } else if (answer.right._tag === "SlowDown") {
          pause = Duration.min(Duration.sum(pause, limits.slowDown), limits.maxInterval)
        }
        yield* Effect.sleep(pause)
      }
    })
    return yield* Effect.timeoutFail(repeated, {
      duration: limits.device,
      onTimeout: () => LoginError.of("Expired", "poll")
    })
  })

/**
 * Waits until the code was typed, and stores the session. For whoever shows the code in a way of their own: the flow
 * comes from `SignIn.device`, the rest from `beforeSignIn`.
 */
export const completeDeviceSignIn = (
  flow: DeviceFlow,
  replaced: Session | null
): Effect.Effect<SignInOutcome, AuthError | LoginError, AuthSession | SignIn> =>
  Effect.gen(function* () {
    const { policies } = yield* LoginPolicies
    const signIn = yield* SignIn
    const grant = yield* granted(flow)
    const fresh = yield* underLoginPolicy(policies.exchangeCode, "exchange")(signIn.exchange(grant))
    return yield* storeSignIn("device", replaced, fresh)
  })

/** Shows where to type which code, and waits until somebody has. */
export const signInWithDevice: Effect.Effect<
  SignInOutcome,
  AuthError | LoginError,
  AuthSession | CredentialStore | Dialog | SignIn
> = Effect.gen(function* () {
  const dialog = yield* Dialog
  const { limits, policies } = yield* LoginPolicies
  const signIn = yield* SignIn
  const replaced = yield* beforeSignIn("device")
  const flow = yield* dialog.progress("Getting a code", underLoginPolicy(policies.startDevice, "device")(signIn.device))
  yield* dialog.notice(`Open this address in a browser, on any machine: ${flow.url}`)
  yield* dialog.notice(`Type this code there: ${Redacted.value(flow.userCode)}`)
  yield* dialog.notice(
    `It is good for ${Duration.toMinutes(limits.device)} minutes. Never type a code that somebody else gave you.`
  )
  return yield* dialog.progress("Waiting for the code to be typed", completeDeviceSignIn(flow, replaced))
})
