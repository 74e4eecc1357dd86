/**
 * The keyring of the operating system: Keychain on macOS, a Secret Service elsewhere.
 *
 * Every call runs in a process of its own. A locked Secret Service asks the person and waits without a limit; a call inside
 * this process could not be interrupted meanwhile, and would keep the process from ending.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as ChildProcess from "node:child_process"
import { createRequire } from "node:module"
import { plainLine } from "../../domain/PlainText.js"
import type { CredentialStoreError } from "../../services/CredentialStore.js"

/** `detail` says what is wrong and what to do, and holds no value of an entry. */
export class KeyringError extends Data.TaggedError("KeyringError")<{
  readonly reason: Extract<CredentialStoreError["reason"], "Unavailable" | "PermissionDenied" | "Io">
  readonly detail: string
}> {}

/** One text for each service and account. Every call ends within a bounded time. */
export interface Keyring {
  readonly get: (entry: KeyringEntry) => Effect.Effect<Option.Option<string>, KeyringError>
  readonly set: (entry: KeyringEntry, text: string) => Effect.Effect<void, KeyringError>
  /** Whether there was an entry. */
  readonly remove: (entry: KeyringEntry) => Effect.Effect<boolean, KeyringError>
}

export interface KeyringEntry {
  readonly service: string
  readonly account: string
}

const packageName = "@napi-rs/keyring"

// Without an explicit store the package falls back to the kernel's keyring, which a restart empties.
const helper = `
let text = ""
process.stdin.setEncoding("utf8").on("data", (more) => (text += more)).on("end", async () => {
  const answer = await (async () => {
    const { service, account, act, value } = JSON.parse(text)
    const { AsyncEntry } = require(process.argv[1])
    const entry = new AsyncEntry(service, account, { linux: { store: "secret-service" } })
    if (act === "get") return { value: (await entry.getPassword()) ?? null }
    if (act === "remove") return { removed: await entry.deletePassword() }
    await entry.setPassword(value)
    return {}
  })().catch((error) => ({ error: String(error && error.message) }))
  process.stdout.write(JSON.stringify(answer))
})
`

const decodeAnswer = Schema.decode(
  Schema.parseJson(
    Schema.Struct({
      value: Schema.optional(Schema.NullOr(Schema.String)),
      removed: Schema.optional(Schema.Boolean),
      error: Schema.optional(Schema.String)
    })
  )
)

const unavailable = (detail: string) => new KeyringError({ reason: "Unavailable", detail })

/** What a message of the package means. The message itself is shown only if it is the operating system's. */
const explain = (message: string): KeyringError => {
  if (/dismissed/i.test(message)) return unavailable("the keyring is locked: unlock it, and try again")
  if (/no result found|NoResult/i.test(message)) {
    return unavailable("there is no keyring that is set up and unlocked: make one, or unlock it")
  }
  if (/D-?Bus|NoStorage|autolaunch|ServiceUnknown/i.test(message)) {
    return unavailable("no Secret Service answers on D-Bus: start one, such as gnome-keyring or KWallet")
  }
  if (/AccessDenied|not allowed|denied/i.test(message)) {
    return new KeyringError({ reason: "PermissionDenied", detail: "the keyring refuses access" })
  }
  const system = /^(?:Platform failure|Couldn't access platform storage): (.*)/s.exec(message)?.[1]
  return new KeyringError({
    reason: "Io",
    detail: system === undefined ? "the keyring gave an error" : plainLine(system, 120)
  })
}

const locate = Effect.try({
  try: () => createRequire(import.meta.url).resolve(packageName),
  catch: () => unavailable(`the optional package ${packageName} is not installed`)
})

const run = (module: string, input: string, limitMillis: number): Effect.Effect<string, KeyringError> =>
  Effect.async<string, KeyringError>((resume) => {
    const child = ChildProcess.spawn(process.execPath, ["-e", helper, module], {
      env: { ...process.env, NODE_OPTIONS: "", ELECTRON_RUN_AS_NODE: "1" },
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
      timeout: limitMillis,
      killSignal: "SIGKILL"
    })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (more: string) => (output += more))
    child.on("error", () => resume(Effect.fail(unavailable("its helper process could not be started"))))
    child.on("close", (_, signal) =>
      resume(
        signal === null
          ? Effect.succeed(output)
          : Effect.fail(unavailable(`no answer within ${limitMillis / 1000} seconds: is the keyring locked?`))
      )
    )
    // A helper that has ended does not read the rest of its input.
    child.stdin.on("error", () => undefined).end(input)
    return Effect.sync(() => child.kill("SIGKILL"))
  })

type Request = { readonly act: "get" | "remove" } | { readonly act: "set"; readonly value: string }

const ask = (entry: KeyringEntry, request: Request, limitMillis: number) =>
  Effect.gen(function* () {
    if (process.platform === "win32") {
      return yield* unavailable("on Windows the Codex CLI keeps its sign-in in an encrypted file, not in the keyring")
    }
    const output = yield* run(yield* locate, JSON.stringify({ ...entry, ...request }), limitMillis)
    const answer = yield* Effect.mapError(decodeAnswer(output), () => unavailable("its helper process failed"))
    return answer.error === undefined ? answer : yield* explain(answer.error)
  })

/**
 * Interrupting a call ends its process. So does `limitMillis` without an answer, which is how long a person has to unlock
 * the keyring.
 */
export const makeKeyringProcess = (limitMillis: number): Keyring => ({
  get: (entry) => Effect.map(ask(entry, { act: "get" }, limitMillis), ({ value }) => Option.fromNullable(value)),
  set: (entry, value) => Effect.asVoid(ask(entry, { act: "set", value }, limitMillis)),
  remove: (entry) => Effect.map(ask(entry, { act: "remove" }, limitMillis), ({ removed }) => removed === true)
})
