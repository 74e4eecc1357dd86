/** `codex-account doctor`: checks everything that has to be right, one thing after the other. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { capitalize } from "effect/String"
import { BackendError } from "../../domain/BackendError.js"
import { causeOfNoAnswer, causeOfRefusal } from "../../domain/networkCause.js"
import { exposesTokens } from "../../domain/plainHttp.js"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import { readUsage } from "../../programs/usage.js"
import { AccountConfig, type ConfigurationError } from "../../services/AccountConfig.js"
import { AuthSession } from "../../services/AuthSession.js"
import { CredentialStore } from "../../services/CredentialStore.js"
import { Dialog } from "../../services/Dialog.js"
import { Lease } from "../../services/Lease.js"
import { journalFile, OperationJournal } from "../../services/OperationJournal.js"
import { ExitCode, ofBackendError } from "../exitCodes.js"
import { type Circumstances, type CommandError, failureOf } from "../Failure.js"
import { type Check, doctorFields } from "../json/outputs.js"
import type { Canvas } from "../render/limits.js"
import { interruptedText } from "../render/status.js"
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
  const { backendFault, codexHome } = yield* AccountConfig
  const isThere = yield* Effect.orElseSucceed(fs.exists(codexHome), () => false)
  const hasConfig = yield* Effect.orElseSucceed(fs.exists(path.join(codexHome, "config.toml")), () => false)
  return [
    isThere
      ? finding("home", "ok", codexHome)
      : finding("home", "warn", `${codexHome} does not exist`, "Run codex-account login."),
    backendFault !== null
      ? finding("configuration", "fail", backendFault.message, "Correct config.toml.", ExitCode.badUsage)
      : finding("configuration", "ok", hasConfig ? "config.toml is well-formed" : "no config.toml: the defaults apply")
  ]
})

/** Whether the journal can be written, without making one. */
const journal = (at: Circumstances) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { codexHome } = yield* AccountConfig
    const file = path.join(codexHome, journalFile)
    if (!(yield* Effect.orElseSucceed(fs.exists(file), () => true))) {
      return finding("journal", "ok", "none yet: the first act makes it")
    }
    const lease = yield* Lease
    const operations = yield* OperationJournal
    // Only writing shows whether it can be written; only reading, why not.
    const written = yield* Effect.either(
      lease.withLease({ name: "doctor", timeToLive: "5 seconds", wait: 0 }, () => Effect.void)
    )
    const read = yield* Effect.either(operations.list({ limit: 1 }))
    if (Either.isLeft(read)) return failed("journal", read.left, at)
    if (Either.isRight(written) || written.left.reason !== "Unavailable") return finding("journal", "ok", file)
    return finding(
      "journal",
      "fail",
      `${file} can't be written`,
      "Acts are refused until it can.",
      ExitCode.unavailable
    )
  }).pipe(Logger.withMinimumLogLevel(LogLevel.None))

const storage = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { isInPlace, kind, location } = yield* CredentialStore
  if (kind === "ephemeral") return finding("storage", "warn", "the sign-in is kept only until the process ends")
  const info = kind === "keyring" ? Option.none() : yield* Effect.option(fs.stat(location))
  if (Option.isNone(info)) return finding("storage", "ok", location)
  const manner = (yield* isInPlace) ? ", written in place: it has a second name or a mount of its own" : ""
  const mode = `mode 0${(info.value.mode & 0o777).toString(8)}${manner}`
  return (info.value.mode & 0o077) === 0
    ? finding("storage", "ok", `${location}, ${mode}`)
    : finding("storage", "warn", `${location} has ${mode}`, `Run chmod 600 ${location}`)
})

const signIn = (at: Circumstances) =>
  Effect.gen(function* () {
    const session = yield* Effect.either(Effect.flatMap(AuthSession, (auth) => auth.current))
    if (Either.isLeft(session)) return failed("sign-in", session.left, at)
    const { mode, plan, renewalInterrupted, usesBackend } = session.right
    if (renewalInterrupted) return finding("sign-in", "warn", interruptedText, "If it ends, run codex-account login.")
    return usesBackend
      ? finding("sign-in", "ok", `with ChatGPT, ${planLabel(plan)}`)
      : finding("sign-in", "fail", `with ${mode}`, "Run codex-account login.", ExitCode.notSignedIn)
  })

/**
 * One request without the sign-in; any answer of the backend's will do. `skewMillis` is how far the clock here is ahead of
 * the backend's, NaN if it did not say.
 */
const reach = Effect.gen(function* () {
  const { backend, userAgent } = yield* AccountConfig
  const client = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
  const { headers, status } = yield* client.execute(
    HttpClientRequest.get(backend.url).pipe(HttpClientRequest.setHeader("user-agent", userAgent))
  )
  if (status === 407 || headers["cf-mitigated"] !== undefined) {
    const { detail, reason } = causeOfRefusal({ status, headers, bodyText: "" })
    return yield* BackendError.of("doctor", reason, detail)
  }
  return { status, skewMillis: (yield* Clock.currentTimeMillis) - Date.parse(headers["date"] ?? "") }
}).pipe(
  Effect.catchTags({
    RequestError: ({ cause }) => {
      const { detail, reason } = causeOfNoAnswer(cause)
      return Effect.fail(BackendError.of("doctor", reason, detail))
    },
    ResponseError: () => Effect.fail(BackendError.of("doctor", "Transport"))
  }),
  Effect.timeoutFail({ duration: "8 seconds", onTimeout: () => BackendError.of("doctor", "Timeout") }),
  Effect.either
)

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
    const { backend, backendFault, dotenv } = yield* AccountConfig
    const dialog = yield* Dialog
    const variables = [...at.networkVariables, ...Array.from(dotenv.keys(), (name) => `${name} in .env`)]
    const settings = finding("network", "ok", variables.join(", ") || "no proxy or CA variable is set")
    if (backendFault !== null) return [settings]
    const reached = yield* dialog.progress("Reaching the backend", reach)
    if (Either.isLeft(reached)) {
      const { advice, detail, reason, summary } = reached.left
      const what = `${backend.url} does not answer: ${summary}${detail === null ? "" : ` (${detail})`}`
      const next = `${advice ?? "check the network, the proxy, the CA bundle and chatgpt_base_url"}.`
      return [settings, finding("backend", "fail", what, capitalize(next), ofBackendError(reason))]
    }
    return [
      settings,
      finding("backend", "ok", `${backend.url} answers (HTTP ${reached.right.status})`),
      clock(reached.right.skewMillis)
    ]
  })

/** What lets others read a token on its way; nothing where all is well. */
const privacy = Effect.gen(function* () {
  const { allowHttp, backend } = yield* AccountConfig
  const checksCertificates = yield* Config.string("NODE_TLS_REJECT_UNAUTHORIZED").pipe(
    Effect.match({ onFailure: () => true, onSuccess: (value) => value !== "0" })
  )
  const isExposed = exposesTokens(backend.url)
  return [
    ...(isExposed
      ? [
          finding(
            "privacy",
            "warn",
            "chatgpt_base_url is plain http on another machine",
            allowHttp
              ? "Anybody on the way can read the token. Use https."
              : "Nothing is sent there. Use https, or set CODEX_ACCOUNT_ALLOW_HTTP=true."
          )
        ]
      : []),
    ...(checksCertificates
      ? []
      : [
          finding(
            "privacy",
            "warn",
            "NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked",
            "Unset it, and name a CA of your own in CODEX_CA_CERTIFICATE."
          )
        ])
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
    const places = [...(yield* home), yield* storage, yield* journal(at)]
    const session = yield* signIn(at)
    const reached = yield* network(at)
    const usable = [...places, session, ...reached].every(({ check }) => check.result !== "fail")
    return [...places, session, ...(yield* privacy), ...reached, ...(usable ? [yield* access(at)] : [])]
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
