/** The longest message that is read, as a line or as a frame: 128 MiB, the original's limit. */
export const maxMessageBytes = 128 * 1024 * 1024
