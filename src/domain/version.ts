/**
 * The version of this package; a test compares it with `package.json`.
 * @since 0.1.0
 * @category constants
 */
export const version = "0.1.0"
