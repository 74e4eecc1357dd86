import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as AccountConfigEnv from "../../src/layers/AccountConfigEnv.js"
import * as HttpClientNode from "../../src/layers/HttpClientNode.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { brief, calling, failures, consume, readUsage, usageBody } from "./support/backend.js"
import { temporaryHome } from "./support/home.js"
import { inHome } from "./support/inHome.js"
import { freePort, httpServer, json, makeCertificates, proxy, socksProxy, tlsFront } from "./support/sockets.js"
import { live } from "../cases.js"

const backend = httpServer((request, response) => {
  if (request.url === "/oauth/token") return json(response, { access_token: "opaque-2" })
  if (request.url === "/oauth/revoke") return response.writeHead(200).end()
  json(response, request.method === "GET" ? usageBody : { code: "reset", windows_reset: 1 })
})

/** Every kind of request that there is. */
const everything = Effect.gen(function* () {
  const session = yield* AuthSession
  yield* readUsage
  yield* consume
  yield* session.refresh
  assert.deepStrictEqual(yield* session.signOut({ revoke: true }), { removed: true, revoked: true })
})

const hostOf = (origin: string) => new URL(origin).host
const through = (server: { readonly origin: string }, environment: Readonly<Record<string, string>>) =>
  Effect.provide(calling(server.origin, { environment }))

describe("a proxy", () => {
  live.each(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])(
    "of the environment (%s) has every request",
    function* (name) {
      const [server, between] = [yield* backend, yield* proxy()]
      yield* everything.pipe(through(server, { [name]: between.origin }))
      assert.strictEqual(server.received.length, 4)
      assert.isAbove(between.targets.length, 0)
      assert.deepStrictEqual([...new Set(between.targets)], [hostOf(server.origin)])
      // Whatever reached the server came through the proxy: it had as many connections as the proxy made.
      assert.isAtMost(server.counted.connections, between.targets.length)
    }
  )

  live("of `.env` in the home goes before one of the environment", function* () {
    const [server, between, other] = [yield* backend, yield* proxy(), yield* proxy()]
    const dotenv = new Map([["HTTP_PROXY", between.origin]])
    yield* everything.pipe(
      Effect.provide(calling(server.origin, { environment: { HTTP_PROXY: other.origin }, settings: { dotenv } }))
    )
    assert.strictEqual(server.received.length, 4)
    assert.isAbove(between.targets.length, 0)
    assert.deepStrictEqual(other.targets, [])
  })

  live("has nothing where NO_PROXY names the host", function* () {
    const [server, between] = [yield* backend, yield* proxy()]
    yield* everything.pipe(through(server, { HTTP_PROXY: between.origin, NO_PROXY: "localhost,127.0.0.1" }))
    assert.strictEqual(server.received.length, 4)
    assert.deepStrictEqual(between.targets, [])
  })

  live("may ask for a name and a word", function* () {
    const [server, between] = [yield* backend, yield* proxy({ credentials: "ada:hunter2" })]
    yield* everything.pipe(through(server, { HTTP_PROXY: between.origin.replace("//", "//ada:hunter2@") }))
    assert.strictEqual(server.received.length, 4)
    for (const { headers } of server.received) assert.isUndefined(headers["proxy-authorization"])
  })

  live("that refuses sends nothing on, and its words are not shown", function* () {
    const [server, between] = [yield* backend, yield* proxy({ credentials: "ada:other" })]
    const error = yield* Effect.flip(
      consume.pipe(through(server, { HTTP_PROXY: between.origin.replace("//", "//ada:hunter2@") }))
    )
    assert.strictEqual(brief(error), "ProxyAuthRequired notSent")
    assert.strictEqual(server.received.length, 0)
    assert.notInclude(`${error.message} ${JSON.stringify(error)} ${error.stack}`, "hunter2")
  })

  live("that is not there is no doubt: nothing was sent, not even directly", function* () {
    const server = yield* backend
    for (const scheme of ["http://", "", "socks5://", "socks5h://"]) {
      const error = yield* Effect.flip(
        consume.pipe(through(server, { HTTP_PROXY: `${scheme}127.0.0.1:${yield* freePort}` }))
      )
      assert.strictEqual(brief(error), "ProxyUnreachable notSent")
      assert.include(error.message, scheme.startsWith("socks") ? "HTTP_PROXY, SOCKS" : "HTTP_PROXY")
    }
    assert.strictEqual(server.counted.connections, 0)
  })

  live("of the SOCKS kind has every request, by name and password too", function* () {
    const [server, between] = [yield* backend, yield* socksProxy("ada:hunter2")]
    for (const scheme of ["socks5", "socks5h"]) {
      yield* readUsage.pipe(through(server, { ALL_PROXY: `${scheme}://ada:hunter2@127.0.0.1:${between.port}` }))
    }
    assert.deepStrictEqual(between.targets, [hostOf(server.origin), hostOf(server.origin)])
    assert.strictEqual(server.received.length, 2)
    const error = yield* Effect.flip(
      consume.pipe(through(server, { ALL_PROXY: `socks5://ada:other@127.0.0.1:${between.port}` }))
    )
    assert.strictEqual(brief(error), "ProxyAuthRequired notSent")
    assert.strictEqual(server.received.length, 2)
  })

  live("that can't be used is refused, and not shown, by what would use it", function* () {
    const server = yield* backend
    for (const value of ["ada:hunter2@no url", "http://ada:hunter2%@127.0.0.1:1", "socks4://ada:hunter2@127.0.0.1"]) {
      const error = yield* Effect.flip(consume.pipe(through(server, { HTTP_PROXY: value })))
      assert.strictEqual(brief(error), "Misconfigured notSent")
      assert.include(error.message, "HTTP_PROXY")
      assert.notInclude(`${error.message} ${JSON.stringify(error)} ${error.stack}`, "hunter2")
      assert.strictEqual(server.counted.connections, 0)
    }
    yield* readUsage.pipe(through(server, { HTTPS_PROXY: "ada:hunter2@no url" }))
    assert.strictEqual(server.received.length, 1)
  })
})

/** Calls at an https server, with the CA that a variable names. */
const trusting = (origin: string, environment: Readonly<Record<string, string>>) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const { caCertificate } = yield* AccountConfigEnv.make({ codexHome: yield* temporaryHome() }).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))),
        Effect.provide(NodeContext.layer),
        Effect.orDie
      )
      return calling(origin, { settings: { caCertificate }, environment })
    })
  )

/** The backend behind TLS. */
const secured = Effect.gen(function* () {
  const [server, certificates] = [yield* backend, yield* makeCertificates]
  return { server, certificates, front: yield* tlsFront(server.origin, certificates) }
})

describe("a CA of one's own", () => {
  live.each(["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"])("is trusted by all requests (%s)", function* (name) {
    const { certificates, front, server } = yield* secured
    yield* Effect.provide(everything, trusting(front.origin, { [name]: certificates.ca }))
    assert.strictEqual(front.requests.count, 4)
    assert.strictEqual(server.received.length, 4)
  })

  live("is trusted through a proxy too", function* () {
    const [{ certificates, front }, between] = [yield* secured, yield* proxy()]
    const environment = { HTTPS_PROXY: between.origin, CODEX_CA_CERTIFICATE: certificates.ca }
    yield* Effect.provide(everything, trusting(front.origin, environment))
    assert.strictEqual(front.requests.count, 4)
    assert.deepStrictEqual([...new Set(between.targets)], [hostOf(front.origin)])
  })

  live("that nobody has named is not trusted: nothing is sent", function* () {
    const [{ front }, other] = [yield* secured, yield* makeCertificates]
    for (const environment of [{}, { CODEX_CA_CERTIFICATE: other.ca }]) {
      const found = yield* Effect.provide(failures, trusting(front.origin, environment))
      assert.include(found[0].message, "issued by Test")
      assert.deepStrictEqual(found.map(brief), [
        "CertificateUntrusted notSent",
        "CertificateUntrusted notSent",
        "Unavailable"
      ])
    }
    assert.strictEqual(front.requests.count, 0)
  })

  live("does not make another host's certificate good", function* () {
    const { certificates, front } = yield* secured
    const elsewhere = front.origin.replace("127.0.0.1", "localhost")
    const environment = { CODEX_CA_CERTIFICATE: certificates.ca }
    const error = yield* Effect.flip(Effect.provide(consume, trusting(elsewhere, environment)))
    assert.strictEqual(brief(error), "CertificateUntrusted notSent")
    assert.strictEqual(front.requests.count, 0)
  })

  inHome.each(["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"])(
    "whose bundle is gone, a folder or no certificate is an error that names the variable (%s)",
    function* (home, variable) {
      const nonsense = Path.join(home, "nonsense.pem")
      Fs.writeFileSync(nonsense, "no certificate\n")
      for (const path of [Path.join(home, "gone.pem"), home, nonsense]) {
        const error = yield* Effect.flip(
          Effect.scoped(
            Layer.build(HttpClientNode.layer).pipe(
              Effect.provide(
                AccountConfigEnv.layer({ codexHome: home, caCertificate: Option.some({ path, variable }) })
              ),
              Effect.provide(NodeContext.layer)
            )
          )
        )
        assert.strictEqual(error.reason, "CertificateUnreadable")
        assert.include(error.message, variable)
        assert.include(error.message, path)
      }
    }
  )
})
