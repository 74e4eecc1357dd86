/**
 * The steps of signing in, each made once. Nothing here stores anything: what comes out is a record for
 * `AuthSession.signIn`.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { AuthJson } from "../contracts/AuthJson.js"
import type { LoginError } from "../domain/LoginError.js"

/**
 * @since 0.1.0
 * @category models
 */
export type LoginMethod = "browser" | "device" | "accessToken" | "apiKey"

/**
 * What is exchanged for tokens, once.
 * @since 0.1.0
 * @category models
 */
export interface Grant {
  readonly code: Redacted.Redacted
  readonly verifier: Redacted.Redacted
  readonly redirectUri: string
}

/**
 * A complete and permitted record that is not stored yet. `email` is the account's, where the server names it.
 * @since 0.1.0
 * @category models
 */
export interface NewSignIn {
  readonly record: AuthJson
  readonly email: string | null
}

/**
 * `url` is the page to open. `callback` waits for the browser to come back to the port of this machine. `answer` shows it
 * how the sign-in ended, and waits until it has it; without an answer it is shown a failure when the flow closes.
 * @since 0.1.0
 * @category models
 */
export interface BrowserFlow {
  readonly url: string
  readonly port: number
  readonly callback: Effect.Effect<
    { readonly grant: Grant; readonly answer: (outcome: "signedIn" | "failed") => Effect.Effect<void> },
    LoginError
  >
}

/**
 * @since 0.1.0
 * @category models
 */
export type DevicePoll =
  | { readonly _tag: "Pending" }
  | { readonly _tag: "SlowDown" }
  | { readonly _tag: "Granted"; readonly grant: Grant }

/**
 * The person types `userCode` at `url`, on any machine. `interval` is how often to poll, null where the server does not
 * say.
 * @since 0.1.0
 * @category models
 */
export interface DeviceFlow {
  readonly url: string
  readonly userCode: Redacted.Redacted
  readonly interval: Duration.Duration | null
  readonly poll: Effect.Effect<DevicePoll, LoginError>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class SignIn extends Context.Tag("effect-codex-account/services/SignIn")<
  SignIn,
  {
    /** Fails with `MethodForbidden` where the configuration forces the other kind of sign-in. Asks no server. */
    readonly allow: (method: LoginMethod) => Effect.Effect<void, LoginError>
    /** Listens for the browser until the scope closes. */
    readonly browser: Effect.Effect<BrowserFlow, LoginError, Scope.Scope>
    /** Gets a code for a person to type. */
    readonly device: Effect.Effect<DeviceFlow, LoginError>
    /** The tokens of a grant, checked against the forced workspace. */
    readonly exchange: (grant: Grant) => Effect.Effect<NewSignIn, LoginError>
    /** The same sign-in with an API key of its user beside the tokens. */
    readonly withApiKey: (signIn: NewSignIn) => Effect.Effect<NewSignIn, LoginError>
    /** A personal access token, checked with the server. */
    readonly accessToken: (token: Redacted.Redacted) => Effect.Effect<NewSignIn, LoginError>
    /** An API key, taken as it is. */
    readonly apiKey: (key: Redacted.Redacted) => Effect.Effect<NewSignIn, LoginError>
  }
>() {}
