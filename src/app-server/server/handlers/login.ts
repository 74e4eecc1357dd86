/** Signing in and out. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AuthError } from "../../../domain/AuthError.js"
import type { LoginError } from "../../../domain/LoginError.js"
import {
  beforeSignIn,
  completeBrowserSignIn,
  completeDeviceSignIn,
  underLoginPolicy
} from "../../../programs/signIn.js"
import { AccountConfig } from "../../../services/AccountConfig.js"
import { AuthSession } from "../../../services/AuthSession.js"
import type { CredentialStore } from "../../../services/CredentialStore.js"
import { ExternalSession } from "../../../services/ExternalSession.js"
import { LoginPolicies } from "../../../services/LoginPolicies.js"
import { type LoginMethod, SignIn } from "../../../services/SignIn.js"
import { echoed } from "../../protocol/echo.js"
import {
  apiKeyLoginDisabled,
  chatgptLoginDisabled,
  deviceCodeDisabled,
  externalAuthActive,
  externalAuthDisabled,
  externalAuthWorkspace,
  invalidLoginId,
  loginFailed,
  type LoginPrefix,
  notSupported,
  type RpcError
} from "../../protocol/errors.js"
import type { LoginAccountParams, LoginAccountResponse } from "../../protocol/schemas/Login.js"
import { canonicalThreadId, threadIdProblem } from "../../protocol/threadId.js"
import { AccountEvents } from "../AccountEvents.js"
import { ClientRequests } from "../ClientRequests.js"
import type { Caller, Handlers } from "../Handler.js"
import { Logins } from "../Logins.js"

type Methods = "account/login/start" | "account/login/cancel" | "account/logout"

type Services = AccountConfig | AccountEvents | AuthSession | ClientRequests | CredentialStore | Logins | SignIn

type Params<Type extends LoginAccountParams["type"]> = Extract<LoginAccountParams, { readonly type: Type }>

const isExternalActive = Effect.flatMap(
  Effect.serviceOption(ExternalSession),
  Option.match({ onNone: () => Effect.succeed(false), onSome: (external) => external.isActive })
)

const refusedBefore =
  (method: LoginMethod, prefix: LoginPrefix) =>
  (error: AuthError | LoginError): RpcError => {
    if (error.reason === "MethodForbidden") return method === "apiKey" ? apiKeyLoginDisabled() : chatgptLoginDisabled()
    if (error.reason === "HostManaged") return externalAuthActive()
    if (error.reason === "DeviceDisabled") return deviceCodeDisabled()
    return loginFailed(prefix, error.message)
  }

/** What has to hold before anybody is asked for anything; then the sign-in before this one is ended. */
const prepared = (method: LoginMethod, prefix: LoginPrefix) =>
  Effect.gen(function* () {
    const logins = yield* Logins
    if (yield* isExternalActive) return yield* externalAuthActive()
    const replaced = yield* Effect.mapError(beforeSignIn(method), refusedBefore(method, prefix))
    yield* replacing(logins)
    return replaced
  })

const replacing = (logins: Logins["Type"]) =>
  Effect.flatMap(logins.stop("replaced"), (stopped) => stopped?.tell ?? Effect.void)

/** Tells everybody, once the client has its answer, that somebody has signed in without further steps. */
const tellSignedIn = (caller: Caller) =>
  Effect.flatMap(AccountEvents, (events) =>
    caller.afterwards(Effect.zipRight(events.loginCompleted(null, null), events.changed))
  )

const withApiKey = ({ apiKey }: Params<"apiKey">, caller: Caller) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const clients = yield* ClientRequests
    const events = yield* AccountEvents
    yield* prepared("apiKey", "failed to save api key")
    yield* events
      .changing(auth.signIn({ auth_mode: "apikey", OPENAI_API_KEY: Redacted.make(apiKey) }))
      .pipe(Effect.mapError((error) => loginFailed("failed to save api key", error.message)))
    yield* clients.suppliedBy(null)
    yield* tellSignedIn(caller)
    return { type: "apiKey" as const }
  })

const withBrowser = (caller: Caller) =>
  Effect.gen(function* () {
    const logins = yield* Logins
    const signIn = yield* SignIn
    const replaced = yield* prepared("browser", "failed to start login server")
    const { flow, loginId, run } = yield* logins
      .begin(
        Effect.map(signIn.browser, (opened) => ({
          kind: "browser" as const,
          url: opened.url,
          complete: Effect.provideService(completeBrowserSignIn(opened, replaced), SignIn, signIn)
        }))
      )
      .pipe(Effect.mapError(refusedBefore("browser", "failed to start login server")))
    yield* caller.afterwards(run)
    return { type: "chatgpt" as const, loginId, authUrl: flow.url }
  })

const withDeviceCode = (caller: Caller) =>
  Effect.gen(function* () {
    const logins = yield* Logins
    const { policies } = yield* LoginPolicies
    const signIn = yield* SignIn
    const replaced = yield* prepared("device", "failed to request device code")
    const { flow, loginId, run } = yield* logins
      .begin(
        Effect.map(underLoginPolicy(policies.startDevice, "device")(signIn.device), (opened) => ({
          kind: "device" as const,
          opened,
          complete: Effect.provideService(completeDeviceSignIn(opened, replaced), SignIn, signIn)
        }))
      )
      .pipe(Effect.mapError(refusedBefore("device", "failed to request device code")))
    yield* caller.afterwards(run)
    return {
      type: "chatgptDeviceCode" as const,
      loginId,
      verificationUrl: flow.opened.url,
      userCode: Redacted.value(flow.opened.userCode)
    }
  })

const withTokens = (params: Params<"chatgptAuthTokens">, caller: Caller) =>
  Effect.gen(function* () {
    const clients = yield* ClientRequests
    const events = yield* AccountEvents
    const logins = yield* Logins
    const settings = yield* AccountConfig
    const external = yield* Effect.serviceOption(ExternalSession)
    if (Option.isNone(external)) return yield* notSupported("account/login/start.chatgptAuthTokens")
    if (Option.contains(settings.forcedLoginMethod, "api")) return yield* externalAuthDisabled()
    yield* replacing(logins)
    const { accessToken, chatgptAccountId, chatgptPlanType } = params
    const allowed = settings.forcedWorkspaces
    if (allowed.length > 0 && !allowed.includes(chatgptAccountId)) {
      return yield* externalAuthWorkspace(allowed, echoed(chatgptAccountId))
    }
    if (chatgptAccountId === "") {
      const why = "workspace routing requires a ChatGPT account id"
      yield* caller.afterwards(events.loginCompleted(null, why))
      return { type: "chatgptAuthTokens" as const }
    }
    const tokens = { accessToken: Redacted.make(accessToken), chatgptAccountId, chatgptPlanType }
    yield* events
      .changing(Effect.zipLeft(external.value.signIn(tokens), clients.suppliedBy(caller.ask)))
      .pipe(
        Effect.mapError((error) =>
          loginFailed(
            "failed to set external auth",
            error.reason === "Malformed" ? "invalid ID token format" : error.message
          )
        )
      )
    yield* tellSignedIn(caller)
    return { type: "chatgptAuthTokens" as const }
  })

const started = (
  params: LoginAccountParams,
  caller: Caller
): Effect.Effect<LoginAccountResponse, RpcError, Services> => {
  switch (params.type) {
    case "apiKey":
      return withApiKey(params, caller)
    case "chatgpt":
      return withBrowser(caller)
    case "chatgptDeviceCode":
      return withDeviceCode(caller)
    case "chatgptAuthTokens":
      return withTokens(params, caller)
    case "amazonBedrock":
    case "amazonBedrockAccessKeys":
      return Effect.fail(notSupported(`account/login/start.${params.type}`))
  }
}

export const loginHandlers: Handlers<Methods, Services> = {
  "account/login/start": started,
  "account/login/cancel": ({ loginId }, caller) =>
    Effect.gen(function* () {
      const logins = yield* Logins
      if (threadIdProblem(loginId) !== null) return yield* invalidLoginId(echoed(loginId))
      const stopped = yield* logins.stop("cancelled", canonicalThreadId(loginId))
      if (stopped === null) return { status: "notFound" as const }
      yield* caller.afterwards(stopped.tell)
      return { status: stopped.tooLate ? ("notFound" as const) : ("canceled" as const) }
    }),
  "account/logout": (_, caller) =>
    Effect.gen(function* () {
      const auth = yield* AuthSession
      const clients = yield* ClientRequests
      const events = yield* AccountEvents
      const logins = yield* Logins
      yield* replacing(logins)
      yield* events
        .changing(auth.signOut({ revoke: true }))
        .pipe(Effect.mapError((error) => loginFailed("logout failed", error.message)))
      yield* clients.suppliedBy(null)
      yield* caller.afterwards(events.changed)
      return {}
    })
}
