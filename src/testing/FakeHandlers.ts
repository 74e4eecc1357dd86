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
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { CodexBackendApi } from "../contracts/CodexBackendApi.js"
import { OAuthApi } from "../contracts/OAuthApi.js"
import type { FakeAccount, FakeOffer } from "./FakeAccount.js"
import * as Answers from "./FakeAnswers.js"
import {
  authenticate,
  commit,
  type FakeState,
  lagging,
  refresh,
  type Refreshed,
  revoke,
  switchWorkspace
} from "./FakeState.js"
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

type Request = HttpServerRequest.HttpServerRequest
type Answer = HttpServerResponse.HttpServerResponse

const refusal = (status: number, code: string): Answer =>
  HttpServerResponse.unsafeJson({ error: { code, message: "The fake backend refuses this." } }, { status })

const invalidGrant = HttpServerResponse.unsafeJson({ error: "invalid_grant" }, { status: 400 })

const refreshRefusals: Record<Extract<Refreshed, string>, Answer> = {
  used: refusal(401, "refresh_token_reused"),
  expired: refusal(401, "refresh_token_expired"),
  revoked: refusal(401, "refresh_token_invalidated"),
  invalid_grant: invalidGrant,
  unknown: invalidGrant
}

export const bearerOf = (headers: Readonly<Record<string, string>>): string =>
  /^bearer +(.+)$/i.exec(headers["authorization"] ?? "")?.[1] ?? ""

const gate = (state: FakeState, now: number, endpoint: EndpointName, request: Request): FakeAccount | Answer => {
  const account = Option.getOrUndefined(authenticate(state, now, bearerOf(request.headers)))
  if (account === undefined) return refusal(401, "token_expired")
  return account.forbidden.includes(endpoint) ? refusal(403, "forbidden") : account
}

/** All endpoints over one state. */
export const layerApi = (ref: Ref.Ref<FakeState>): Layer.Layer<HttpApi.Api> => {
  const read =
    <A>(endpoint: EndpointName, view: (account: FakeAccount, now: number, state: FakeState) => A | Answer) =>
    ({ request }: { readonly request: Request }) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const { lagMillis } = yield* CurrentCall
        const state = yield* Ref.get(ref)
        const account = gate(state, now, endpoint, request)
        if (HttpServerResponse.isServerResponse(account)) return account
        return view(lagging(state, now, account, lagMillis), now, state)
      })

  const readOffer = <A>(endpoint: EndpointName, view: (offer: FakeOffer) => A) =>
    read(endpoint, (account, now) => {
      const offer = Answers.offerAt(account, now)
      return offer === null ? refusal(403, "forbidden") : view(offer)
    })

  /** Decides and changes in one step, so that no other call comes in between. What is not `done` is no commit. */
  const change = <A>(step: (state: FakeState, now: number) => readonly [A, FakeState, done?: boolean]) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const { committed } = yield* CurrentCall
      const [answer, changed] = yield* Ref.modify(ref, (state) => {
        const [answer, next, done = next !== state] = step(state, now)
        return [[answer, done] as const, next]
      })
      if (changed) yield* committed
      return answer
    }).pipe(Effect.uninterruptible)

  const act = <A>(
    endpoint: EndpointName,
    request: Request,
    perform: (account: FakeAccount, now: number) => readonly [A | Answer, FakeAccount]
  ) =>
    change<A | Answer>((state, now) => {
      const account = gate(state, now, endpoint, request)
      if (HttpServerResponse.isServerResponse(account)) return [account, state]
      const [answer, next] = perform(account, now)
      return [answer, next === account ? state : commit(state, now, next)]
    })

  return HttpApiBuilder.api(FakeApi).pipe(
    Layer.provide([
      HttpApiBuilder.group(FakeApi, "usage", (handlers) => handlers.handle("read", read("usage.read", Answers.usage))),
      HttpApiBuilder.group(FakeApi, "resetCredits", (handlers) =>
        handlers
          .handle("list", read("resetCredits.list", Answers.resetCredits))
          .handle("consume", ({ payload, request }) =>
            act("resetCredits.consume", request, (account, now) =>
              Answers.consume(account, now, { key: payload.redeem_request_id, creditId: payload.credit_id ?? null })
            )
          )
      ),
      HttpApiBuilder.group(FakeApi, "referrals", (handlers) =>
        handlers
          .handle("eligibility", readOffer("referrals.eligibility", Answers.eligibility))
          .handle("rules", readOffer("referrals.rules", Answers.rules))
          .handle("invite", ({ payload, request }) =>
            act("referrals.invite", request, (account, now) => {
              const offer = Answers.offerAt(account, now)
              if (offer === null) return [refusal(403, "forbidden"), account]
              if (!payload.emails[0].includes("@")) return [refusal(422, "invalid_email"), account]
              const said = offer.inviteReward === undefined ? {} : { has_rewards: offer.inviteReward }
              return [said, Answers.invite(account, now, payload.emails[0])]
            })
          )
      ),
      HttpApiBuilder.group(FakeApi, "workspace", (handlers) =>
        handlers
          .handle(
            "accountsCheck",
            read("workspace.accountsCheck", (account, _now, { accounts }) =>
              Answers.accountsCheck(account, HashMap.values(accounts))
            )
          )
          .handle("nudge", ({ payload, request }) =>
            act<void>("workspace.nudge", request, (account, now) => {
              const next = Answers.nudge(account, now, payload.credit_type)
              return next === null ? [refusal(429, "cooldown"), account] : [undefined, next]
            })
          )
          .handle(
            "messages",
            read("workspace.messages", ({ messages }) =>
              messages === null ? refusal(404, "not_found") : Answers.messages(messages)
            )
          )
      ),
      HttpApiBuilder.group(FakeApi, "workspaces", (handlers) =>
        handlers
          .handle(
            "list",
            read("workspaces.list", (account, _now, { accounts }) =>
              Answers.workspaces(account, HashMap.values(accounts))
            )
          )
          .handle("switch", ({ payload, request }) =>
            change((state, now) => {
              const account = gate(state, now, "workspaces.switch", request)
              if (HttpServerResponse.isServerResponse(account)) return [account, state]
              const target = { userId: account.userId, accountId: payload.workspace_id }
              const [token, next] = switchWorkspace(state, now, bearerOf(request.headers), target)
              return [
                Option.match(token, {
                  onNone: () => refusal(403, "forbidden"),
                  onSome: (token) => ({ access_token: Redacted.make(token) })
                }),
                next
              ]
            })
          )
      ),
      HttpApiBuilder.group(FakeApi, "profile", (handlers) =>
        handlers.handle("me", read("profile.me", Answers.profile))
      ),
      HttpApiBuilder.group(FakeApi, "oauth", (handlers) =>
        handlers
          .handle("token", ({ payload }) =>
            Effect.map(
              change((state, now) => {
                const [refreshed, next] = refresh(state, now, payload.refresh_token)
                return [refreshed, next, typeof refreshed !== "string"]
              }),
              (refreshed) =>
                typeof refreshed === "string"
                  ? refreshRefusals[refreshed]
                  : {
                      id_token: refreshed.idToken,
                      access_token: refreshed.accessToken,
                      refresh_token: refreshed.refreshToken
                    }
            )
          )
          .handle("revoke", ({ payload }) => change((state) => [undefined, revoke(state, payload.token)]))
      )
    ])
  )
}
