/** Tokens that name the server and the client that they were issued by and to. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import { defaultClientId, defaultRefreshUrl } from "../../src/contracts/OAuthApi.js"
import * as AccountConfigEnv from "../../src/layers/AccountConfigEnv.js"
import * as AuthSessionOAuth from "../../src/layers/AuthSessionOAuth.js"
import * as CredentialStoreEphemeral from "../../src/layers/CredentialStoreEphemeral.js"
import * as LeaseMemory from "../../src/layers/LeaseMemory.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { accessToken, record } from "./support/records.js"

const issuer = "https://auth.example.test"
const issued = (provenance: unknown): AuthJson => {
  const { tokens, ...rest } = record({ access: accessToken(0) })
  return { ...rest, tokens: { ...tokens!, oauth_provenance: provenance, login_owner_id: "owner" } }
}
const byIssuer = { issuer, client_id: "app_other" }

describe("tokens that name their issuer and client", () => {
  const targets = [
    ["are renewed there", { refreshUrl: defaultRefreshUrl }, byIssuer, `${issuer}/oauth/token`, "app_other", byIssuer],
    [
      "at a URL that was set",
      { refreshUrl: "https://other.test/t" },
      byIssuer,
      "https://other.test/t",
      "app_other",
      undefined
    ],
    ["of the issuer too", { refreshUrl: `${issuer}/t` }, byIssuer, `${issuer}/t`, "app_other", byIssuer],
    [
      "never where no request can go",
      { refreshUrl: defaultRefreshUrl },
      { issuer: "file://x", client_id: "app_other" },
      defaultRefreshUrl,
      "app_other",
      undefined
    ],
    [
      "in another shape are renewed as ever",
      { refreshUrl: defaultRefreshUrl },
      "mine",
      defaultRefreshUrl,
      defaultClientId,
      undefined
    ]
  ] as const
  for (const [label, settings, provenance, url, clientId, kept] of targets) {
    it.effect(label, () =>
      Effect.gen(function* () {
        const sent = yield* Ref.make<ReadonlyArray<unknown>>([])
        const client = HttpClient.make((request) =>
          Effect.gen(function* () {
            const body: unknown =
              request.body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(request.body.body)) : null
            yield* Ref.update(sent, (all) => [
              ...all,
              [request.url, Predicate.hasProperty(body, "client_id") ? body.client_id : null]
            ])
            const answer = { access_token: accessToken(3_600_000, "new"), refresh_token: "rt_2" }
            return HttpClientResponse.fromWeb(request, new Response(JSON.stringify(answer)))
          })
        )
        const store = yield* CredentialStoreEphemeral.make(issued(provenance))
        const layer = AuthSessionOAuth.layer.pipe(
          Layer.provide(
            Layer.mergeAll(
              Layer.succeed(HttpClient.HttpClient, client),
              Layer.succeed(CredentialStore, store),
              LeaseMemory.layer,
              AccountConfigEnv.layer({ codexHome: "/nowhere", ...settings })
            )
          )
        )
        yield* Effect.flatMap(AuthSession, (auth) => auth.refresh).pipe(Effect.provide(layer))
        assert.deepStrictEqual(yield* Ref.get(sent), [[url, clientId]])
        const { tokens } = (yield* Effect.flatten(store.read)).record
        assert.deepStrictEqual([tokens?.oauth_provenance, tokens?.login_owner_id], [kept, "owner"])
      })
    )
  }
})
