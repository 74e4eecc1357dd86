/** Looks at everything that has to be right, one thing after the other. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { planLabel } from "../../domain/Plan.js"
import { readUsage } from "../../programs/usage.js"
import { AccountConfig } from "../../services/AccountConfig.js"
import { AuthSession } from "../../services/AuthSession.js"
import { CredentialStore } from "../../services/CredentialStore.js"
import { Dialog } from "../../services/Dialog.js"
import { ExitCode } from "../exitCodes.js"
import { type Circumstances, failureOf } from "../Failure.js"
import { lengthOf } from "../render/time.js"
import type { Check } from "../json/toolFields.js"
import { type Reached, reach } from "./reach.js"

/** A check with the exit code that its failure gives. */
export interface Finding {
  readonly check: Check
  readonly exitCode: ExitCode
}

export const finding = (
  name: string,
  result: Check["result"],
  message: string,
  advice: string | null = null,
  exitCode: ExitCode = ExitCode.done
): Finding => ({ check: { name, result, message, advice }, exitCode })

/** A check that an error has failed. */
export const failed = (name: string, error: Parameters<typeof failureOf>[0], at: Circumstances): Finding => {
  const { exitCode, lines } = failureOf(error, at)
  const [message = "", ...advice] = lines
  return finding(name, "fail", message, advice.length === 0 ? null : advice.join(" "), exitCode)
}

const home = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { codexHome } = yield* AccountConfig
  const isThere = yield* Effect.orElseSucceed(fs.exists(codexHome), () => false)
  const hasConfig = yield* Effect.orElseSucceed(fs.exists(path.join(codexHome, "config.toml")), () => false)
  return [
    isThere
      ? finding("home", "ok", codexHome)
      : finding("home", "warn", `${codexHome} does not exist`, "Run codex-account login."),
    finding("configuration", "ok", hasConfig ? "config.toml is well-formed" : "no config.toml: the defaults hold")
  ]
})

const mode = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const store = yield* CredentialStore
  if (store.kind === "ephemeral") return [finding("storage", "warn", "the sign-in lasts as long as the process")]
  if (store.kind === "keyring") return [finding("storage", "ok", store.location)]
  const info = yield* Effect.option(fs.stat(store.location))
  if (Option.isNone(info)) return [finding("storage", "ok", store.location)]
  const bits = info.value.mode & 0o777
  return [
    (bits & 0o077) === 0
      ? finding("storage", "ok", `${store.location}, mode 0${bits.toString(8)}`)
      : finding("storage", "warn", `${store.location} has mode 0${bits.toString(8)}`, `Run chmod 600 ${store.location}`)
  ]
})

const signIn = (at: Circumstances) =>
  Effect.gen(function* () {
    const session = yield* Effect.either(Effect.flatMap(AuthSession, (auth) => auth.current))
    if (Either.isLeft(session)) return failed("sign-in", session.left, at)
    const { mode, plan, usesBackend } = session.right
    return usesBackend
      ? finding("sign-in", "ok", `with ChatGPT, ${planLabel(plan)}`)
      : finding("sign-in", "fail", `with ${mode}`, "Run codex-account login.", ExitCode.notSignedIn)
  })

const clock = (reached: Reached): Finding => {
  if (reached.skewMillis === null) return finding("clock", "warn", "the backend does not tell the time")
  const off = Math.abs(reached.skewMillis)
  const where = reached.skewMillis > 0 ? "ahead of" : "behind"
  const message = off < 2000 ? "agrees with the backend's" : `${lengthOf(off)} ${where} the backend's`
  if (off < 30_000) return finding("clock", "ok", message)
  const advice = "Set the clock: tokens are renewed by it."
  return off < 300_000
    ? finding("clock", "warn", message, advice)
    : finding("clock", "fail", message, advice, ExitCode.unexpected)
}

const network = (at: Circumstances) =>
  Effect.gen(function* () {
    const { backend } = yield* AccountConfig
    const dialog = yield* Dialog
    const variables =
      at.networkVariables.length === 0 ? "no proxy or CA variable is set" : at.networkVariables.join(", ")
    const settings = finding("network", "ok", variables)
    const reached = yield* dialog.progress("Reaching the backend", reach)
    if (Option.isNone(reached)) {
      const advice = "Check the network, the proxy, the CA bundle and chatgpt_base_url."
      return [settings, finding("backend", "fail", `${backend.url} gives no answer`, advice, ExitCode.unavailable)]
    }
    return [
      settings,
      finding("backend", "ok", `${backend.url} answers (HTTP ${reached.value.status})`),
      clock(reached.value)
    ]
  })

const access = (at: Circumstances) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const usage = yield* Effect.either(dialog.progress("Reading usage", readUsage()))
    return Either.match(usage, {
      onLeft: (error) => failed("usage", error, at),
      onRight: (snapshot) => finding("usage", "ok", `read, ${snapshot.main.windows.length} windows`)
    })
  })

/**
 * Everything about an account whose settings could be read. The sign-in is sent only where it is usable and the backend
 * answers.
 */
export const diagnose = (at: Circumstances) =>
  Effect.gen(function* () {
    const places = [...(yield* home), ...(yield* mode)]
    const session = yield* signIn(at)
    const reached = yield* network(at)
    const usable = [session, ...reached].every(({ check }) => check.result !== "fail")
    return [...places, session, ...reached, ...(usable ? [yield* access(at)] : [])]
  })
