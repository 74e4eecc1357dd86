/** Sign in: with a browser on this machine, with a device code, with an access token, or with an API key. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { AuthError } from "../domain/AuthError.js"
import { pauseAfter } from "../domain/CallPolicy.js"
import { LoginError, type LoginStep } from "../domain/LoginError.js"
import type { Session } from "../domain/Session.js"
import { AuthSession } from "../services/AuthSession.js"
import { Browser } from "../services/Browser.js"
import { CredentialStore } from "../services/CredentialStore.js"
import { Dialog } from "../services/Dialog.js"
import { LoginPolicies, type LoginPolicy } from "../services/LoginPolicies.js"
import { type BrowserFlow, type DeviceFlow, type LoginMethod, type NewSignIn, SignIn } from "../services/SignIn.js"

/**
 * `replaced` is the session that was stored before. It is not ended at the server: other machines and the browser may
 * share it, and `signOut` ends it.
 */
export interface SignInOutcome {
  readonly method: LoginMethod
  readonly session: Session
  readonly email: string | null
  readonly replaced: Session | null
}

/**
 * Fails for what could not be stored in the end, before a person is asked to do anything for it. Gives the present
 * session.
 */
export const beforeSignIn = (method: LoginMethod) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const signIn = yield* SignIn
    const store = yield* CredentialStore
    yield* signIn.allow(method)
    const present = Option.getOrNull(yield* Effect.option(auth.current))
    if (present?.mode === "chatgptAuthTokens") return yield* LoginError.of("HostManaged", "start")
    yield* store.checkWritable.pipe(
      // A folder that is not there yet is made when the record is written.
      Effect.catchIf(
        (error) => error.reason !== "PermissionDenied" && error.reason !== "NotAFile",
        () => Effect.void
      ),
      Effect.mapError((error) => AuthError.of("NotWritable", error.message))
    )
    return present
  })

/** Stores the new sign-in in place of the session before, in one step. */
const storeSignIn = (method: LoginMethod, replaced: Session | null, { email, record }: NewSignIn) =>
  Effect.flatMap(AuthSession, (auth) => auth.signIn(record)).pipe(
    Effect.map((session): SignInOutcome => ({ method, session, email: session.email ?? email, replaced }))
  )

/** A request of a sign-in under its policy: only a `safe` one is repeated, and only when there was no usable answer. */
export const underLoginPolicy =
  (policy: LoginPolicy, step: typeof LoginStep.Type) =>
  <A, R>(call: Effect.Effect<A, LoginError, R>): Effect.Effect<A, LoginError, R> => {
    const late = () => LoginError.of("Unavailable", step, "no answer in time")
    return call.pipe(
      Effect.timeoutFail({ duration: policy.attemptTimeout, onTimeout: late }),
      Effect.retry({
        schedule: Schedule.recurs(policy.repeat === "never" ? 0 : policy.attempts - 1).pipe(
          Schedule.modifyDelayEffect((failed) => pauseAfter(failed + 1, policy.backoff))
        ),
        while: (error) => error.reason === "Unavailable"
      }),
      Effect.timeoutFail({ duration: policy.overallTimeout, onTimeout: late })
    )
  }

/**
 * `openBrowser` false only shows the address. `apiKey` false leaves out the request for an API key; as the Codex CLI does,
 * one is asked for by default, and the sign-in goes without where there is none.
 */
export interface BrowserOptions {
  readonly openBrowser?: boolean | undefined
  readonly apiKey?: boolean | undefined
}

/**
 * Waits for the browser, exchanges its code, and stores the session; the browser shows the outcome last. For a caller that
 * shows the address itself: the flow comes from `SignIn.browser`, the rest from `beforeSignIn`.
 */
export const completeBrowserSignIn = (
  flow: BrowserFlow,
  replaced: Session | null,
  options: Pick<BrowserOptions, "apiKey"> = {}
) =>
  Effect.gen(function* () {
    const { limits, policies } = yield* LoginPolicies
    const signIn = yield* SignIn
    // The limit is the person's. Once the code is here, the requests have limits of their own.
    const { answer, grant } = yield* Effect.timeoutFail(flow.callback, {
      duration: limits.browser,
      onTimeout: () => LoginError.of("Expired", "callback")
    })
    const exchange = underLoginPolicy(policies.exchangeCode, "exchange")(signIn.exchange(grant))
    const withApiKey = underLoginPolicy(policies.exchangeApiKey, "apiKeyExchange")
    return yield* exchange.pipe(
      Effect.flatMap((fresh) =>
        options.apiKey === false
          ? Effect.succeed(fresh)
          : Effect.orElseSucceed(withApiKey(signIn.withApiKey(fresh)), () => fresh)
      ),
      Effect.flatMap((fresh) => storeSignIn("browser", replaced, fresh)),
      Effect.onExit((exit) => answer(Exit.isSuccess(exit) ? "signedIn" : "failed"))
    )
  })

/** Shows the address of the sign-in page, opens it, and waits for the sign-in. */
export const signInWithBrowser = (options: BrowserOptions = {}) =>
  Effect.gen(function* () {
    const browser = yield* Browser
    const dialog = yield* Dialog
    const replaced = yield* beforeSignIn("browser")
    const flow = yield* (yield* SignIn).browser
    yield* dialog.notice("Sign in with a browser on this machine, at this address:")
    yield* dialog.notice(flow.url)
    if (options.openBrowser !== false && !(yield* browser.open(flow.url))) {
      yield* dialog.notice("No browser could be opened: open the address yourself.")
    }
    return yield* dialog.progress("Waiting for the browser", completeBrowserSignIn(flow, replaced, options))
  }).pipe(Effect.scoped)

/** Polls until the code was typed. A poll without a usable answer is no reason to give up: the time limit is. */
const granted = (flow: DeviceFlow) =>
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
 * Waits until the code was typed, and stores the session. For a caller that shows the code itself: the flow comes from
 * `SignIn.device`, the rest from `beforeSignIn`.
 */
export const completeDeviceSignIn = (flow: DeviceFlow, replaced: Session | null) =>
  Effect.gen(function* () {
    const { policies } = yield* LoginPolicies
    const signIn = yield* SignIn
    const grant = yield* granted(flow)
    const fresh = yield* underLoginPolicy(policies.exchangeCode, "exchange")(signIn.exchange(grant))
    return yield* storeSignIn("device", replaced, fresh)
  })

/** Shows which code to type where, and waits until it was typed. */
const signInWithDevice = Effect.gen(function* () {
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

/**
 * A token or key is given as it was read; white space around it does not matter.
 * @since 0.1.0
 * @category models
 */
export type SignInOptions =
  | ({ readonly method: "browser" } & BrowserOptions)
  | { readonly method: "device" }
  | { readonly method: "accessToken"; readonly token: Redacted.Redacted }
  | { readonly method: "apiKey"; readonly key: Redacted.Redacted }

const withAccessToken = (token: Redacted.Redacted) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const { policies } = yield* LoginPolicies
    const replaced = yield* beforeSignIn("accessToken")
    const read = underLoginPolicy(policies.readTokenOwner, "whoami")((yield* SignIn).accessToken(token))
    return yield* storeSignIn("accessToken", replaced, yield* dialog.progress("Checking the token", read))
  })

const withApiKey = (key: Redacted.Redacted) =>
  Effect.gen(function* () {
    const replaced = yield* beforeSignIn("apiKey")
    return yield* storeSignIn("apiKey", replaced, yield* (yield* SignIn).apiKey(key))
  })

/**
 * Signs in and stores the session in place of the one before, which stays as it is until then: a sign-in that fails, is
 * refused or is interrupted stores nothing and ends nothing.
 * @since 0.1.0
 * @category programs
 */
export const signIn = (
  options: SignInOptions
): Effect.Effect<SignInOutcome, AuthError | LoginError, AuthSession | Browser | CredentialStore | Dialog | SignIn> => {
  const flow = () => {
    switch (options.method) {
      case "browser":
        return signInWithBrowser(options)
      case "device":
        return signInWithDevice
      case "accessToken":
        return withAccessToken(options.token)
      case "apiKey":
        return withApiKey(options.key)
    }
  }
  return Effect.withSpan(Effect.suspend(flow), "codex.program.signIn", { attributes: { method: options.method } })
}
