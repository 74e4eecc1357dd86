/**
 * The one HTTP client: kept-alive connections, proxies and CA bundle of the environment, no redirects, no repeats.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Undici from "@effect/platform-node/Undici"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Tls from "node:tls"
import { ConfigurationError } from "../domain/ConfigurationError.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { withCloudflareCookies } from "./internal/cloudflareCookies.js"
import * as UndiciHttpClient from "./internal/UndiciHttpClient.js"

const proxyVariables = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] as const

const certificates = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { caCertificate } = yield* AccountConfig
  if (Option.isNone(caCertificate)) return undefined
  const { path, variable } = caCertificate.value
  const unreadable = new ConfigurationError({ reason: "CertificateUnreadable", detail: `${variable} names ${path}` })
  const pem = yield* Effect.mapError(fs.readFileString(path), () => unreadable)
  if (!pem.includes("-----BEGIN")) return yield* unreadable
  return [...Tls.rootCertificates, pem]
})

const makeDispatcher = Effect.gen(function* () {
  const ca = yield* certificates
  const tls = ca === undefined ? {} : { ca }
  const options: Undici.Agent.Options = {
    connect: { timeout: 10_000, ...tls }
  }
  const isProxied = yield* Effect.sync(() => proxyVariables.some((name) => (process.env[name] ?? "") !== ""))
  return yield* Effect.acquireRelease(
    Effect.try({
      try: (): Undici.Dispatcher =>
        isProxied
          ? new Undici.EnvHttpProxyAgent({ ...options, requestTls: tls, proxyTls: tls })
          : new Undici.Agent(options),
      catch: () =>
        new ConfigurationError({ reason: "InvalidUrl", detail: "HTTP_PROXY or HTTPS_PROXY in the environment" })
    }),
    (dispatcher) => Effect.promise(() => dispatcher.destroy())
  )
})

const make = Effect.gen(function* () {
  const { maxResponseBytes } = yield* AccountConfig
  const dispatcher = yield* makeDispatcher
  return yield* withCloudflareCookies(
    UndiciHttpClient.make(dispatcher, {
      maxBytes: maxResponseBytes,
      fallback: NodeHttpClient.makeUndici(dispatcher)
    })
  )
})

/**
 * `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are honoured. Cookies are kept for ChatGPT hosts and of Cloudflare only.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<HttpClient.HttpClient, ConfigurationError, AccountConfig | FileSystem.FileSystem> =
  Layer.scoped(HttpClient.HttpClient, make)
