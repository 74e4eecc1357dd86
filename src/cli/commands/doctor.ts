/** `codex-account doctor`: checks everything that has to be right, one thing after the other. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import { readUsage } from "../../programs/usage.js"
import { AccountConfig, type ConfigurationError } from "../../services/AccountConfig.js"
import { AuthSession } from "../../services/AuthSession.js"
import { CredentialStore } from "../../services/CredentialStore.js"
import { Dialog } from "../../services/Dialog.js"
import { ExitCode } from "../exitCodes.js"
import { type Circumstances, type CommandError, failureOf } from "../Failure.js"
import { type Check, doctorFields } from "../json/outputs.js"
import type { Canvas } from "../render/limits.js"
import { wrap } from "../render/text.js"
import { unreadText } from "../render/usage.js"
import { lengthOf } from "../render/time.js"
import { present, Report } from "../Report.js"

/** A check, and the exit code if it fails. */
interface Finding {
  readonly check: Check
  readonly exitCode: ExitCode
}

const finding = (
  name: string,
  result: Check["result"],
  message: string,
  advice: string | null = null,
  exitCode: ExitCode = ExitCode.done
): Finding => ({ check: { name, result, message, advice }, exitCode })

const failed = (name: string, error: CommandError, at: Circumstances): Finding => {
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
    finding("configuration", "ok", hasConfig ? "config.toml is well-formed" : "no config.toml: the defaults apply")
  ]
})

const storage = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { kind, location } = yield* CredentialStore
  if (kind === "ephemeral") return finding("storage", "warn", "the sign-in is kept only until the process ends")
  const info = kind === "keyring" ? Option.none() : yield* Effect.option(fs.stat(location))
  if (Option.isNone(info)) return finding("storage", "ok", location)
  const mode = `mode 0${(info.value.mode & 0o777).toString(8)}`
  return (info.value.mode & 0o077) === 0
    ? finding("storage", "ok", `${location}, ${mode}`)
    : finding("storage", "warn", `${location} has ${mode}`, `Run chmod 600 ${location}`)
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

/**
 * One request without the sign-in; any answer will do. None when there was no answer in time. `skewMillis` is how far the
 * clock here is ahead of the backend's, NaN if it did not say.
 */
const reach = Effect.gen(function* () {
  const { backend, userAgent } = yield* AccountConfig
  const client = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
  const { headers, status } = yield* client.execute(
    HttpClientRequest.get(backend.url).pipe(HttpClientRequest.setHeader("user-agent", userAgent))
  )
  return { status, skewMillis: (yield* Clock.currentTimeMillis) - Date.parse(headers["date"] ?? "") }
}).pipe(Effect.timeout("8 seconds"), Effect.option)

const clock = (skewMillis: number): Finding => {
  if (Number.isNaN(skewMillis)) return finding("clock", "warn", "the backend does not send the time")
  const off = Math.abs(skewMillis)
  const where = skewMillis > 0 ? "ahead of" : "behind"
  const message = off < 2000 ? "agrees with the backend's" : `${lengthOf(off)} ${where} the backend's`
  if (off < 30_000) return finding("clock", "ok", message)
  const advice = "Set the clock: it decides when tokens are renewed."
  return off < 300_000
    ? finding("clock", "warn", message, advice)
    : finding("clock", "fail", message, advice, ExitCode.unexpected)
}

const network = (at: Circumstances) =>
  Effect.gen(function* () {
    const { backend } = yield* AccountConfig
    const dialog = yield* Dialog
    const settings = finding("network", "ok", at.networkVariables.join(", ") || "no proxy or CA variable is set")
    const reached = yield* dialog.progress("Reaching the backend", reach)
    if (Option.isNone(reached)) {
      const advice = "Check the network, the proxy, the CA bundle and chatgpt_base_url."
      return [settings, finding("backend", "fail", `${backend.url} does not answer`, advice, ExitCode.unavailable)]
    }
    return [
      settings,
      finding("backend", "ok", `${backend.url} answers (HTTP ${reached.value.status})`),
      clock(reached.value.skewMillis)
    ]
  })

const access = (at: Circumstances) =>
  Effect.flatMap(Dialog, (dialog) => dialog.progress("Reading usage", readUsage())).pipe(
    Effect.match({
      onFailure: (error) => failed("usage", error, at),
      onSuccess: ({ main: { windows }, unread }) => {
        const read = `read, ${windows.length} ${windows.length === 1 ? "window" : "windows"}`
        return unread.length === 0
          ? finding("usage", "ok", read)
          : finding("usage", "warn", `${read}. ${unreadText(unread)}`, "An update may be needed.")
      }
    })
  )

/** Usage is read only if the sign-in is usable and the backend answers. */
const diagnose = (at: Circumstances) =>
  Effect.gen(function* () {
    const places = [...(yield* home), yield* storage]
    const session = yield* signIn(at)
    const reached = yield* network(at)
    const usable = [session, ...reached].every(({ check }) => check.result !== "fail")
    return [...places, session, ...reached, ...(usable ? [yield* access(at)] : [])]
  })

const marks = { ok: ["green", "✓"], warn: ["yellow", "!"], fail: ["red", "✗"] } as const

const lines = (findings: ReadonlyArray<Finding>, { columns, paint }: Canvas): ReadonlyArray<string> =>
  findings.flatMap(({ check: { advice, message, name, result } }) => {
    const [hue, mark] = marks[result]
    return [
      ...wrap(`${name.padEnd(13)} ${plainLine(message)}`, columns, `${paint(hue, mark)} `, "  "),
      ...(advice === null ? [] : wrap(plainLine(advice), columns, "    → ", "      "))
    ]
  })

/** The services come as a layer, since their failure is a finding too. */
export const doctor = <Services, R>(account: Layer.Layer<Services, ConfigurationError | ConfigError, R>) =>
  Effect.gen(function* () {
    const { at } = yield* Report
    const services = yield* Effect.either(Layer.build(account))
    if (Either.isLeft(services)) return [failed("configuration", services.left, at)]
    return yield* Effect.provide(diagnose(at), services.right)
  }).pipe(
    Effect.scoped,
    present({
      fields: doctorFields,
      value: (findings: ReadonlyArray<Finding>) => ({ checks: findings.map(({ check }) => check) }),
      lines,
      exitCode: (findings) => findings.find(({ check }) => check.result === "fail")?.exitCode ?? ExitCode.done
    })
  )
