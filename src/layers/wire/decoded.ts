/**
 * How values are made from what a Schema has just decoded.
 *
 * @since 0.1.0
 */

/**
 * The parts were checked when the answer was decoded; a second check costs more than all the rest of a read.
 *
 * @since 0.1.0
 * @category constants
 */
export const decoded = { disableValidation: true } as const
