import { assert, describe, vi } from "@effect/vitest"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as BrowserSystem from "../../../src/layers/BrowserSystem.js"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import { Browser } from "../../../src/services/Browser.js"
import { liveOver, virtual } from "../../cases.js"

const settings = (environment: Readonly<Record<string, string>>) =>
  AccountConfigEnv.make().pipe(
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries({ HOME: "/nonexistent", ...environment })))
    ),
    Effect.provide(NodeContext.layer)
  )

describe("where people sign in", () => {
  virtual("is OpenAI, under our own name", function* () {
    const { authApi, issuer, originator } = yield* settings({})
    assert.strictEqual(issuer, "https://auth.openai.com")
    assert.strictEqual(authApi, "https://auth.openai.com/api/accounts")
    assert.strictEqual(originator, "effect-codex-account")
  })

  virtual("is named by the variables of the Codex CLI", function* () {
    const { authApi, issuer, originator } = yield* settings({
      CODEX_APP_SERVER_LOGIN_ISSUER: " http://127.0.0.1:9/ ",
      CODEX_AUTHAPI_BASE_URL: "http://127.0.0.1:9/api//",
      CODEX_INTERNAL_ORIGINATOR_OVERRIDE: "mein Wörk"
    })
    assert.deepStrictEqual([issuer, authApi, originator], ["http://127.0.0.1:9", "http://127.0.0.1:9/api", "mein W_rk"])
  })

  virtual.each(["CODEX_APP_SERVER_LOGIN_ISSUER", "CODEX_AUTHAPI_BASE_URL"])("is no other URL: %s", function* (name) {
    const error = yield* Effect.flip(settings({ [name]: "ftp://elsewhere.test" }))
    assert.include(String(error), name)
  })
})

describe.runIf(process.platform === "linux")("the browser of the system", () => {
  const withProgram = (script: string) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${folder}/xdg-open`, `#!/bin/sh\n${script.replaceAll("$FOLDER", folder)}\n`)
      yield* fs.chmod(`${folder}/xdg-open`, 0o755)
      vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`)
      return folder
    })

  const onSystem = liveOver(Layer.merge(BrowserSystem.layer, NodeContext.layer))
  const address = "http://127.0.0.1:9/page?a=1&b=$(id)%20;"

  onSystem("gets the address as it is, through no shell", function* () {
    const folder = yield* withProgram('printf "%s" "$1" > "$FOLDER/seen"')
    const fs = yield* FileSystem.FileSystem
    assert.isTrue(yield* (yield* Browser).open(address))
    assert.strictEqual(yield* fs.readFileString(`${folder}/seen`), address)
  })

  onSystem("is not there when its program fails, or is not there itself", function* () {
    const { open } = yield* Browser
    yield* withProgram("exit 3")
    assert.isFalse(yield* open(address))
    vi.stubEnv("PATH", "/nonexistent")
    assert.isFalse(yield* open(address))
  })

  onSystem("opens nothing but pages", function* () {
    yield* withProgram("exit 0")
    const { open } = yield* Browser
    assert.isFalse(yield* open("file:///etc/passwd"))
    assert.isFalse(yield* open("--help"))
  })
})
