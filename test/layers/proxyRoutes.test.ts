import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { trusted } from "../../src/layers/internal/dispatchers.js"
import { proxyFor, type ProxyVariables } from "../../src/layers/internal/proxyRoutes.js"

const none: ProxyVariables = { HTTP_PROXY: "", HTTPS_PROXY: "", ALL_PROXY: "", NO_PROXY: "" }
const way = (url: string, variables: Partial<ProxyVariables>) =>
  Either.match(proxyFor(new URL(url), { ...none, ...variables }), {
    onLeft: (fault) => `fault: ${fault}`,
    onRight: (proxy) => (proxy === null ? "direct" : `${proxy.variable} ${proxy.url.href}`)
  })

const backend = "https://chatgpt.com/backend-api"

describe("the proxy for a URL", () => {
  it.each([
    [backend, {}, "direct"],
    [
      backend,
      { HTTPS_PROXY: "http://p:1", ALL_PROXY: "http://a:1", HTTP_PROXY: "http://h:1" },
      "HTTPS_PROXY http://p:1/"
    ],
    [backend, { ALL_PROXY: "http://a:1", HTTP_PROXY: "http://h:1" }, "ALL_PROXY http://a:1/"],
    [backend, { HTTP_PROXY: "http://h:1" }, "HTTP_PROXY http://h:1/"],
    ["http://x.test", { HTTPS_PROXY: "http://p:1" }, "direct"],
    ["http://x.test", { ALL_PROXY: "http://a:1", HTTP_PROXY: "http://h:1" }, "HTTP_PROXY http://h:1/"],
    ["http://x.test", { ALL_PROXY: " a:1 " }, "ALL_PROXY http://a:1/"],
    [backend, { HTTPS_PROXY: "127.0.0.1:8080" }, "HTTPS_PROXY http://127.0.0.1:8080/"],
    [backend, { HTTPS_PROXY: "proxy.test" }, "HTTPS_PROXY http://proxy.test/"],
    [backend, { HTTPS_PROXY: "ada:hunter2@proxy.test:1" }, "HTTPS_PROXY http://ada:hunter2@proxy.test:1/"],
    [backend, { ALL_PROXY: "SOCKS5H://p:1080" }, "ALL_PROXY socks5h://p:1080"]
  ] as const)("%s with %j: %s", (url, variables, expected) => assert.strictEqual(way(url, variables), expected))

  it.each(["ada:hunter2@no url", "http://", "ftp://hunter2", "socks4://hunter2:1", "http://hunter2:99999"])(
    "is none that a variable without a usable one could name; the value is not told: %s",
    (value) => {
      const found = way(backend, { HTTPS_PROXY: value })
      assert.match(found, /^fault: HTTPS_PROXY/)
      assert.notInclude(found, "hunter2")
      assert.strictEqual(found.includes("SOCKS"), /^(socks|ftp)/.test(value))
      // What would not use it does not care.
      assert.strictEqual(way("http://x.test", { HTTPS_PROXY: value }), "direct")
      assert.strictEqual(way(backend, { HTTPS_PROXY: value, NO_PROXY: "chatgpt.com" }), "direct")
    }
  )
})

describe("NO_PROXY", () => {
  const cases: ReadonlyArray<
    readonly [noProxy: string, excepted: ReadonlyArray<string>, others: ReadonlyArray<string>]
  > = [
    ["*", ["http://a.test", "http://127.0.0.1", "http://[::1]"], []],
    ["b.test, *", ["http://a.test"], []],
    ["a.test", ["http://a.test", "http://A.TEST.", "http://x.a.test:9"], ["http://ba.test", "http://a.test.org"]],
    [".a.test *.b.test", ["http://a.test", "http://x.a.test", "http://x.b.test"], ["http://xa.test"]],
    ["a.test:8080", ["http://a.test:8080", "http://x.a.test:8080"], ["http://a.test", "https://a.test"]],
    ["a.test:443", ["https://a.test"], ["http://a.test"]],
    [
      "127.0.0.0/8",
      ["http://127.0.0.1:9", "http://127.255.1.2"],
      ["http://128.0.0.1", "http://localhost", "http://[::1]"]
    ],
    ["10.1.2.3", ["http://10.1.2.3"], ["http://10.1.2.30", "http://110.1.2.3"]],
    ["10.0.0.0/8:81", ["http://10.9.9.9:81"], ["http://10.9.9.9"]],
    ["192.168.4.0/22", ["http://192.168.7.255"], ["http://192.168.8.0"]],
    ["fd00::/8", ["http://[fd12::1]"], ["http://[fe80::1]", "http://10.0.0.1"]],
    ["::1", ["http://[::1]:9"], ["http://[::2]"]],
    ["[::1]:9", ["http://[::1]:9"], ["http://[::1]"]],
    ["0.0.0.0/0", ["http://8.8.8.8"], ["http://a.test"]],
    ["10.0.0.0/99,10.0.0.0/x,/8,999.0.0.0/8,:1,[", [], ["http://10.0.0.1", "http://a.test"]]
  ]
  it.each(cases)("%s", (noProxy, excepted, others) => {
    const variables = { ALL_PROXY: "p.test:1", NO_PROXY: noProxy }
    for (const url of excepted) assert.strictEqual(way(url, variables), "direct", url)
    for (const url of others) assert.strictEqual(way(url, variables), "ALL_PROXY http://p.test:1/", url)
  })
})

describe("the certificates that are trusted", () => {
  const old = { rootCertificates: ["root"] }
  const able = {
    ...old,
    getCACertificates: (type: string) => (type === "system" ? ["root", "corp"] : ["root", "extra"])
  }
  it.each([
    ["Node's own, where it can't read the system's", old, undefined, undefined],
    ["with a bundle", old, "bundle", ["root", "bundle"]],
    ["the system's too, each once", able, undefined, ["root", "extra", "corp"]],
    ["all of them", able, "bundle", ["root", "extra", "corp", "bundle"]]
  ] as const)("%s", (_, tls, bundle, expected) => assert.deepStrictEqual(trusted(tls, bundle), expected))
})
