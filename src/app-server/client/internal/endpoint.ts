/** Where a websocket may go, and with what. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { echoed } from "../../protocol/echo.js"
import { type IoError, ioError } from "../TypedRequestError.js"
import type { WebSocketTarget } from "./webSocketLink.js"

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname)

/** A token goes over TLS, or stays on this machine. */
export const mayCarryToken = (url: URL): boolean =>
  url.protocol === "wss:" || (url.protocol === "ws:" && isLoopback(url))

const isHeaderValue = (text: string): boolean => /^[\t\x20-\x7e]*$/.test(text)

const problemOf = (url: URL): string | null => {
  if (url.protocol !== "ws:" && url.protocol !== "wss:") return "the scheme is neither ws nor wss"
  if (url.username !== "" || url.password !== "") return "it holds credentials; use authToken"
  return url.hash === "" ? null : "it has a fragment"
}

/** The target of a URL, checked before anything is sent. */
export const webSocketTarget = (
  given: string,
  authToken: Redacted.Redacted | undefined
): Effect.Effect<WebSocketTarget, IoError> =>
  Effect.suspend(() => {
    const url = URL.canParse(given) ? new URL(given) : null
    const problem = url === null ? "it is no URL" : problemOf(url)
    if (url === null || problem !== null) {
      return ioError("InvalidInput", `invalid websocket URL \`${echoed(given)}\`: ${problem}`)
    }
    const target = { endpoint: given, url: given, headers: {} }
    if (authToken === undefined) return Effect.succeed(target)
    if (!mayCarryToken(url)) {
      return ioError(
        "InvalidInput",
        `remote auth tokens require \`wss://\` or loopback \`ws://\` URLs; got \`${given}\``
      )
    }
    const authorization = `Bearer ${Redacted.value(authToken)}`
    return isHeaderValue(authorization)
      ? Effect.succeed({ ...target, headers: { authorization } })
      : ioError("InvalidInput", "invalid remote authorization header value: failed to parse header value")
  })
