/**
 * What is wrong with the environment or `config.toml`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** What it is about, and what is wrong with it. */
const words = {
  HomeMissing: ["CODEX_HOME", "points to a folder that does not exist"],
  HomeNotADirectory: ["CODEX_HOME", "does not point to a folder"],
  ConfigUnreadable: ["config.toml", "can't be read"],
  ConfigMalformed: ["config.toml", "can't be understood"],
  CertificateUnreadable: ["the CA bundle", "can't be read"],
  InvalidUrl: [null, "not an http or https URL"],
  InvalidValue: ["a setting", "has a value that can't be used"]
} as const

/**
 * `detail` names the variable, the key or the place.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigurationError extends Schema.TaggedError<ConfigurationError>()("ConfigurationError", {
  reason: Schema.Literal(
    "HomeMissing",
    "HomeNotADirectory",
    "ConfigUnreadable",
    "ConfigMalformed",
    "CertificateUnreadable",
    "InvalidUrl",
    "InvalidValue"
  ),
  detail: Schema.String
}) {
  /** What it is about, as the library names it; null where `detail` names it. */
  get subject(): string | null {
    return words[this.reason][0]
  }

  /** What is wrong, and where. */
  get problem(): string {
    return `${words[this.reason][1]}: ${this.detail}`
  }

  override get message(): string {
    return this.subject === null ? this.problem : `${this.subject} ${this.problem}`
  }
}
