/** The same world with one mechanism taken away. */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Operation } from "../../src/domain/Operation.js"
import type { StoredRecord } from "../../src/services/CredentialStore.js"
import type { Mutation } from "./life.js"

/** A lease that everybody gets, where the name is one of these. */
const granted = (isOpen: (name: string) => boolean): Mutation => ({
  lease: (lease) => ({
    withLease: (options, work) =>
      isOpen(options.name)
        ? work({ name: options.name, fence: 1, assertHeld: Effect.void })
        : lease.withLease(options, work)
  })
})

export const withoutSessionLease = granted((name) => name.startsWith("session "))
export const withoutActLease = granted((name) => !name.startsWith("session "))

/** A process sees what it read first, and what it wrote: the store as of the last time that it knew better. */
export const withoutReread: Mutation = {
  store: (store) => {
    let known: Option.Option<StoredRecord> | undefined
    return {
      ...store,
      read: Effect.suspend(() =>
        known === undefined
          ? Effect.tap(store.read, (found) => Effect.sync(() => (known = found)))
          : Effect.succeed(known)
      ),
      write: (record, options) =>
        Effect.tap(store.write(record, options), (written) => Effect.sync(() => (known = Option.some(written))))
    }
  }
}

/** A client to which every trouble of the OAuth server is a refusal. */
export const withoutDoubt: Mutation = {
  client: (client) =>
    HttpClient.make((request, url) =>
      url.pathname.endsWith("/oauth/token")
        ? Effect.map(client.execute(request), (response) =>
            response.status < 500 ? response : HttpClientResponse.fromWeb(request, new Response(null, { status: 401 }))
          )
        : client.execute(request)
    )
}

/** A write that does not look at what it replaces. */
export const withoutCompare: Mutation = { store: (store) => ({ ...store, write: (record) => store.write(record) }) }

/** A write that keeps what is known to this version. */
export const withoutUnknownKeys: Mutation = {
  store: (store) => ({
    ...store,
    write: ({ OPENAI_API_KEY, auth_mode, last_refresh, tokens }, options) =>
      store.write({ OPENAI_API_KEY, auth_mode, last_refresh, tokens }, options)
  })
}

/** A journal that never learns that something is about to be sent. */
export const withoutSent: Mutation = {
  journal: (journal) => ({
    ...journal,
    advance: (key, state) =>
      state._tag === "sent"
        ? Effect.flatMap(
            journal.find(key),
            Option.match({ onNone: () => journal.advance(key, state), onSome: Effect.succeed })
          )
        : journal.advance(key, state)
  })
}

/** A journal that hides from the next process that the key was sent before. */
export const withoutMemory: Mutation = {
  journal: (journal) => ({
    ...journal,
    intend: (operation) =>
      Effect.map(journal.intend(operation), (found) => new Operation({ ...found, state: { _tag: "intended" } }))
  })
}

/** Redemptions that do not wait. */
export const withoutQuiet: Mutation = { again: true }

/** An HTTP cache that knows addresses and no accounts. */
export const withSharedCache: Mutation = {
  client: (client) => {
    let first: HttpClientResponse.HttpClientResponse | undefined
    return HttpClient.make((request, url) =>
      first !== undefined && url.pathname.endsWith("/usage")
        ? Effect.succeed(first)
        : Effect.tap(client.execute(request), (response) =>
            Effect.sync(() => {
              if (url.pathname.endsWith("/usage") && response.status === 200) first ??= response
            })
          )
    )
  }
}

/** Readers that do not share what was read a moment ago. */
export const withoutInterval: Mutation = { settings: { usageInterval: Duration.zero } }

/** Answers that have lost the backend's wish. */
export const withoutRetryAfter: Mutation = {
  client: HttpClient.transformResponse(
    Effect.map((response): HttpClientResponse.HttpClientResponse =>
      Object.create(response, { headers: { value: Headers.remove(response.headers, "retry-after") } })
    )
  )
}
