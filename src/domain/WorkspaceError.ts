/** Why a session did not change to another workspace. It is in the one of before. */
import * as Schema from "effect/Schema"
import { joined } from "./PlainText.js"
import { namesOf, type Words } from "./words.js"

/** What happened, and what to do about it. */
const words = {
  NotManaged: ["Only a stored sign-in with ChatGPT can change to another workspace.", "Sign in with ChatGPT."],
  Forbidden: ["The configuration allows other workspaces only.", null],
  NotListed: ["This account has no such workspace.", null],
  Ambiguous: ["Several workspaces are named so.", "Choose one by its id."],
  UnusableToken: ["The server gave no token that can be used.", "Try again later."],
  OtherToken: ["The server gave a token of another user or workspace.", "Sign in to the workspace instead."]
} as const satisfies Words

/**
 * - `NotManaged`: signed in with a key, or with tokens that another application supplies. `Forbidden`: the configuration
 *   rules the workspace out. `NotListed`: the backend does not list it. `Ambiguous`: more than one has this name. No
 *   token was asked for.
 * - `UnusableToken`: the token is no JWT. `OtherToken`: it is for somebody else, or for another workspace.
 * @since 0.1.0
 * @category schemas
 */
export const WorkspaceErrorReason = namesOf(words)

/**
 * `detail` names the rule, or the workspaces that were meant.
 * @since 0.1.0
 * @category errors
 */
export class WorkspaceError extends Schema.TaggedError<WorkspaceError>()("WorkspaceError", {
  reason: WorkspaceErrorReason,
  detail: Schema.NullOr(Schema.String)
}) {
  static of(reason: typeof WorkspaceErrorReason.Type, detail: string | null = null): WorkspaceError {
    return new WorkspaceError({ reason, detail })
  }

  get summary(): string {
    return words[this.reason][0]
  }

  get advice(): string | null {
    return words[this.reason][1]
  }

  override get message(): string {
    const detail = this.detail === null ? null : `(${this.detail})`
    return joined([this.summary, this.advice, detail, "Nothing was changed."])
  }
}
