import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { isLoopback, type Listen, parseListenUrl, socketAddress } from "../../../src/app-server/transports/listenUrl.js"

const unsupported = (url: string) =>
  `unsupported --listen URL \`${url}\`; expected \`stdio://\`, \`unix://\`, \`unix://PATH\`, \`ws://IP:PORT\`, or \`off\``
const invalid = (url: string) => `invalid websocket --listen URL \`${url}\`; expected \`ws://IP:PORT\``

describe("a listen URL", () => {
  it.each<readonly [string, Listen]>([
    ["stdio://", { _tag: "Stdio" }],
    ["off", { _tag: "Off" }],
    ["unix://", { _tag: "Unix", path: null }],
    ["unix:///run/a b.sock", { _tag: "Unix", path: "/run/a b.sock" }],
    ["unix://here.sock", { _tag: "Unix", path: "here.sock" }],
    ["ws://127.0.0.1:4500", { _tag: "WebSocket", host: "127.0.0.1", port: 4500 }],
    ["ws://0.0.0.0:0", { _tag: "WebSocket", host: "0.0.0.0", port: 0 }],
    ["ws://[::1]:65535", { _tag: "WebSocket", host: "::1", port: 65_535 }]
  ])("%s", (url, listen) => assert.deepStrictEqual(parseListenUrl(url), Either.right(listen)))

  it.each<readonly [string, string]>([
    ...["", "stdio", "stdio:///", "OFF", "tcp://127.0.0.1:1", "wss://127.0.0.1:1", "http://127.0.0.1:1", "unix:/a"].map(
      (url) => [url, unsupported(url)] as const
    ),
    ...[
      "ws://",
      "ws://localhost:4500",
      "ws://127.0.0.1",
      "ws://127.0.0.1:",
      "ws://127.0.0.1:65536",
      "ws://127.0.0.1:-1",
      "ws://127.0.0.1:4500/",
      "ws://127.0.0.1:4500/rpc",
      "ws://127.0.0:4500",
      "ws://127.0.0.256:4500",
      "ws://::1:4500",
      "ws://[127.0.0.1]:4500",
      "ws://[::1]",
      "ws://user@127.0.0.1:4500",
      "ws://127.0.0.1:4500 "
    ].map((url) => [url, invalid(url)] as const),
    ["unix://a\0b", "invalid unix socket --listen URL `unix://a\0b`; failed to resolve socket path: it holds a NUL"]
  ])("%j is refused", (url, message) =>
    assert.strictEqual(Either.getOrThrow(Either.flip(parseListenUrl(url))).message, message)
  )
})

it.each([
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["::1", true],
  ["0:0:0:0:0:0:0:1", true],
  ["0.0.0.0", false],
  ["192.168.1.1", false],
  ["128.0.0.1", false],
  ["::", false],
  ["::ffff:127.0.0.1", false],
  ["fe80::1", false]
])("%s is loopback: %s", (host, expected) => assert.strictEqual(isLoopback(host), expected))

it.each([
  ["127.0.0.1", 1, "127.0.0.1:1"],
  ["::1", 2, "[::1]:2"]
])("%s %d as one word", (host, port, expected) => assert.strictEqual(socketAddress(host, port), expected))
