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
import { type Check, doctorFields } from "../json/fields.js"
import type { Canvas } from "../render/limits.js"
import { wrap } from "../render/text.js"
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

/** A check that failed with an error. */
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

const mode = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const store = yield* CredentialStore
  if (store.kind === "ephemeral") return [finding("storage", "warn", "the sign-in is kept only until the process ends")]
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

/** `skewMillis` is how far the clock here is ahead of the backend's, null if it did not say. */
interface Reached {
  readonly status: number
  readonly skewMillis: number | null
}

/** One request without the sign-in; any answer will do. None when there was no answer in time. */
const reach: Effect.Effect<Option.Option<Reached>, never, AccountConfig | HttpClient.HttpClient> = Effect.gen(
  function* () {
    const { backend, userAgent } = yield* AccountConfig
    const client = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
    const response = yield* client.execute(
      HttpClientRequest.get(backend.url).pipe(HttpClientRequest.setHeader("user-agent", userAgent))
    )
    const now = yield* Clock.currentTimeMillis
    const theirs = Date.parse(response.headers["date"] ?? "")
    return { status: response.status, skewMillis: Number.isNaN(theirs) ? null : now - theirs }
  }
).pipe(Effect.timeout("8 seconds"), Effect.option)

const clock = (reached: Reached): Finding => {
  if (reached.skewMillis === null) return finding("clock", "warn", "the backend does not send the time")
  const off = Math.abs(reached.skewMillis)
  const where = reached.skewMillis > 0 ? "ahead of" : "behind"
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
    const variables =
      at.networkVariables.length === 0 ? "no proxy or CA variable is set" : at.networkVariables.join(", ")
    const settings = finding("network", "ok", variables)
    const reached = yield* dialog.progress("Reaching the backend", reach)
    if (Option.isNone(reached)) {
      const advice = "Check the network, the proxy, the CA bundle and chatgpt_base_url."
      return [settings, finding("backend", "fail", `${backend.url} does not answer`, advice, ExitCode.unavailable)]
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

/** Usage is read only if the sign-in is usable and the backend answers. */
const diagnose = (at: Circumstances) =>
  Effect.gen(function* () {
    const places = [...(yield* home), ...(yield* mode)]
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

type Diagnosed = Effect.Effect.Context<ReturnType<typeof diagnose>>

/** The services come as a layer, since their failure is a finding too. */
export const doctor = <Services, R>(account: Layer.Layer<Services, ConfigurationError | ConfigError, R>) =>
  Effect.gen(function* () {
    const { at } = yield* Report
    const services = yield* Effect.either(Layer.build(account))
    if (Either.isLeft(services)) return [failed("configuration", services.left, at)]
    return yield* diagnose(at).pipe((effect: Effect.Effect<ReadonlyArray<Finding>, never, Diagnosed>) =>
      Effect.provide(effect, services.right)
    )
  }).pipe(
    Effect.scoped,
    present({
      fields: doctorFields,
      value: (findings: ReadonlyArray<Finding>) => ({ checks: findings.map(({ check }) => check) }),
      lines,
      exitCode: (findings) => findings.find(({ check }) => check.result === "fail")?.exitCode ?? ExitCode.done
    })
  )
