/** The browser that the operating system opens. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ChildProcess from "node:child_process"
import { Browser } from "../services/Browser.js"

type Command = readonly [program: string, ...args: ReadonlyArray<string>]

const commandFor = (platform: NodeJS.Platform, url: string): Command => {
  if (platform === "darwin") return ["open", url]
  // Not `start`: a shell would interpret the ampersands of the address.
  return platform === "win32" ? ["rundll32", "url.dll,FileProtocolHandler", url] : ["xdg-open", url]
}

/** Starts the program and watches it for a second, then leaves it running: on some systems it becomes the browser. */
const start = ([program, ...args]: Command): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const child = ChildProcess.spawn(program, args, { detached: true, stdio: "ignore", windowsHide: true })
    child.once("error", () => resume(Effect.succeed(false)))
    child.once("exit", (code) => resume(Effect.succeed(code === 0)))
    child.unref()
  }).pipe(Effect.timeoutTo({ duration: "1 second", onTimeout: () => true, onSuccess: (taken) => taken }))

/**
 * `open` on macOS, `rundll32` on Windows, `xdg-open` elsewhere. Opens only `http` and `https` addresses.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Browser> = Layer.succeed(
  Browser,
  Browser.of({
    open: (url) => (/^https?:\/\//.test(url) ? start(commandFor(process.platform, url)) : Effect.succeed(false))
  })
)
