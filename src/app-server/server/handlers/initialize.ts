/** What `initialize` answers. */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Os from "node:os"
import * as Path from "node:path"
import { version } from "../../../domain/version.js"
import { AccountConfig } from "../../../services/AccountConfig.js"
import type { ClientInfo } from "../../protocol/schemas/Initialize.js"

const systems: Readonly<Record<string, string>> = { darwin: "macos", win32: "windows" }

/** `system` is what a user agent says of it; `absolute` resolves a path against the working directory. */
export class Host extends Context.Reference<Host>()("effect-codex-account/app-server/server/Host", {
  defaultValue: () => ({
    system: `${Os.type()} ${Os.release()}; ${Os.machine()}`,
    family: process.platform === "win32" ? "windows" : "unix",
    os: systems[process.platform] ?? process.platform,
    absolute: (path: string): string => Path.resolve(path)
  })
}) {}

const printable = (text: string): string => text.replace(/[^\u0020-\u007e]/g, "_")

/** A variable of the environment; none when it is empty. */
const variable = (name: string) =>
  Effect.map(
    Effect.option(Config.string(name)),
    Option.filter((text) => text !== "")
  )

/** A name that the environment gives to clients, instead of their own. */
export const originatorOverride = variable("CODEX_INTERNAL_ORIGINATOR_OVERRIDE")

/**
 * The server and its machine. The user agent begins with the client's name, or the override, and ends with the name and
 * version that the client gave.
 */
export const makeServerInfo = Effect.gen(function* () {
  const { codexHome } = yield* AccountConfig
  const host = yield* Host
  const terminal = Option.getOrElse(yield* variable("TERM"), () => "unknown")
  const override = yield* originatorOverride
  return ({ name, version: clientVersion }: typeof ClientInfo.Type) => {
    const originator = Option.getOrElse(override, () => name)
    const suffix = `${name}; ${clientVersion}`.trim()
    return {
      userAgent: printable(`${originator}/${version} (${host.system}) ${terminal} (${suffix})`),
      codexHome: host.absolute(codexHome),
      platformFamily: host.family,
      platformOs: host.os
    }
  }
})
