/** Whether the backend's host answers at all, and what its clock says. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { AccountConfig } from "../../services/AccountConfig.js"

/** `skewMillis` is how far the clock here is ahead of the backend's, null when it did not tell. */
export interface Reached {
  readonly status: number
  readonly skewMillis: number | null
}

const patience = Duration.seconds(8)

/** One request without the sign-in; any answer will do. None when there was no answer in time. */
export const reach: Effect.Effect<Option.Option<Reached>, never, AccountConfig | HttpClient.HttpClient> = Effect.gen(
  function* () {
    const { backend, userAgent } = yield* AccountConfig
    const client = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
    const response = yield* client.execute(
      HttpClientRequest.get(backend.url).pipe(HttpClientRequest.setHeader("user-agent", userAgent))
    )
    const now = yield* Clock.currentTimeMillis
    const theirs = Date.parse(response.headers["date"] ?? "")
    return { status: response.status, skewMillis: Number.isNaN(theirs) ? null : now - theirs }
  }
).pipe(Effect.timeout(patience), Effect.option)
