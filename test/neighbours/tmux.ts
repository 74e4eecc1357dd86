/** A program in a terminal of tmux: what it shows, and keys for it. Every server of tmux is ended. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawnSync } from "node:child_process"
import { join } from "node:path"

export interface Pane {
  /** The lines on the screen that are not empty. */
  readonly shown: () => string
  /** Waits until it shows this; fails with what it shows instead. */
  readonly until: (words: string) => Effect.Effect<string, Error>
  /** Types a text, as a person would. */
  readonly type: (text: string) => Effect.Effect<void, Error>
  readonly press: (...keys: ReadonlyArray<string>) => Effect.Effect<void>
}

export const hasTmux = (): boolean => spawnSync("tmux", ["-V"]).status === 0

let terminals = 0

/** Runs the command in a terminal of 110 columns; what it leaves behind stays to be read. */
export const terminal = (
  command: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
  folder: string
): Effect.Effect<Pane, never, Scope.Scope> =>
  Effect.gen(function* () {
    terminals += 1
    const socket = join(folder, `.tmux-${terminals}`)
    const tmux = (...args: ReadonlyArray<string>): string =>
      spawnSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], { encoding: "utf8" }).stdout
    const quoted = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...command].map(
      (word) => `'${word.replaceAll("'", `'\\''`)}'`
    )
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        tmux("new-session", "-d", "-x", "110", "-y", "60", "-c", folder, `env -i ${quoted.join(" ")}; sleep 1000`)
      ),
      () => Effect.sync(() => tmux("kill-server"))
    )
    const shown = () =>
      tmux("capture-pane", "-p")
        .split("\n")
        .filter((line) => line.trim() !== "")
        .join("\n")
    const until = (words: string) =>
      Effect.sync(shown).pipe(
        Effect.delay("100 millis"),
        Effect.repeat({ until: (text) => text.includes(words) }),
        Effect.timeoutFail({ duration: "30 seconds", onTimeout: () => new Error(`no "${words}" on:\n${shown()}`) })
      )
    const press = (...keys: ReadonlyArray<string>) =>
      Effect.forEach(
        keys,
        // A moment between two keys, or they are taken for a paste.
        (key) =>
          Effect.delay(
            Effect.sync(() => tmux("send-keys", key)),
            "400 millis"
          ),
        { discard: true }
      )
    return {
      shown,
      until,
      press,
      type: (text) =>
        Effect.sync(() => tmux("send-keys", "-l", text)).pipe(Effect.zipRight(until(`› ${text}`)), Effect.asVoid)
    }
  })
