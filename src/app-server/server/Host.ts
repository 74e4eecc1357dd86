/** The machine that the server runs on. */
import * as Context from "effect/Context"
import * as Os from "node:os"
import * as Path from "node:path"

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
