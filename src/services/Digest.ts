/** A digest of text, for what must be recognised again but not read. */
import { createHash } from "node:crypto"
import * as Context from "effect/Context"

/** SHA-256 as lower-case hex; without a layer from Node's crypto module. */
export class Digest extends Context.Reference<Digest>()("effect-codex-account/services/Digest", {
  defaultValue: (): { readonly sha256: (text: string) => string } => ({
    sha256: (text) => createHash("sha256").update(text).digest("hex")
  })
}) {}
