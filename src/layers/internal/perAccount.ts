/**
 * Layers that hold an account. Effect shares a layer by reference, whatever it is given: a constant that is composed with
 * the settings of two accounts would be one account for both.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Any `Context.Tag`, whatever it identifies. */
interface Tag {
  readonly key: string
  readonly Identifier: unknown
}

const makeMemoMap = () => Effect.runSync(Layer.makeMemoMap)

/** What was built over the services on the way to it. It goes with them. */
class Given {
  memoMap = makeMemoMap()
  private readonly next = new WeakMap<object, Given>()

  with(service: object): Given {
    const given = this.next.get(service) ?? new Given()
    this.next.set(service, given)
    return given
  }
}

/**
 * Shared wherever it is composed over the same services of `tags`, which are all that it needs, and built anew over others.
 */
export const perAccount = <A, E, T extends ReadonlyArray<Tag>>(
  layer: Layer.Layer<A, E, T[number]["Identifier"]>,
  ...tags: T
): Layer.Layer<A, E, T[number]["Identifier"]> => {
  const root = new Given()
  return Layer.fresh(
    Layer.scopedContext(
      Effect.gen(function* () {
        const context = yield* Effect.context<T[number]["Identifier"]>()
        const given = tags.reduce<Given>((given, tag) => given.with(context.unsafeMap.get(tag.key)), root)
        return yield* Layer.buildWithMemoMap(layer, given.memoMap, yield* Effect.scope).pipe(
          // A memo map keeps failures as well.
          Effect.onError(() => Effect.sync(() => (given.memoMap = makeMemoMap())))
        )
      })
    )
  )
}
