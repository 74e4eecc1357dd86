/** Undici's dispatchers: one for each way that requests take, made when the first one takes it. */
import * as Undici from "@effect/platform-node/Undici"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Option from "effect/Option"
import * as Tls from "node:tls"
import { AccountConfig, ConfigurationError } from "../../services/AccountConfig.js"
import { withDotenv } from "./dotenv.js"
import { type Proxy, proxyFor } from "./proxyRoutes.js"

/** A dispatcher, with the proxy that it goes through. */
export interface Way {
  readonly dispatcher: Undici.Dispatcher
  readonly proxy: Proxy | null
}

/** The bundle that the settings name; undefined where they name none. */
const ownCertificates = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { caCertificate } = yield* AccountConfig
  if (Option.isNone(caCertificate)) return undefined
  const { path, variable } = caCertificate.value
  const unreadable = new ConfigurationError({ reason: "CertificateUnreadable", detail: `${variable} names ${path}` })
  const pem = yield* Effect.mapError(fs.readFileString(path), () => unreadable)
  return pem.includes("-----BEGIN") ? pem : yield* unreadable
})

/** The part of `node:tls` that knows certificates. Before Node 22.15 it can't read the system's. */
interface Certificates {
  readonly rootCertificates: ReadonlyArray<string>
  readonly getCACertificates?: (type: "default" | "system") => ReadonlyArray<string>
}

/**
 * What is trusted: Node's own certificates, the system's where Node can read them, and the bundle. Undefined for Node's
 * own alone.
 * @internal
 */
export const trusted = (tls: Certificates, bundle: string | undefined): ReadonlyArray<string> | undefined => {
  const { getCACertificates, rootCertificates } = tls
  if (getCACertificates === undefined) return bundle === undefined ? undefined : [...rootCertificates, bundle]
  const known = new Set([...getCACertificates("default"), ...getCACertificates("system")])
  return [...known, ...(bundle === undefined ? [] : [bundle])]
}

type Secure = { readonly secureContext?: Tls.SecureContext }

/** Made once: it reads every certificate. */
const contextOf = (ca: ReadonlyArray<string> | undefined): Secure =>
  ca === undefined ? {} : { secureContext: Tls.createSecureContext({ ca: [...ca] }) }

/** Connects as undici does, and adds to the error about a certificate who has issued it. */
const directConnector = (secure: () => Secure): Undici.buildConnector.connector => {
  let connect: Undici.buildConnector.connector | undefined
  return (options, callback) => {
    let issuer: string | undefined
    connect ??= Undici.buildConnector({ timeout: 10_000, ...secure() })
    const socket: unknown = connect(options, (...[error, connected]) => {
      if (error === null) callback(null, connected)
      else callback(issuer === undefined ? error : Object.assign(error, { issuer }), null)
    })
    if (socket instanceof Tls.TLSSocket) {
      // Before Node looks at the certificate, and closes the connection.
      socket.prependOnceListener("secure", () => {
        const { CN, O } = socket.getPeerCertificate().issuer ?? {}
        issuer = [CN ?? O ?? []].flat()[0]
      })
    }
  }
}

/** A variable in lower case wins over the one in upper case. */
const variable = (name: string) =>
  Config.string(name.toLowerCase()).pipe(
    Config.orElse(() => Config.string(name)),
    Effect.orElseSucceed(() => "")
  )

const proxyAgent = ({ isSocks, url }: Proxy, tls: Secure): Undici.Dispatcher => {
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
  if (isSocks) {
    // Undici has the proxy look names up, which is what the `h` asks for.
    const options = { requestTls: tls, username, password }
    return new Undici.Socks5ProxyAgent(url.href.replace(/^socks5h:/, "socks5:"), options)
  }
  const token = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`
  return new Undici.ProxyAgent({
    uri: url.href,
    requestTls: tls,
    proxyTls: tls,
    ...(username === "" && password === "" ? {} : { token })
  })
}

/**
 * The way to a URL, or what is wrong with the variable that names it. The dispatchers are closed with the scope.
 */
export const makeWays = Effect.gen(function* () {
  const bundle = yield* ownCertificates
  const { dotenv } = yield* AccountConfig
  const variables = yield* Effect.all({
    HTTP_PROXY: variable("HTTP_PROXY"),
    HTTPS_PROXY: variable("HTTPS_PROXY"),
    ALL_PROXY: variable("ALL_PROXY"),
    NO_PROXY: variable("NO_PROXY")
  }).pipe(withDotenv(dotenv))
  let context: Secure | undefined
  const secure = (): Secure => (context ??= contextOf(trusted(Tls, bundle)))
  const ways = new Map<string, Way>()
  yield* Effect.addFinalizer(() =>
    Effect.promise(() => Promise.all([...ways.values()].map(({ dispatcher }) => dispatcher.destroy())))
  )
  const make = (proxy: Proxy | null): Either.Either<Undici.Dispatcher, string> =>
    Either.try({
      try: () =>
        proxy === null ? new Undici.Agent({ connect: directConnector(secure) }) : proxyAgent(proxy, secure()),
      catch: () => `${proxy?.variable ?? "the bundle"} can't be used`
    })

  return (url: URL): Either.Either<Way, ConfigurationError> =>
    Either.gen(function* () {
      const proxy = yield* proxyFor(url, variables)
      const key = proxy?.variable ?? ""
      const known = ways.get(key)
      if (known !== undefined) return known
      const way = { dispatcher: yield* make(proxy), proxy }
      ways.set(key, way)
      return way
    }).pipe(Either.mapLeft((detail) => new ConfigurationError({ reason: "InvalidValue", detail })))
})
