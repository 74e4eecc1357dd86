/** The keys of `config.toml` that concern the account. All others are ignored. */
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Toml from "smol-toml"

const maybe = <A, I, R>(schema: Schema.Schema<A, I, R>) => Schema.optionalWith(schema, { exact: true })

/** `forced_chatgpt_workspace_id` is one id or a list of them. */
export const ConfigToml = Schema.Struct({
  chatgpt_base_url: maybe(Schema.String),
  cli_auth_credentials_store: maybe(Schema.Literal("file", "keyring", "auto", "ephemeral")),
  forced_login_method: maybe(Schema.Literal("chatgpt", "api")),
  forced_chatgpt_workspace_id: maybe(Schema.Union(Schema.String, Schema.Array(Schema.String)))
}).annotations({ identifier: "ConfigToml" })

export type ConfigToml = typeof ConfigToml.Type

/** The file's text to its keys. Parse errors give line and column, never the line itself. */
export const ConfigTomlText = Schema.transformOrFail(Schema.String, ConfigToml, {
  strict: false,
  decode: (text, _options, ast) =>
    ParseResult.try({
      try: () => Toml.parse(text),
      catch: (error) =>
        new ParseResult.Type(
          ast,
          "<config.toml>",
          error instanceof Toml.TomlError ? `not TOML at line ${error.line}, column ${error.column}` : "not TOML"
        )
    }),
  encode: (config) => ParseResult.succeed(Toml.stringify(config))
})
