/** `codex-account backend`. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { BadUsage } from "../BadUsage.js"
import { backendFields } from "../json/toolFields.js"
import { present } from "../Report.js"

interface Served {
  readonly origin: string
  readonly baseUrl: string
  readonly home: string | null
  readonly environment: Readonly<Record<string, string>>
}

const lines = ({ baseUrl, environment, home, origin }: Served): ReadonlyArray<string> => [
  `The fake backend listens on ${origin}, until Ctrl-C.`,
  "",
  ...(home === null
    ? [`Its base URL is ${baseUrl}. With --home DIR it writes a sign-in for a client.`]
    : [
        "To use it from another terminal:",
        ...Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`),
        "  codex-account usage"
      ])
]

export const backend = Command.make(
  "backend",
  {
    port: Options.integer("port").pipe(Options.withDefault(0)),
    plan: Options.text("plan").pipe(Options.optional),
    home: Options.text("home").pipe(Options.optional)
  },
  ({ home, plan, port }) =>
    Effect.gen(function* () {
      if (port < 0 || port > 65_535) {
        return yield* new BadUsage({ message: "--port needs a number from 0 to 65535.", advice: null })
      }
      const { serveBackend } = yield* Effect.promise(() => import("../backendServer.js"))
      yield* serveBackend({ port, plan: Option.getOrNull(plan), home: Option.getOrNull(home) }).pipe(
        present({ command: "backend", fields: backendFields, value: (served: Served) => served, lines })
      )
      return yield* Effect.never
    }).pipe(Effect.scoped)
)
