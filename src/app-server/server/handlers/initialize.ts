/** The handshake. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Os from "node:os"
import * as Path from "node:path"
import { version } from "../../../domain/version.js"
import { AccountConfig } from "../../../services/AccountConfig.js"
import type { ClientInfo, InitializeResponse } from "../../protocol/schemas/Initialize.js"

const families: Readonly<Record<string, string>> = { darwin: "macos", win32: "windows" }

const printable = (text: string): string => text.replace(/[^\u0020-\u007e]/g, "_")

/** Whether the text does as the value of an HTTP header. */
export const isHeaderValue = (text: string): boolean => /^[\t\u0020-\u007e]*$/.test(text)

/**
 * What a client is told of this server and its machine. The user agent begins with the client's name, or with the one
 * that `CODEX_INTERNAL_ORIGINATOR_OVERRIDE` gives, and ends with what the client said.
 */
export const makeServerInfo: Effect.Effect<
  (client: typeof ClientInfo.Type) => InitializeResponse,
  never,
  AccountConfig
> = Effect.gen(function* () {
  const { codexHome } = yield* AccountConfig
  const text = (name: string) =>
    Effect.map(
      Effect.option(Config.string(name)),
      Option.filter((word) => word !== "")
    )
  const terminal = Option.getOrElse(yield* text("TERM"), () => "unknown")
  const originator = yield* text("CODEX_INTERNAL_ORIGINATOR_OVERRIDE")
  return ({ name, version: clientVersion }) => {
    const origin = Option.getOrElse(originator, () => name)
    const suffix = `${name}; ${clientVersion}`.trim()
    return {
      userAgent: printable(
        `${origin}/${version} (${Os.type()} ${Os.release()}; ${Os.machine()}) ${terminal} (${suffix})`
      ),
      codexHome: Path.resolve(codexHome),
      platformFamily: process.platform === "win32" ? "windows" : "unix",
      platformOs: families[process.platform] ?? process.platform
    }
  }
})
