/** Who is signed in, and signing in and out. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AuthError } from "../../../domain/AuthError.js"
import type { LoginError } from "../../../domain/LoginError.js"
import type { Session } from "../../../domain/Session.js"
import {
  beforeSignIn,
  completeBrowserSignIn,
  completeDeviceSignIn,
  underLoginPolicy
} from "../../../programs/signIn.js"
import { AccountConfig } from "../../../services/AccountConfig.js"
import { AuthSession } from "../../../services/AuthSession.js"
import { CredentialStore } from "../../../services/CredentialStore.js"
import { ExternalSession } from "../../../services/ExternalSession.js"
import { LoginPolicies } from "../../../services/LoginPolicies.js"
import { type LoginMethod, SignIn } from "../../../services/SignIn.js"
import { echoed, type RpcError } from "../../../rpc/RpcError.js"
import {
  apiKeyLoginDisabled,
  chatgptLoginDisabled,
  deviceCodeDisabled,
  externalAuthActive,
  externalAuthDisabled,
  externalAuthWorkspace,
  invalidLoginId,
  failedTo,
  notSupported
} from "../../protocol/errors.js"
import type { LoginAccountParams } from "../../protocol/schemas/Account.js"
import { uuidIn } from "../../protocol/Method.js"
import { AccountEvents } from "../AccountEvents.js"
import { ClientRequests } from "../ClientRequests.js"
import { CurrentSession } from "../CurrentSession.js"
import type { Handlers, RequestContext, ServerServices } from "../Handler.js"
import { Logins } from "../Logins.js"
import { accountResult, authStatusResult } from "../results.js"

type Params<Type extends LoginAccountParams["type"]> = Extract<LoginAccountParams, { readonly type: Type }>

const refusedBefore =
  (method: LoginMethod, prefix: string) =>
  (error: AuthError | LoginError): RpcError => {
    if (error.reason === "MethodForbidden") return method === "apiKey" ? apiKeyLoginDisabled() : chatgptLoginDisabled()
    if (error.reason === "HostManaged") return externalAuthActive()
    if (error.reason === "DeviceDisabled") return deviceCodeDisabled()
    return failedTo(prefix, error.message)
  }

/** Checks that this way of signing in is allowed, then ends the sign-in in progress. */
const prepared = (method: LoginMethod, prefix: string) =>
  Effect.gen(function* () {
    const external = yield* Effect.serviceOption(ExternalSession)
    if (Option.isSome(external) && (yield* external.value.isActive)) return yield* externalAuthActive()
    const replaced = yield* Effect.mapError(beforeSignIn(method), refusedBefore(method, prefix))
    yield* replacing
    return replaced
  })

const replacing = Effect.flatMap(Logins, (logins) =>
  Effect.flatMap(logins.stop("replaced"), (stopped) => stopped?.announce ?? Effect.void)
)

/** Notifies every client, after the answer, of a sign-in that took no further steps. */
const announceSignIn = (context: RequestContext) =>
  Effect.flatMap(AccountEvents, (events) =>
    context.afterwards(Effect.zipRight(events.loginCompleted(null, null), events.changed))
  )

const withApiKey = ({ apiKey }: Params<"apiKey">, context: RequestContext) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const clients = yield* ClientRequests
    const events = yield* AccountEvents
    yield* prepared("apiKey", "failed to save api key")
    yield* events
      .changing(auth.signIn({ auth_mode: "apikey", OPENAI_API_KEY: Redacted.make(apiKey) }))
      .pipe(Effect.mapError((error) => failedTo("failed to save api key", error.message)))
    yield* clients.suppliedBy(null)
    yield* announceSignIn(context)
    return { type: "apiKey" as const }
  })

const withBrowser = (context: RequestContext) =>
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
    yield* context.afterwards(run)
    return { type: "chatgpt" as const, loginId, authUrl: flow.url }
  })

const withDeviceCode = (context: RequestContext) =>
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
    yield* context.afterwards(run)
    return {
      type: "chatgptDeviceCode" as const,
      loginId,
      verificationUrl: flow.opened.url,
      userCode: Redacted.value(flow.opened.userCode)
    }
  })

const withTokens = (params: Params<"chatgptAuthTokens">, context: RequestContext) =>
  Effect.gen(function* () {
    const clients = yield* ClientRequests
    const events = yield* AccountEvents
    const settings = yield* AccountConfig
    const external = yield* Effect.serviceOption(ExternalSession)
    if (Option.isNone(external)) return yield* notSupported("account/login/start.chatgptAuthTokens")
    if (Option.contains(settings.forcedLoginMethod, "api")) return yield* externalAuthDisabled()
    yield* replacing
    const { accessToken, chatgptAccountId, chatgptPlanType } = params
    const allowed = settings.forcedWorkspaces
    if (allowed.length > 0 && !allowed.includes(chatgptAccountId)) {
      return yield* externalAuthWorkspace(allowed, echoed(chatgptAccountId))
    }
    if (chatgptAccountId === "") {
      yield* context.afterwards(events.loginCompleted(null, "workspace routing requires a ChatGPT account id"))
      return { type: "chatgptAuthTokens" as const }
    }
    const tokens = { accessToken: Redacted.make(accessToken), chatgptAccountId, chatgptPlanType }
    yield* events
      .changing(Effect.zipLeft(external.value.signIn(tokens), clients.suppliedBy(context.ask)))
      .pipe(
        Effect.mapError((error) =>
          failedTo(
            "failed to set external auth",
            error.reason === "Malformed" ? "invalid ID token format" : error.message
          )
        )
      )
    yield* announceSignIn(context)
    return { type: "chatgptAuthTokens" as const }
  })

/** The session to show, after it was renewed where that was asked for. */
const shown = (refreshToken: boolean | null | undefined) =>
  Effect.flatMap(CurrentSession, (sessions) =>
    refreshToken === true ? Effect.zipRight(sessions.renewed, sessions.present) : sessions.present
  )

/** What the session's requests are made with; null where there is nothing, or it is of no use any more. */
const tokenOf = (session: Session) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const sessions = yield* CurrentSession
    const store = yield* CredentialStore
    if (sessions.isRefused(session)) return null
    if (session.usesBackend) {
      const authorization = yield* Effect.option(sessions.recordingRefusal(auth.authorization))
      return Option.match(authorization, {
        onNone: () => null,
        onSome: ({ headers }) => Redacted.value(headers)["authorization"]?.replace(/^Bearer /, "") ?? null
      })
    }
    const stored = Option.flatten(yield* Effect.option(store.read))
    const key = Option.getOrNull(stored)?.record.OPENAI_API_KEY ?? null
    return key === null ? null : Redacted.value(key)
  })

export const accountHandlers: Handlers<
  | "account/login/start"
  | "account/login/cancel"
  | "account/logout"
  | "account/read"
  | "account/securitySetup/read"
  | "getAuthStatus",
  ServerServices | AccountEvents | CurrentSession | Logins
> = {
  "account/read": ({ refreshToken }) =>
    Effect.gen(function* () {
      const events = yield* AccountEvents
      const sessions = yield* CurrentSession
      const session = yield* shown(refreshToken)
      // Who can't be renewed any more has to sign in again.
      if (session === null || sessions.isRefused(session)) return accountResult({ session: null, role: null })
      return accountResult(yield* events.known(session))
    }),
  "account/securitySetup/read": () => Effect.succeed({ notice: null }),
  getAuthStatus: ({ includeToken, refreshToken }, { isOpen }) =>
    Effect.gen(function* () {
      const session = yield* shown(refreshToken)
      const isWanted = includeToken === true && !isOpen
      return authStatusResult(session, session !== null && isWanted ? yield* tokenOf(session) : null)
    }),
  "account/login/start": (params, context) => {
    switch (params.type) {
      case "apiKey":
        return withApiKey(params, context)
      case "chatgpt":
        return withBrowser(context)
      case "chatgptDeviceCode":
        return withDeviceCode(context)
      case "chatgptAuthTokens":
        return withTokens(params, context)
      case "amazonBedrock":
      case "amazonBedrockAccessKeys":
        return Effect.fail(notSupported(`account/login/start.${params.type}`))
    }
  },
  "account/login/cancel": ({ loginId }, context) =>
    Effect.gen(function* () {
      const logins = yield* Logins
      const id = uuidIn(loginId)
      if (id === null) return yield* invalidLoginId(loginId)
      const stopped = yield* logins.stop("cancelled", id)
      if (stopped === null) return { status: "notFound" as const }
      yield* context.afterwards(stopped.announce)
      return { status: stopped.tooLate ? ("notFound" as const) : ("canceled" as const) }
    }),
  "account/logout": (_, context) =>
    Effect.gen(function* () {
      const auth = yield* AuthSession
      const clients = yield* ClientRequests
      const events = yield* AccountEvents
      yield* replacing
      yield* events
        .changing(auth.signOut({ revoke: true }))
        .pipe(Effect.mapError((error) => failedTo("logout failed", error.message)))
      yield* clients.suppliedBy(null)
      yield* context.afterwards(events.changed)
      return {}
    })
}
