import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { cookieHost, isCloudflareCookie, withCloudflareCookies } from "../../src/layers/internal/cloudflareCookies.js"
import { virtual } from "../cases.js"

/** A client whose every answer sets these cookies, and the cookie headers that it was sent. */
const setting = (setCookies: ReadonlyArray<string>) => {
  const sent: Array<string | null> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      sent.push(request.headers["cookie"] ?? null)
      const headers = new Headers()
      for (const cookie of setCookies) headers.append("set-cookie", cookie)
      return HttpClientResponse.fromWeb(request, new Response("{}", { headers }))
    })
  )
  return { client: withCloudflareCookies(client), sent }
}

const all = (
  "__cf_bm=1 __cflb=2 __cfruid=3 __cfseq=4 __cfwaitingroom=5 _cfuvid=6 " +
  "cf_clearance=7 cf_ob_info=8 cf_use_ob=9 cf_chl_rc_i=10"
).split(" ")
const foreign =
  "__Secure-next-auth.session-token=secret oai-sc=secret cf=secret x__cf_bm=secret CF_CLEARANCE=secret".split(" ")
const attributes = "; Path=/; Domain=.chatgpt.com; HttpOnly; Secure; SameSite=None; Max-Age=1800"

describe("cookies of a ChatGPT host", () => {
  virtual("are sent back when they are Cloudflare's, and no others", function* () {
    const { client, sent } = setting([...all, ...foreign].map((cookie) => `${cookie}${attributes}`))
    yield* client.get("https://chatgpt.com/backend-api/wham/usage")
    yield* client.get("https://chatgpt.com/other")
    assert.isNull(sent[0])
    assert.sameMembers((sent[1] ?? "").split("; "), all)
  })

  virtual("take the place of older ones of the same name", function* () {
    const cookies = [`__cf_bm=1${attributes}`, `_cfuvid=a${attributes}`]
    const { client, sent } = setting(cookies)
    yield* client.get("https://chatgpt.com/")
    cookies.splice(0, 2, `__cf_bm=2${attributes}`)
    yield* client.get("https://chatgpt.com/")
    yield* client.get("https://chatgpt.com/")
    assert.sameMembers((sent[2] ?? "").split("; "), ["__cf_bm=2", "_cfuvid=a"])
  })

  virtual("go back to that very host alone, and over https alone", function* () {
    const { client, sent } = setting([`cf_clearance=7${attributes}`])
    const others = ["http://chatgpt.com", "https://chat.openai.com", "https://a.chatgpt.com", "https://example.test"]
    for (const url of ["https://chatgpt.com/", ...others, "https://auth.openai.com/oauth/token"]) yield* client.get(url)
    assert.deepStrictEqual(sent, [null, null, null, null, null, null])
    yield* client.get("https://chatgpt.com/")
    assert.strictEqual(sent[6], "cf_clearance=7")
  })

  virtual("of a host that is none of ChatGPT's are not kept", function* () {
    const { client, sent } = setting([`cf_clearance=7${attributes}`])
    yield* client.get("https://example.test/")
    yield* client.get("https://example.test/")
    yield* client.get("https://chatgpt.com/")
    assert.deepStrictEqual(sent, [null, null, null])
  })

  virtual("are not shared between two clients", function* () {
    const [one, two] = [setting(all), setting(all)]
    yield* one.client.get("https://chatgpt.com/")
    yield* two.client.get("https://chatgpt.com/")
    assert.deepStrictEqual(two.sent, [null])
  })
})

it.each([
  ["https://chatgpt.com/x", "chatgpt.com"],
  ["https://CHATGPT.com", "chatgpt.com"],
  ["https://chat.openai.com", "chat.openai.com"],
  ["https://chatgpt-staging.com", "chatgpt-staging.com"],
  ["https://a.b.chatgpt.com:8443/", "a.b.chatgpt.com"],
  ["https://x.chatgpt-staging.com", "x.chatgpt-staging.com"],
  ["http://chatgpt.com", undefined],
  ["wss://chatgpt.com", undefined],
  ["https://evilchatgpt.com", undefined],
  ["https://chatgpt.com.evil.test", undefined],
  ["https://openai.com", undefined],
  ["https://x.chat.openai.com", undefined],
  ["https://evil.test/https://chatgpt.com", undefined],
  ["https://chatgpt.com@evil.test/", undefined],
  ["/wham/usage", undefined],
  ["", undefined]
])("the host of %s is %s", (url, host) => {
  assert.strictEqual(cookieHost(url), host)
})

it("a name tells whose a cookie is", () => {
  assert.isTrue(all.every((cookie) => isCloudflareCookie(cookie.split("=")[0] ?? "")))
  assert.isFalse(foreign.some((cookie) => isCloudflareCookie(cookie.split("=")[0] ?? "")))
})
