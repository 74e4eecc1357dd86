/**
 * Sign in.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { AuthError } from "../domain/AuthError.js"
import type { LoginError } from "../domain/LoginError.js"
import type { AuthSession } from "../services/AuthSession.js"
import type { Browser } from "../services/Browser.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import { Dialog } from "../services/Dialog.js"
import { LoginPolicies } from "../services/LoginPolicies.js"
import { SignIn } from "../services/SignIn.js"
import { beforeSignIn, type SignInOutcome, storeSignIn, underLoginPolicy } from "./signInSteps.js"
import { type BrowserOptions, signInWithBrowser } from "./signInWithBrowser.js"
import { signInWithDevice } from "./signInWithDevice.js"

/**
 * A token or key is given as it was read; white space around it does not matter.
 *
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
    const signIn = yield* SignIn
    const replaced = yield* beforeSignIn("accessToken")
    const read = underLoginPolicy(policies.readTokenOwner, "whoami")(signIn.accessToken(token))
    return yield* storeSignIn("accessToken", replaced, yield* dialog.progress("Checking the token", read))
  })

const withApiKey = (key: Redacted.Redacted) =>
  Effect.gen(function* () {
    const replaced = yield* beforeSignIn("apiKey")
    return yield* storeSignIn("apiKey", replaced, yield* (yield* SignIn).apiKey(key))
  })

/**
 * Signs in and stores the session in place of the one before, which stays whole until then: whatever fails, is refused or
 * is interrupted stores nothing and ends nothing.
 *
 * @since 0.1.0
 * @category programs
 */
export const signIn = (
  options: SignInOptions
): Effect.Effect<SignInOutcome, AuthError | LoginError, AuthSession | Browser | CredentialStore | Dialog | SignIn> => {
  const flow = (): Effect.Effect<
    SignInOutcome,
    AuthError | LoginError,
    AuthSession | Browser | CredentialStore | Dialog | SignIn
  > => {
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
  return Effect.withSpan(Effect.suspend(flow), "signIn", { attributes: { method: options.method } })
}
