import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Redacted from "effect/Redacted"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  refusal,
  sha256,
  type WsAuth,
  readWsAuth,
  type WsAuthFlags
} from "../../../src/app-server/transports/wsAuth.js"
import { secret, signed } from "./jwt.js"

const now = 1_760_000_000
const later = now + 3600

const token: WsAuth = { _tag: "CapabilityToken", digest: sha256("the-token") }
const jwt = (more: Partial<Extract<WsAuth, { _tag: "SignedBearer" }>> = {}): WsAuth => ({
  _tag: "SignedBearer",
  secret: Redacted.make(Buffer.from(secret)),
  issuer: null,
  audience: null,
  maxClockSkewSeconds: 30,
  ...more
})
const strict = jwt({ issuer: "me", audience: "you" })
const good = { exp: later, iss: "me", aud: "you" }
const [head = "", body = "", mac = ""] = signed(good).split(".")

const bearer = (...given: Parameters<typeof signed>) => `Bearer ${signed(...given)}`
const invalid = "invalid websocket jwt"

describe("a websocket's credential", () => {
  it.each<readonly [string, WsAuth, string | undefined, string | null]>([
    ["is not asked for", { _tag: "Open" }, undefined, null],
    ["is not looked at when it is not asked for", { _tag: "Open" }, "nonsense", null],

    ["is missing", token, undefined, "missing websocket bearer token"],
    ["is missing, signed", jwt(), undefined, "missing websocket bearer token"],
    ["is empty", token, "", "invalid authorization header"],
    ["is of another scheme", token, "Basic the-token", "invalid authorization header"],
    ["has no scheme", token, "the-token", "invalid authorization header"],
    ["has no token", token, "Bearer ", "invalid authorization header"],
    ["is two tokens", token, "Bearer the-token the-token", "invalid authorization header"],
    ["is right", token, "Bearer the-token", null],
    ["is right, with another spelling of the scheme", token, "bearer the-token", null],
    ["is wrong", token, "Bearer the-tokem", "invalid websocket bearer token"],
    ["is longer", token, "Bearer the-token2", "invalid websocket bearer token"],
    [
      "is the digest",
      token,
      `Bearer ${Buffer.from(sha256("the-token")).toString("hex")}`,
      "invalid websocket bearer token"
    ],

    ["is a good JWT", strict, bearer(good), null],
    ["is a good JWT with several audiences", strict, bearer({ ...good, aud: ["us", "you"] }), null],
    ["is a JWT that expired within the skew", jwt(), bearer({ exp: now - 30 }), null],
    ["is a JWT that expired", jwt(), bearer({ exp: now - 31 }), "expired websocket jwt"],
    [
      "is a JWT that expired, without any skew",
      jwt({ maxClockSkewSeconds: 0 }),
      bearer({ exp: now - 1 }),
      "expired websocket jwt"
    ],
    ["is a JWT that begins within the skew", jwt(), bearer({ exp: later, nbf: now + 30 }), null],
    ["is a JWT that begins later", jwt(), bearer({ exp: later, nbf: now + 31 }), "websocket jwt is not valid yet"],
    ["is a JWT without an expiry", jwt(), bearer({}), invalid],
    ["is a JWT with a text for an expiry", jwt(), bearer({ exp: String(later) }), invalid],
    ["is a JWT of another issuer", strict, bearer({ ...good, iss: "them" }), "websocket jwt issuer mismatch"],
    ["is a JWT of no issuer", strict, bearer({ exp: later, aud: "you" }), "websocket jwt issuer mismatch"],
    ["is a JWT for others", strict, bearer({ ...good, aud: ["us"] }), "websocket jwt audience mismatch"],
    ["is a JWT for nobody", strict, bearer({ exp: later, iss: "me" }), "websocket jwt audience mismatch"],
    ["is a JWT with another key", jwt(), bearer(good, { key: `${secret}!` }), invalid],
    ["is a JWT of another algorithm", jwt(), bearer(good, { header: { alg: "HS512" } }), invalid],
    ["is a JWT without an algorithm", jwt(), bearer(good, { header: { alg: "none" } }), invalid],
    [
      "is a JWT that demands what is not known",
      jwt(),
      bearer(good, { header: { alg: "HS256", crit: ["b64"] } }),
      invalid
    ],
    ["is a JWT without a signature", jwt(), `Bearer ${head}.${body}.`, invalid],
    [
      "is a JWT whose claims were changed",
      jwt(),
      `Bearer ${head}.${Buffer.from(JSON.stringify({ exp: later + 1 })).toString("base64url")}.${mac}`,
      invalid
    ],
    ["is a JWT whose claims are no JSON", jwt(), bearer("nonsense"), invalid],
    ["is no JWT", jwt(), "Bearer nonsense", invalid]
  ])("%s", (_, auth, header, expected) => assert.strictEqual(refusal(auth, header, now), expected))

  it.prop("nothing that is made up gets in", [FastCheck.fullUnicodeString()], ([text]) => {
    assert.isNotNull(refusal(token, `Bearer ${text}`, now))
    assert.isNotNull(refusal(jwt(), `Bearer ${text}`, now))
  })
})

/** A folder with secrets; `$` in a flag's value stands for it. */
const withFiles = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "codex-account-ws-"))
    writeFileSync(join(folder, "token"), "the-token\n")
    writeFileSync(join(folder, "empty"), " \n")
    writeFileSync(join(folder, "secret"), `${secret}\n`)
    writeFileSync(join(folder, "short"), `${secret.slice(1)}\n`)
    chmodSync(folder, 0o700)
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const read = (flags: WsAuthFlags) =>
  Effect.flatMap(withFiles, (folder) =>
    readWsAuth(
      Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, value?.replace("$", folder)]))
    ).pipe(
      Effect.either,
      Effect.map((either) => (either._tag === "Right" ? either.right : either.left.message.replaceAll(folder, "$")))
    )
  ).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

const digits = Buffer.from(sha256("the-token")).toString("hex")

const capability = (flags: WsAuthFlags): WsAuthFlags => ({ "--ws-auth": "capability-token", ...flags })
const bySecret = (flags: WsAuthFlags, file = "$/secret"): WsAuthFlags => ({
  "--ws-auth": "signed-bearer-token",
  "--ws-shared-secret-file": file,
  ...flags
})

describe("the flags of a websocket's credential", () => {
  it.effect.each<readonly [string, WsAuthFlags, WsAuth]>([
    ["none", {}, { _tag: "Open" }],
    ["a token in a file", capability({ "--ws-token-file": "$/token" }), token],
    [
      "a token's digest",
      capability({ "--ws-token-sha256": digits.toUpperCase() }),
      { _tag: "CapabilityToken", digest: Buffer.from(sha256("the-token")) }
    ],
    ["a secret", bySecret({}), jwt()],
    [
      "a secret with everything",
      bySecret({ "--ws-issuer": "me", "--ws-audience": "you", "--ws-max-clock-skew-seconds": "0" }),
      jwt({ issuer: "me", audience: "you", maxClockSkewSeconds: 0 })
    ]
  ])("%s", ([, flags, expected]) =>
    Effect.map(read(flags), (auth) => {
      assert.deepStrictEqual(auth, expected)
      if (typeof auth === "object" && auth._tag === "SignedBearer") {
        assert.strictEqual(Buffer.from(Redacted.value(auth.secret)).toString(), secret)
        assert.notInclude(JSON.stringify(auth), secret)
      }
    })
  )

  const oneToken = "`--ws-auth capability-token` needs exactly one of `--ws-token-file` and `--ws-token-sha256`"

  it.effect.each<readonly [string, WsAuthFlags, string]>([
    ["an unknown mode", { "--ws-auth": "basic" }, "`--ws-auth` is `capability-token` or `signed-bearer-token`"],
    ["a token without a mode", { "--ws-token-file": "$/token" }, "`--ws-token-file` needs `--ws-auth`"],
    ["no token", capability({}), oneToken],
    ["two tokens", capability({ "--ws-token-file": "$/token", "--ws-token-sha256": digits }), oneToken],
    [
      "a digest that is none",
      capability({ "--ws-token-sha256": "abc" }),
      "`--ws-token-sha256` needs 64 hexadecimal digits"
    ],
    ["a relative file", capability({ "--ws-token-file": "token" }), "`--ws-token-file` needs an absolute path"],
    [
      "a file that is not there",
      capability({ "--ws-token-file": "$/none" }),
      "`--ws-token-file`: $/none can't be read"
    ],
    ["an empty file", capability({ "--ws-token-file": "$/empty" }), "`--ws-token-file`: $/empty is empty"],
    [
      "a token and an issuer",
      capability({ "--ws-token-file": "$/token", "--ws-issuer": "me" }),
      "`--ws-issuer` is not for `--ws-auth capability-token`"
    ],
    [
      "a secret and a token",
      bySecret({ "--ws-token-file": "$/token" }),
      "`--ws-token-file` is not for `--ws-auth signed-bearer-token`"
    ],
    [
      "no secret",
      { "--ws-auth": "signed-bearer-token" },
      "`--ws-auth signed-bearer-token` needs `--ws-shared-secret-file`"
    ],
    [
      "a secret that is too short",
      bySecret({}, "$/short"),
      "`--ws-shared-secret-file`: the secret needs at least 32 bytes"
    ],
    [
      "a skew that is no number",
      bySecret({ "--ws-max-clock-skew-seconds": "-1" }),
      "`--ws-max-clock-skew-seconds` needs a whole number of seconds"
    ]
  ])("%s: refused", ([, flags, expected]) => Effect.map(read(flags), (told) => assert.strictEqual(told, expected)))
})
