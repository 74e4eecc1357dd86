/** Sign in with a browser on this machine. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AuthError } from "../domain/AuthError.js"
import { LoginError } from "../domain/LoginError.js"
import type { Session } from "../domain/Session.js"
import type { AuthSession } from "../services/AuthSession.js"
import { Browser } from "../services/Browser.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import { Dialog } from "../services/Dialog.js"
import { LoginPolicies } from "../services/LoginPolicies.js"
import { type BrowserFlow, SignIn } from "../services/SignIn.js"
import { beforeSignIn, type SignInOutcome, storeSignIn, underLoginPolicy } from "./signInSteps.js"

/**
 * `openBrowser` false only shows the address. `apiKey` false leaves out the request for an API key; as the Codex CLI does,
 * one is asked for by default, and the sign-in goes without where there is none.
 */
export interface BrowserOptions {
  readonly openBrowser?: boolean | undefined
  readonly apiKey?: boolean | undefined
}

/**
 * Waits for the browser, exchanges its code, and stores the session; the browser is told last. For whoever shows the
 * address in a way of their own: the flow comes from `SignIn.browser`, the rest from `beforeSignIn`.
 */
export const completeBrowserSignIn = (
  flow: BrowserFlow,
  replaced: Session | null,
  options: Pick<BrowserOptions, "apiKey"> = {}
): Effect.Effect<SignInOutcome, AuthError | LoginError, AuthSession | SignIn> =>
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

/** Shows the address of the sign-in page, opens it, and waits until somebody has signed in there. */
export const signInWithBrowser = (
  options: BrowserOptions = {}
): Effect.Effect<SignInOutcome, AuthError | LoginError, AuthSession | Browser | CredentialStore | Dialog | SignIn> =>
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
