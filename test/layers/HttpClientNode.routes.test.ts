import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as AccountConfigEnv from "../../src/layers/AccountConfigEnv.js"
import * as HttpClientNode from "../../src/layers/HttpClientNode.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { brief, calling, consume, readUsage, usageBody } from "./support/backend.js"
import { temporaryHome } from "./support/home.js"
import { freePort, httpServer, json, makeCertificates, proxy, tlsFront } from "./support/sockets.js"

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

describe("a proxy", () => {
  it.scopedLive.each(["HTTP_PROXY", "http_proxy"])(
    "of the environment (%s) has backend, exchange and revocation",
    (name) =>
      Effect.gen(function* () {
        const [server, between] = [yield* backend, yield* proxy()]
        yield* Effect.provide(everything, calling(server.origin, { environment: { [name]: between.origin } }))
        assert.strictEqual(server.received.length, 4)
        assert.isAbove(between.targets.length, 0)
        assert.deepStrictEqual([...new Set(between.targets)], [hostOf(server.origin)])
        // Whatever reached the server came through the proxy: it had as many connections as the proxy made.
        assert.isAtMost(server.counted.connections, between.targets.length)
      })
  )

  it.scopedLive("has nothing where NO_PROXY names the host", () =>
    Effect.gen(function* () {
      const [server, between] = [yield* backend, yield* proxy()]
      yield* Effect.provide(
        everything,
        calling(server.origin, { environment: { HTTP_PROXY: between.origin, NO_PROXY: "localhost,127.0.0.1" } })
      )
      assert.strictEqual(server.received.length, 4)
      assert.deepStrictEqual(between.targets, [])
    })
  )

  it.scopedLive("may ask for a name and a word", () =>
    Effect.gen(function* () {
      const [server, between] = [yield* backend, yield* proxy({ credentials: "ada:hunter2" })]
      yield* Effect.provide(
        everything,
        calling(server.origin, { environment: { HTTP_PROXY: between.origin.replace("//", "//ada:hunter2@") } })
      )
      assert.strictEqual(server.received.length, 4)
      for (const { headers } of server.received) assert.isUndefined(headers["proxy-authorization"])
    })
  )

  it.scopedLive("that refuses sends nothing on, and its words are not shown", () =>
    Effect.gen(function* () {
      const [server, between] = [yield* backend, yield* proxy({ credentials: "ada:other" })]
      const error = yield* Effect.flip(
        Effect.provide(
          consume,
          calling(server.origin, { environment: { HTTP_PROXY: between.origin.replace("//", "//ada:hunter2@") } })
        )
      )
      assert.strictEqual(server.received.length, 0)
      assert.notInclude(`${error.message} ${JSON.stringify(error)} ${error.stack}`, "hunter2")
    })
  )

  it.scopedLive("that is not there is no doubt: nothing was sent, not even directly", () =>
    Effect.gen(function* () {
      const server = yield* backend
      const error = yield* Effect.flip(
        Effect.provide(
          consume,
          calling(server.origin, { environment: { HTTP_PROXY: `http://127.0.0.1:${yield* freePort}` } })
        )
      )
      assert.strictEqual(brief(error), "Unreachable notSent")
      assert.strictEqual(server.counted.connections, 0)
    })
  )

  it.scopedLive("that is no URL is refused, and not shown", () =>
    Effect.gen(function* () {
      const server = yield* backend
      const error = yield* Effect.flip(
        Effect.provide(consume, calling(server.origin, { environment: { HTTP_PROXY: "ada:hunter2@no url" } }))
      )
      assert.strictEqual(error._tag, "ConfigurationError")
      assert.include(error.message, "HTTP_PROXY")
      assert.notInclude(`${error.message} ${JSON.stringify(error)} ${error.stack}`, "hunter2")
      assert.strictEqual(server.counted.connections, 0)
    })
  )
})

/** `everything` at an https server, with the CA that a variable names. */
const trusting = (origin: string, environment: Readonly<Record<string, string>>, home: string) =>
  Effect.gen(function* () {
    const { caCertificate } = yield* AccountConfigEnv.make({ codexHome: home }).pipe(
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))),
      Effect.provide(NodeContext.layer)
    )
    return calling(origin, { settings: { caCertificate }, environment })
  })

describe("a CA of one's own", () => {
  it.scopedLive.each(["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"])("is trusted by all requests (%s)", (name) =>
    Effect.gen(function* () {
      const [server, certificates] = [yield* backend, yield* makeCertificates]
      const front = yield* tlsFront(server.origin, certificates)
      yield* Effect.provide(
        everything,
        yield* trusting(front.origin, { [name]: certificates.ca }, yield* temporaryHome())
      )
      assert.strictEqual(front.requests.count, 4)
      assert.strictEqual(server.received.length, 4)
    })
  )

  it.scopedLive("is trusted through a proxy too", () =>
    Effect.gen(function* () {
      const [server, certificates, between] = [yield* backend, yield* makeCertificates, yield* proxy()]
      const front = yield* tlsFront(server.origin, certificates)
      const environment = { HTTPS_PROXY: between.origin, CODEX_CA_CERTIFICATE: certificates.ca }
      yield* Effect.provide(everything, yield* trusting(front.origin, environment, yield* temporaryHome()))
      assert.strictEqual(front.requests.count, 4)
      assert.deepStrictEqual([...new Set(between.targets)], [hostOf(front.origin)])
    })
  )

  it.scopedLive("that nobody has named is not trusted: nothing is sent", () =>
    Effect.gen(function* () {
      const [server, certificates] = [yield* backend, yield* makeCertificates]
      const other = yield* makeCertificates
      const front = yield* tlsFront(server.origin, certificates)
      const home = yield* temporaryHome()
      for (const environment of [{}, { CODEX_CA_CERTIFICATE: other.ca }]) {
        yield* Effect.gen(function* () {
          assert.strictEqual(brief(yield* Effect.flip(readUsage)), "Unreachable notSent")
          assert.strictEqual(brief(yield* Effect.flip(consume)), "Unreachable notSent")
          const { reason } = yield* Effect.flip((yield* AuthSession).refresh)
          assert.strictEqual(reason, "Unavailable")
        }).pipe(Effect.provide(yield* trusting(front.origin, environment, home)))
      }
      assert.strictEqual(front.requests.count, 0)
    })
  )

  it.scopedLive("does not make another host's certificate good", () =>
    Effect.gen(function* () {
      const [server, certificates] = [yield* backend, yield* makeCertificates]
      const front = yield* tlsFront(server.origin, certificates)
      const elsewhere = front.origin.replace("127.0.0.1", "localhost")
      const environment = { CODEX_CA_CERTIFICATE: certificates.ca }
      const error = yield* Effect.flip(
        Effect.provide(consume, yield* trusting(elsewhere, environment, yield* temporaryHome()))
      )
      assert.strictEqual(brief(error), "Unreachable notSent")
      assert.strictEqual(front.requests.count, 0)
    })
  )

  it.scoped.each(["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"])(
    "whose bundle is gone, a folder or no certificate is an error that names the variable (%s)",
    (variable) =>
      Effect.gen(function* () {
        const home = yield* temporaryHome()
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
      })
  )
})
