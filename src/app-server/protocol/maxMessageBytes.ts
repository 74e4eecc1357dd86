/**
 * The longest message that is read, as a line or as a frame: 128 MiB, the original's limit.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxMessageBytes = 128 * 1024 * 1024
