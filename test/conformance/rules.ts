/** What holds for everything that an app-server says. */
import type { Message } from "../../src/rpc/Envelope.js"
import type { Heard } from "./Peer.js"

const isSignInAnswer = (message: Message): boolean =>
  message._tag === "Response" &&
  typeof message.result === "object" &&
  message.result !== null &&
  "type" in message.result &&
  ["apiKey", "chatgpt", "chatgptAuthTokens"].includes(String(message.result.type))

/** Which of it was broken, in words. */
export const brokenRules = (heard: ReadonlyArray<Heard>): ReadonlyArray<string> => {
  const broken: Array<string> = []
  const answered = new Set<unknown>()
  let signIns = 0
  let completed = 0
  for (const { line, message } of heard) {
    if (message === null) {
      broken.push("a line that is no message")
      continue
    }
    if (/^\{"jsonrpc"|,"jsonrpc":"2\.0"\}?$/.test(line)) broken.push("a jsonrpc member")
    if (message._tag === "Notification") {
      if (typeof message.emittedAtMs !== "number") broken.push(`${message.method} without emittedAtMs`)
      if (message.method === "account/login/completed") completed += 1
      if (completed > signIns) broken.push("account/login/completed before the answer to the sign-in")
    }
    if (message._tag === "Response" || message._tag === "ErrorResponse") {
      if (answered.has(message.id)) broken.push(`two answers to ${String(message.id)}`)
      answered.add(message.id)
      if (isSignInAnswer(message)) signIns += 1
    }
    if (message._tag === "ErrorResponse" && !line.startsWith('{"error":')) {
      broken.push("an error frame whose first member is not the error")
    }
  }
  return broken
}
