/**
 * Members of `capabilities.extensions` that this project's own servers and clients know.
 *
 * @since 0.1.0
 */

/**
 * True: the client wants the older notifications, `codex/event/...`, too.
 *
 * @since 0.1.0
 * @category constants
 */
export const legacyExtension = "effect-codex-account/legacyNotifications"

/**
 * What kind of program a client in the same process is, for the threads that it starts.
 *
 * @since 0.1.0
 * @category constants
 */
export const sessionSourceExtension = "effect-codex-account/sessionSource"
