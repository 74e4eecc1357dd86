import { assert, describe, vi } from "@effect/vitest"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as BrowserSystem from "../../../src/layers/BrowserSystem.js"
import { Browser } from "../../../src/services/Browser.js"
import { liveOver } from "../../cases.js"

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
