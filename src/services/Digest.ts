/**
 * A digest of text, for what must be recognised again but not read.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import * as Context from "effect/Context"

/**
 * SHA-256 as lower-case hex; without a layer from Node's crypto module.
 *
 * @since 0.1.0
 * @category tags
 */
export class Digest extends Context.Reference<Digest>()("effect-codex-account/services/Digest", {
  defaultValue: (): { readonly sha256: (text: string) => string } => ({
    sha256: (text) => createHash("sha256").update(text).digest("hex")
  })
}) {}
