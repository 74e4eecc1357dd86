/** Values by key, for as long as the session has not changed hands. */
export interface EpochCache<A> {
  /** Drops everything kept under an earlier epoch. */
  readonly enter: (epoch: number) => void
  readonly get: (key: string) => A | undefined
  /** Keeps a value that was read under the epoch, unless another one has begun. */
  readonly set: (epoch: number, key: string, value: A) => void
  readonly clear: () => void
}

export const makeEpochCache = <A>(): EpochCache<A> => {
  const values = new Map<string, A>()
  let current = 0
  return {
    enter: (epoch) => {
      if (epoch !== current) values.clear()
      current = epoch
    },
    get: (key) => values.get(key),
    set: (epoch, key, value) => {
      if (epoch === current) values.set(key, value)
    },
    clear: () => values.clear()
  }
}
