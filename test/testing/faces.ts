import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { FakeBackend } from "../../src/testing/index.js"

/** The two faces of a fake of their own, each with a client that reaches it. */
export const memory = (options?: FakeBackend.FakeBackendOptions) => FakeBackend.layerClient(options)

export const socket = (options?: FakeBackend.FakeBackendOptions) =>
  Layer.merge(FakeBackend.layerServer(options), NodeHttpClient.layerUndici)

export const faces = [
  ["memory", memory],
  ["socket", socket]
] as const

/** A request to the fake with a bearer token, to a path below the ChatGPT base. */
export const send = (
  path: string,
  options: { readonly token?: string; readonly json?: unknown; readonly base?: "chatgpt" | "codex" | "origin" } = {}
) =>
  Effect.gen(function* () {
    const backend = yield* FakeBackend.FakeBackend
    const client = yield* HttpClient.HttpClient
    const url = `${backend.urls[options.base ?? "chatgpt"]}${path}`
    const request =
      options.json === undefined
        ? HttpClientRequest.get(url)
        : HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson(options.json))
    const response = yield* client.execute(
      options.token === undefined ? request : HttpClientRequest.bearerToken(request, options.token)
    )
    return { status: response.status, headers: response.headers, text: yield* response.text }
  })

export const usage = "/wham/usage"
export const consume = "/wham/rate-limit-reset-credits/consume"
export const nudge = "/wham/accounts/send_add_credits_nudge_email"

export const json = (answer: { readonly text: string }): unknown => JSON.parse(answer.text)

export const refresh = (refreshToken: string) =>
  send("/oauth/token", {
    base: "origin",
    json: {
      client_id: "app",
      grant_type: "refresh_token",
      refresh_reason: "forced",
      refresh_token: refreshToken
    }
  })
