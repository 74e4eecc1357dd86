/** The one kind of cookie that is kept. */
import * as Cookies from "@effect/platform/Cookies"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"

/** The only cookies that are kept, for ChatGPT hosts and over https. Source: the cookie rule of `openai/codex`. */
const cloudflareCookies: ReadonlySet<string> = new Set([
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

export const isCloudflareCookie = (name: string): boolean => cloudflareCookies.has(name) || name.startsWith("cf_chl_")

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

/**
 * The same client with a jar of its own: one account's cookies never go with another's requests.
 */
export const withCloudflareCookies = (client: HttpClient.HttpClient): HttpClient.HttpClient => {
  const jar = new Map<string, Cookies.Cookies>()
  return client.pipe(
    HttpClient.mapRequest((request) => {
      const cookies = jar.get(cookieHost(request.url) ?? "")
      const header = cookies === undefined ? "" : Cookies.toCookieHeader(cookies)
      return header === "" ? request : HttpClientRequest.setHeader(request, "cookie", header)
    }),
    HttpClient.tap((response) =>
      Effect.sync(() => {
        const host = cookieHost(response.request.url)
        if (host === undefined) return
        const fresh = Object.values(response.cookies.cookies).filter((cookie) => isCloudflareCookie(cookie.name))
        if (fresh.length > 0) jar.set(host, Cookies.setAllCookie(jar.get(host) ?? Cookies.empty, fresh))
      })
    )
  )
}
