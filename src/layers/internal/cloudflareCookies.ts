/**
 * The only cookies that are kept: Cloudflare's, for ChatGPT hosts, over https.
 * Source: the cookie rule of `openai/codex`.
 */
import * as Cookies from "@effect/platform/Cookies"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"

const names: ReadonlySet<string> = new Set([
  "__cf_bm",
  "__cflb",
  "__cfruid",
  "__cfseq",
  "__cfwaitingroom",
  "_cfuvid",
  "cf_clearance",
  "cf_ob_info",
  "cf_use_ob"
])

export const isCloudflareCookie = (name: string): boolean => names.has(name) || name.startsWith("cf_chl_")

/** The host whose cookies a request to `url` shares, or undefined where none are kept. */
export const cookieHost = (url: string): string | undefined => {
  if (!url.startsWith("https:") || !URL.canParse(url)) return undefined
  const { hostname, protocol } = new URL(url)
  const isChatGpt =
    hostname === "chatgpt.com" ||
    hostname === "chat.openai.com" ||
    hostname === "chatgpt-staging.com" ||
    hostname.endsWith(".chatgpt.com") ||
    hostname.endsWith(".chatgpt-staging.com")
  return protocol === "https:" && isChatGpt ? hostname : undefined
}

export const withCloudflareCookies = (client: HttpClient.HttpClient): Effect.Effect<HttpClient.HttpClient> =>
  Effect.map(Ref.make<ReadonlyMap<string, Cookies.Cookies>>(new Map()), (jar) =>
    client.pipe(
      HttpClient.mapRequestEffect((request) => {
        const host = cookieHost(request.url)
        if (host === undefined) return Effect.succeed(request)
        return Effect.map(Ref.get(jar), (all) => {
          const header = Cookies.toCookieHeader(all.get(host) ?? Cookies.empty)
          return header === "" ? request : HttpClientRequest.setHeader(request, "cookie", header)
        })
      }),
      HttpClient.tap((response) => {
        const host = cookieHost(response.request.url)
        if (host === undefined) return Effect.void
        const fresh = Object.values(response.cookies.cookies).filter((cookie) => isCloudflareCookie(cookie.name))
        return fresh.length === 0
          ? Effect.void
          : Ref.update(jar, (all) =>
              new Map(all).set(host, Cookies.setAllCookie(all.get(host) ?? Cookies.empty, fresh))
            )
      })
    )
  )
