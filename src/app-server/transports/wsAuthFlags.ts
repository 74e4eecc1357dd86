/** Who may open a websocket, as the flags say it. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { isAbsolute } from "node:path"
import { ListenError } from "./listenUrl.js"
import { sha256, type WsAuth } from "./wsAuth.js"

/** The flags, by their names; undefined where one was not given. */
export interface WsAuthFlags {
  readonly "--ws-auth"?: string | undefined
  readonly "--ws-token-file"?: string | undefined
  readonly "--ws-token-sha256"?: string | undefined
  readonly "--ws-shared-secret-file"?: string | undefined
  readonly "--ws-issuer"?: string | undefined
  readonly "--ws-audience"?: string | undefined
  readonly "--ws-max-clock-skew-seconds"?: string | undefined
}

const token = ["--ws-token-file", "--ws-token-sha256"] as const
const signed = ["--ws-shared-secret-file", "--ws-issuer", "--ws-audience", "--ws-max-clock-skew-seconds"] as const
const all = ["--ws-auth", ...token, ...signed] as const

const smallestSecret = 32
const defaultSkewSeconds = 30

const fail = (message: string) => Effect.fail(new ListenError({ message }))

/** What is in the file, without the white space around it. */
const secretOf = (flag: (typeof all)[number], file: string) =>
  Effect.gen(function* () {
    if (!isAbsolute(file)) return yield* fail(`\`${flag}\` needs an absolute path`)
    const fs = yield* FileSystem.FileSystem
    const text = yield* Effect.orElse(fs.readFileString(file), () => fail(`\`${flag}\`: ${file} can't be read`))
    const secret = text.trim()
    return secret === "" ? yield* fail(`\`${flag}\`: ${file} is empty`) : secret
  })

const skewOf = (text: string | undefined): number | null =>
  text === undefined ? defaultSkewSeconds : /^\d{1,9}$/.test(text) ? Number(text) : null

/** Refuses flags that are missing, that contradict each other or that name no usable secret. */
export const readWsAuth = (flags: WsAuthFlags): Effect.Effect<WsAuth, ListenError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const mode = flags["--ws-auth"]
    const foreign = all.find(
      (flag) =>
        flag !== "--ws-auth" &&
        flags[flag] !== undefined &&
        !(mode === "capability-token" ? token : mode === "signed-bearer-token" ? signed : []).some(
          (own) => own === flag
        )
    )
    switch (mode) {
      case undefined:
        return foreign === undefined ? { _tag: "Open" } : yield* fail(`\`${foreign}\` needs \`--ws-auth\``)
      case "capability-token": {
        if (foreign !== undefined) return yield* fail(`\`${foreign}\` is not for \`--ws-auth capability-token\``)
        const file = flags["--ws-token-file"]
        const digits = flags["--ws-token-sha256"]
        if ((file === undefined) === (digits === undefined)) {
          return yield* fail(
            "`--ws-auth capability-token` needs exactly one of `--ws-token-file` and `--ws-token-sha256`"
          )
        }
        if (digits !== undefined && !/^[0-9a-f]{64}$/i.test(digits)) {
          return yield* fail("`--ws-token-sha256` needs 64 hexadecimal digits")
        }
        const digest =
          digits === undefined ? sha256(yield* secretOf("--ws-token-file", file ?? "")) : Buffer.from(digits, "hex")
        return { _tag: "CapabilityToken", digest }
      }
      case "signed-bearer-token": {
        if (foreign !== undefined) return yield* fail(`\`${foreign}\` is not for \`--ws-auth signed-bearer-token\``)
        const file = flags["--ws-shared-secret-file"]
        if (file === undefined) return yield* fail("`--ws-auth signed-bearer-token` needs `--ws-shared-secret-file`")
        const maxClockSkewSeconds = skewOf(flags["--ws-max-clock-skew-seconds"])
        if (maxClockSkewSeconds === null) {
          return yield* fail("`--ws-max-clock-skew-seconds` needs a whole number of seconds")
        }
        const secret = Buffer.from(yield* secretOf("--ws-shared-secret-file", file), "utf8")
        if (secret.length < smallestSecret) {
          return yield* fail(`\`--ws-shared-secret-file\`: the secret needs at least ${smallestSecret} bytes`)
        }
        return {
          _tag: "SignedBearer",
          secret: Redacted.make(secret),
          issuer: flags["--ws-issuer"] ?? null,
          audience: flags["--ws-audience"] ?? null,
          maxClockSkewSeconds
        }
      }
      default:
        return yield* fail("`--ws-auth` is `capability-token` or `signed-bearer-token`")
    }
  })
