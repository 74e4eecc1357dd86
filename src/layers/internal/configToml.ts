/** The keys of `config.toml` that concern the account, in the file or given one by one. */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Toml from "smol-toml"
import { type configKeys, ConfigurationError } from "../../services/AccountConfig.js"

const maybe = <A, I, R>(schema: Schema.Schema<A, I, R>) => Schema.optionalWith(schema, { exact: true })

/**
 * What is read of `config.toml`. All other keys are ignored. `forced_chatgpt_workspace_id` is one id or a
 * list of them. Only what needs the base URL cares what it is.
 */
const ConfigToml = Schema.Struct({
  chatgpt_base_url: maybe(Schema.Unknown),
  cli_auth_credentials_store: maybe(Schema.Literal("file", "keyring", "auto", "ephemeral")),
  forced_login_method: maybe(Schema.Literal("chatgpt", "api")),
  forced_chatgpt_workspace_id: maybe(Schema.Union(Schema.String, Schema.Array(Schema.String))),
  model: maybe(Schema.Unknown)
} satisfies Readonly<Record<(typeof configKeys)[number], unknown>>).annotations({ identifier: "ConfigToml" })

/**
 * The file's text to its keys. Parse errors give line and column, never the line itself.
 */
export const ConfigTomlText = Schema.transformOrFail(Schema.String, ConfigToml, {
  strict: false,
  decode: (text, _options, ast) =>
    ParseResult.try({
      try: () => Toml.parse(text, { integersAsBigInt: true }),
      catch: (error) =>
        new ParseResult.Type(
          ast,
          "<config.toml>",
          error instanceof Toml.TomlError ? `not TOML at line ${error.line}, column ${error.column}` : "not TOML"
        )
    }),
  encode: (config) => ParseResult.succeed(Toml.stringify(config))
})

export const readConfigToml = (fs: FileSystem.FileSystem, file: string) =>
  fs.readFileString(file).pipe(
    Effect.catchIf(
      (error) => error._tag === "SystemError" && error.reason === "NotFound",
      () => Effect.succeed("")
    ),
    Effect.mapError(() => new ConfigurationError({ reason: "ConfigUnreadable", detail: file })),
    Effect.flatMap((contents) =>
      Effect.mapError(
        Schema.decode(ConfigTomlText)(contents),
        (error) => new ConfigurationError({ reason: "ConfigMalformed", detail: `${file}: ${whereOf(error.message)}` })
      )
    )
  )

const valueOf = (text: string): unknown => {
  try {
    return Toml.parse(`value = ${text}`, { integersAsBigInt: true })["value"]
  } catch {
    return text.replace(/^["']+|["']+$/g, "")
  }
}

/** The keys that were given beside the file. */
export const readGiven = (pairs: ReadonlyArray<string>) =>
  Effect.mapError(
    Schema.decodeUnknown(ConfigToml)(
      Object.fromEntries(
        pairs.map((pair) => {
          const [key = "", ...value] = pair.split("=")
          return [key.trim(), valueOf(value.join("=").trim())]
        })
      )
    ),
    (error) => new ConfigurationError({ reason: "InvalidValue", detail: whereOf(error.message) })
  )

/** Where a parse error is, without the values that it quotes. */
const whereOf = (message: string): string =>
  /not TOML[^\n]*/.exec(message)?.[0] ?? `${/\["([a-z_]+)"\]/.exec(message)?.[1] ?? "a key"} has an unusable value`
