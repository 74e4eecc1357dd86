/** Where an app-server listens, as `--listen` names it. */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import { isIP, isIPv4 } from "node:net"

/** `path` is null for the place in the Codex home. `host` is an IP address, an IPv6 one without brackets. */
export type Listen =
  | { readonly _tag: "Stdio" }
  | { readonly _tag: "Unix"; readonly path: string | null }
  | { readonly _tag: "WebSocket"; readonly host: string; readonly port: number }
  | { readonly _tag: "Off" }

/** The server can't listen there, or not with these flags. */
export class ListenError extends Data.TaggedError("ListenError")<{ readonly message: string }> {}

const address = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/

const webSocket = (text: string): Listen | null => {
  const [, six, four, digits] = address.exec(text) ?? []
  const port = Number(digits)
  if (six !== undefined && isIP(six) === 6 && port <= 65_535) return { _tag: "WebSocket", host: six, port }
  if (four !== undefined && isIPv4(four) && port <= 65_535) return { _tag: "WebSocket", host: four, port }
  return null
}

export const parseListenUrl = (url: string): Either.Either<Listen, ListenError> => {
  const fail = (message: string) => Either.left(new ListenError({ message }))
  if (url === "stdio://") return Either.right({ _tag: "Stdio" })
  if (url === "off") return Either.right({ _tag: "Off" })
  if (url.startsWith("unix://")) {
    const path = url.slice("unix://".length)
    return path.includes("\0")
      ? fail(`invalid unix socket --listen URL \`${url}\`; failed to resolve socket path: it holds a NUL`)
      : Either.right({ _tag: "Unix", path: path === "" ? null : path })
  }
  if (url.startsWith("ws://")) {
    const found = webSocket(url.slice("ws://".length))
    return found === null
      ? fail(`invalid websocket --listen URL \`${url}\`; expected \`ws://IP:PORT\``)
      : Either.right(found)
  }
  return fail(
    `unsupported --listen URL \`${url}\`; expected \`stdio://\`, \`unix://\`, \`unix://PATH\`, \`ws://IP:PORT\`, or \`off\``
  )
}

/** An address and port as one word. */
export const socketAddress = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`

/** Whether only this machine reaches the address. */
export const isLoopback = (host: string): boolean =>
  isIPv4(host) ? host.startsWith("127.") : /^[0:]*:0*1$/.test(host) && isIP(host) === 6
