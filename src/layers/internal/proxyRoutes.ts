/** Which proxy the environment's variables name for a URL. */
import * as Either from "effect/Either"
import * as Net from "node:net"

/** The variables' values; empty where they are not set. */
export interface ProxyVariables {
  readonly HTTP_PROXY: string
  readonly HTTPS_PROXY: string
  readonly ALL_PROXY: string
  readonly NO_PROXY: string
}

export interface Proxy {
  /** The variable that names it. */
  readonly variable: keyof ProxyVariables
  readonly url: URL
  readonly isSocks: boolean
}

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" }

/** `*`, a host with all below it, an address or a range of them, each perhaps with a port. */
const matches = (entry: string, host: string, port: string): boolean => {
  if (entry === "*") return true
  const [, bracketed, plain, wantedPort] = /^(?:\[(.+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? []
  const name = (bracketed ?? plain ?? "").replace(/^\*?\./, "").replace(/\.$/, "")
  if (name === "" || (wantedPort !== undefined && wantedPort !== port)) return false
  if (Net.isIP(host) !== 0) return isWithin(name, host)
  return host === name || host.endsWith(`.${name}`)
}

/** Whether the address is the other one, or in the range. */
const isWithin = (range: string, address: string): boolean => {
  const [base = "", bits] = range.split("/")
  const version = Net.isIP(base)
  const width = bits === undefined ? (version === 6 ? 128 : 32) : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (version === 0 || !(width <= (version === 6 ? 128 : 32))) return false
  const list = new Net.BlockList()
  list.addSubnet(base, width, version === 6 ? "ipv6" : "ipv4")
  return list.check(address, Net.isIP(address) === 6 ? "ipv6" : "ipv4")
}

const isExcepted = (url: URL, noProxy: string): boolean => {
  const host = url.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, "")
  const port = url.port === "" ? (defaultPorts[url.protocol] ?? "") : url.port
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== "" && matches(entry, host, port))
}

const schemes: Readonly<Record<string, { readonly isSocks: boolean }>> = {
  "http:": { isSocks: false },
  "https:": { isSocks: false },
  "socks:": { isSocks: true },
  "socks5:": { isSocks: true },
  "socks5h:": { isSocks: true }
}

/** The value as a proxy. One without a scheme is an HTTP proxy. An error never holds the value. */
const proxyOf = (variable: keyof ProxyVariables, value: string): Either.Either<Proxy, string> => {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`
  if (!URL.canParse(text)) return Either.left(`${variable} is not the URL of a proxy`)
  const url = new URL(text)
  const scheme = schemes[url.protocol]
  if (scheme !== undefined) return Either.right({ variable, url, ...scheme })
  return Either.left(
    url.protocol.startsWith("socks")
      ? `${variable} names a SOCKS proxy of a kind that is not supported: socks5:// is`
      : `${variable} is not the URL of an HTTP or SOCKS proxy`
  )
}

/** The proxy on the way to the URL, null for none, or what is wrong with the variable that names it. */
export const proxyFor = (url: URL, variables: ProxyVariables): Either.Either<Proxy | null, string> => {
  const order =
    url.protocol === "https:"
      ? (["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"] as const)
      : (["HTTP_PROXY", "ALL_PROXY"] as const)
  const variable = order.find((name) => variables[name].trim() !== "")
  return variable === undefined || isExcepted(url, variables.NO_PROXY)
    ? Either.right(null)
    : proxyOf(variable, variables[variable].trim())
}
