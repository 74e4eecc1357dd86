/** What the requests of an app-server say they come from: its first client, as in the original. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import type { Message, RequestId } from "../rpc/Envelope.js"
import { AppServer, type Connection } from "../app-server/server/AppServer.js"

/** The user agent, once there is a client. */
export class ClientAgent extends Context.Tag("effect-codex-account/cli/composeAppServerAgent/ClientAgent")<
  ClientAgent,
  Ref.Ref<Option.Option<string>>
>() {}

export const layer: Layer.Layer<ClientAgent> = Layer.effect(ClientAgent, Ref.make(Option.none<string>()))

/** Puts the user agent on every request. */
export const layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient | ClientAgent> =
  Layer.effect(
    HttpClient.HttpClient,
    Effect.zipWith(HttpClient.HttpClient, ClientAgent, (client, agent) =>
      HttpClient.mapRequestEffect(client, (request) =>
        Effect.map(
          Ref.get(agent),
          Option.match({
            onNone: () => request,
            onSome: (name) => HttpClientRequest.setHeader(request, "user-agent", name)
          })
        )
      )
    )
  )

const Asked = Schema.Struct({ clientInfo: Schema.Struct({ name: Schema.String }) })
const Answered = Schema.Struct({ userAgent: Schema.NonEmptyString })

/** These run the server for others, whose names are not theirs. */
const nameless: ReadonlySet<string> = new Set(["codex_app_server_daemon", "codex-backend"])

const isNamed = (params: unknown): boolean => Schema.is(Asked)(params) && !nameless.has(params.clientInfo.name)

const listening = (connection: Connection, agent: Ref.Ref<Option.Option<string>>): Connection => {
  let asked: RequestId | undefined
  const hear = (message: Message): Effect.Effect<void> => {
    if (asked === undefined || message._tag !== "Response" || message.id !== asked) return Effect.void
    asked = undefined
    const { result } = message
    return Schema.is(Answered)(result)
      ? Ref.update(agent, (known) => Option.orElse(known, () => Option.some(result.userAgent)))
      : Effect.void
  }
  return {
    ...connection,
    receive: (message) => {
      if (message._tag === "Request" && message.method === "initialize" && isNamed(message.params)) asked = message.id
      return connection.receive(message)
    },
    take: Effect.tap(connection.take, Option.match({ onNone: () => Effect.void, onSome: hear })),
    takeAll: Effect.tap(connection.takeAll, (messages) =>
      asked === undefined ? Effect.void : Effect.forEach(messages, hear, { discard: true })
    )
  }
}

/** Learns the user agent from the handshake of the first client that gives its name. */
export const layerAppServer: Layer.Layer<AppServer, never, AppServer | ClientAgent> = Layer.effect(
  AppServer,
  Effect.zipWith(AppServer, ClientAgent, (server, agent) => ({
    ...server,
    connect: (options) => Effect.map(server.connect(options), (connection) => listening(connection, agent))
  }))
)
