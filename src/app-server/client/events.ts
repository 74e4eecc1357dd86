/** Decodes queued events. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Notification } from "../../rpc/Envelope.js"
import {
  isServerNotificationName,
  type ServerNotificationName,
  type ServerNotificationParams,
  serverNotifications
} from "../protocol/notifications.js"
import type { AppServerEvent, ServerNotification } from "./AppServerClient.js"
import { type Forwarded, isLegacy } from "./EventQueue.js"

type Kinds = {
  readonly [M in ServerNotificationName]: {
    readonly params: Schema.Schema<
      ServerNotificationParams<M>,
      Schema.Schema.Encoded<(typeof serverNotifications)[M]["params"]>
    >
  }
}

const kinds: Kinds = serverNotifications

const known = <M extends ServerNotificationName>(
  method: M,
  { emittedAtMs, params }: Notification
): Option.Option<ServerNotification<M>> =>
  Option.map(Schema.decodeUnknownOption(kinds[method].params)(params), (params): ServerNotification<M> => ({
    _tag: "ServerNotification",
    method,
    params,
    emittedAtMs: emittedAtMs ?? null
  }))

const other = ({ emittedAtMs, method, params }: Notification): AppServerEvent =>
  isLegacy(method)
    ? { _tag: "LegacyNotification", method, params }
    : { _tag: "OtherNotification", method, params, emittedAtMs: emittedAtMs ?? null }

/** Decodes a message only when it is read: what is dropped costs nothing. */
export const readEvent = (event: Forwarded): AppServerEvent => {
  switch (event._tag) {
    case "Request":
      return { _tag: "ServerRequest", id: event.id, method: event.method, params: event.params }
    case "Notification":
      return isServerNotificationName(event.method)
        ? Option.getOrElse(known(event.method, event), (): AppServerEvent => other(event))
        : other(event)
    default:
      return event
  }
}

/** One at a time, so that a stream that is stopped loses nothing. */
export const eventStream = (take: Effect.Effect<Option.Option<Forwarded>>): Stream.Stream<AppServerEvent> =>
  Stream.repeatEffectOption(Effect.flatMap(take, Effect.mapBoth({ onFailure: Option.none, onSuccess: readEvent })))
