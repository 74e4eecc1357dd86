/** How values are made from what a Schema has just decoded. */

/** The parts were checked when the answer was decoded; a second check costs more than all the rest of a read. */
export const decoded = { disableValidation: true } as const
