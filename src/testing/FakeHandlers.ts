/** The contract's endpoints, answered from the fake state. */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { CodexBackendApi } from "../contracts/CodexBackendApi.js"
import { OAuthApi } from "../contracts/OAuthApi.js"
import type { FakeAccount } from "./FakeAccount.js"
import * as Answers from "./FakeAnswers.js"
import { authenticate, commit, type FakeState, lagging, refresh, type RefreshRefusal, revoke } from "./FakeState.js"
import type { EndpointName } from "./FaultPlan.js"

/** Both of the contract's servers as one, under the contract's own paths. */
export class FakeApi extends HttpApi.make("Fake").addHttpApi(CodexBackendApi).addHttpApi(OAuthApi) {}

/** The call that a handler answers: how far its reads lag behind, and what to run when it changes something. */
export class CurrentCall extends Context.Reference<CurrentCall>()("effect-codex-account/testing/CurrentCall", {
  defaultValue: (): { readonly lagMillis: number; readonly committed: Effect.Effect<void> } => ({
    lagMillis: 0,
    committed: Effect.void
  })
}) {}

type Answer = HttpServerResponse.HttpServerResponse

const refusal = (status: number, code: string): Answer =>
  HttpServerResponse.unsafeJson({ error: { code, message: "The fake backend refuses this." } }, { status })

export const bearerOf = (headers: Readonly<Record<string, string>>): string =>
  /^bearer +(.+)$/i.exec(headers["authorization"] ?? "")?.[1] ?? ""

const gate = (
  state: FakeState,
  now: number,
  endpoint: EndpointName,
  request: HttpServerRequest.HttpServerRequest
): FakeAccount | Answer => {
  const account = Option.getOrUndefined(authenticate(state, now, bearerOf(request.headers)))
  if (account === undefined) return refusal(401, "token_expired")
  return account.forbidden.includes(endpoint) ? refusal(403, "forbidden") : account
}

const read = <A>(
  ref: Ref.Ref<FakeState>,
  endpoint: EndpointName,
  request: HttpServerRequest.HttpServerRequest,
  view: (account: FakeAccount, now: number, state: FakeState) => A | Answer
): Effect.Effect<A | Answer> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const { lagMillis } = yield* CurrentCall
    const state = yield* Ref.get(ref)
    const account = gate(state, now, endpoint, request)
    return HttpServerResponse.isServerResponse(account)
      ? account
      : view(lagging(state, now, account, lagMillis), now, state)
  })

/** Decides and changes in one step, so that no other call comes in between. */
const act = <A>(
  ref: Ref.Ref<FakeState>,
  endpoint: EndpointName,
  request: HttpServerRequest.HttpServerRequest,
  perform: (account: FakeAccount, now: number) => readonly [A | Answer, FakeAccount]
): Effect.Effect<A | Answer> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const call = yield* CurrentCall
    const [answer, changed] = yield* Ref.modify(ref, (state): readonly [readonly [A | Answer, boolean], FakeState] => {
      const account = gate(state, now, endpoint, request)
      if (HttpServerResponse.isServerResponse(account)) return [[account, false], state]
      const [answer, next] = perform(account, now)
      return next === account ? [[answer, false], state] : [[answer, true], commit(state, now, next)]
    })
    if (changed) yield* call.committed
    return answer
  }).pipe(Effect.uninterruptible)

const usage = (ref: Ref.Ref<FakeState>) =>
  HttpApiBuilder.group(FakeApi, "usage", (handlers) =>
    handlers.handle("read", ({ request }) => read(ref, "usage.read", request, Answers.usage))
  )

const resetCredits = (ref: Ref.Ref<FakeState>) =>
  HttpApiBuilder.group(FakeApi, "resetCredits", (handlers) =>
    handlers
      .handle("list", ({ request }) => read(ref, "resetCredits.list", request, Answers.resetCredits))
      .handle("consume", ({ payload, request }) =>
        act(ref, "resetCredits.consume", request, (account, now) => {
          const [result, next] = Answers.consume(account, now, {
            key: payload.redeem_request_id,
            creditId: payload.credit_id ?? null
          })
          return [{ code: result.code, windows_reset: result.windowsReset }, next]
        })
      )
  )

const referrals = (ref: Ref.Ref<FakeState>) =>
  HttpApiBuilder.group(FakeApi, "referrals", (handlers) =>
    handlers
      .handle("eligibility", ({ request }) =>
        read(ref, "referrals.eligibility", request, (account, now) => {
          const offer = Answers.offerAt(account, now)
          return offer === null ? refusal(403, "forbidden") : Answers.eligibility(offer)
        })
      )
      .handle("rules", ({ request }) =>
        read(ref, "referrals.rules", request, (account, now) => {
          const offer = Answers.offerAt(account, now)
          return offer === null ? refusal(403, "forbidden") : Answers.rules(offer)
        })
      )
      .handle("invite", ({ payload, request }) =>
        act(ref, "referrals.invite", request, (account, now) => {
          const offer = Answers.offerAt(account, now)
          if (offer === null) return [refusal(403, "forbidden"), account]
          if (!payload.emails[0].includes("@")) return [refusal(422, "invalid_email"), account]
          const said = offer.inviteReward === undefined ? {} : { has_rewards: offer.inviteReward }
          return [said, Answers.invite(account, now, payload.emails[0])]
        })
      )
  )

const workspace = (ref: Ref.Ref<FakeState>) =>
  HttpApiBuilder.group(FakeApi, "workspace", (handlers) =>
    handlers
      .handle("accountsCheck", ({ request }) =>
        read(ref, "workspace.accountsCheck", request, (account, _now, state) =>
          Answers.accountsCheck(account, HashMap.values(state.accounts))
        )
      )
      .handle("nudge", ({ payload, request }) =>
        act<void>(ref, "workspace.nudge", request, (account, now) => {
          const [result, next] = Answers.nudge(account, now, payload.credit_type)
          return [result === "cooldown" ? refusal(429, "cooldown") : undefined, next]
        })
      )
      .handle("messages", ({ request }) =>
        read(ref, "workspace.messages", request, ({ messages }) =>
          messages === null ? refusal(404, "not_found") : Answers.messages(messages)
        )
      )
  )

const profile = (ref: Ref.Ref<FakeState>) =>
  HttpApiBuilder.group(FakeApi, "profile", (handlers) =>
    handlers.handle("me", ({ request }) => read(ref, "profile.me", request, Answers.profile))
  )

const refreshRefusals: Record<RefreshRefusal, Answer> = {
  used: refusal(401, "refresh_token_reused"),
  expired: refusal(401, "refresh_token_expired"),
  revoked: refusal(401, "refresh_token_invalidated"),
  invalid_grant: HttpServerResponse.unsafeJson({ error: "invalid_grant" }, { status: 400 }),
  unknown: HttpServerResponse.unsafeJson({ error: "invalid_grant" }, { status: 400 })
}

const oauth = (ref: Ref.Ref<FakeState>) =>
  HttpApiBuilder.group(FakeApi, "oauth", (handlers) =>
    handlers
      .handle("token", ({ payload }) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const call = yield* CurrentCall
          const result = yield* Ref.modify(ref, (state) => refresh(state, now, payload.refresh_token))
          if (result._tag === "Refused") return refreshRefusals[result.reason]
          yield* call.committed
          return {
            id_token: result.tokens.idToken,
            access_token: result.tokens.accessToken,
            refresh_token: result.tokens.refreshToken
          }
        }).pipe(Effect.uninterruptible)
      )
      .handle("revoke", ({ payload }) =>
        Effect.gen(function* () {
          const call = yield* CurrentCall
          const changed = yield* Ref.modify(ref, (state) => {
            const next = revoke(state, payload.token)
            return [next !== state, next] as const
          })
          if (changed) yield* call.committed
        }).pipe(Effect.uninterruptible)
      )
  )

/** All endpoints over one state. */
export const layerApi = (ref: Ref.Ref<FakeState>): Layer.Layer<HttpApi.Api> =>
  HttpApiBuilder.api(FakeApi).pipe(
    Layer.provide([usage(ref), resetCredits(ref), referrals(ref), workspace(ref), profile(ref), oauth(ref)])
  )
