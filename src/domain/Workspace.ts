/** A workspace of the signed-in user: the account that a session is in, or may change to. */
import * as Schema from "effect/Schema"
import { AccountId } from "./Identity.js"
import { plainLine } from "./PlainText.js"

/**
 * `name` and `kind` are null where the backend does not say. `routing` is the https origin where it wants the workspace's
 * requests, and the override beside it: `NO_CONSTRAINT`, `us` or `us_cr` so far. Nothing here follows it.
 * @since 0.1.0
 * @category models
 */
export class Workspace extends Schema.Class<Workspace>("Workspace")({
  id: AccountId,
  name: Schema.NullOr(Schema.String),
  kind: Schema.NullOr(Schema.Literal("personal", "workspace")),
  imageUrl: Schema.NullOr(Schema.String),
  routing: Schema.NullOr(Schema.Struct({ origin: Schema.String, override: Schema.NullOr(Schema.String) }))
}) {}

/**
 * What a person calls it: its name, `Personal` for one that has none, else its id.
 * @since 0.1.0
 * @category accessors
 */
export const workspaceLabel = ({ id, kind, name }: Workspace): string =>
  plainLine(name ?? "", 100) || (kind === "personal" ? "Personal" : plainLine(id, 100))
