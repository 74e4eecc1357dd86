/** Members of `capabilities.extensions` that this project's own servers and clients know. */

/** True: the client wants the older notifications, `codex/event/...`, too. */
export const legacyExtension = "effect-codex-account/legacyNotifications"

/** What kind of program a client in the same process is, for the threads that it starts. */
export const sessionSourceExtension = "effect-codex-account/sessionSource"
