/** The help. */
import { version } from "../domain/version.js"
import { type CommandName, commands, type FlagTable, globalFlags } from "./flags.js"
import { type Paint, paintFor } from "./render/paint.js"
import { columnsOf, wrap } from "./render/text.js"
import type { Screen } from "./Screen.js"

interface Help {
  readonly about: string
  readonly argument?: string
  readonly notes?: ReadonlyArray<string>
  readonly examples: ReadonlyArray<string>
}

const hookNote =
  "A hook is split into words at white space; quotes group, a backslash escapes, and nothing is expanded. It is told CODEX_ACCOUNT_EVENT (blocked or reset), CODEX_ACCOUNT_WINDOW, CODEX_ACCOUNT_UNTIL and CODEX_ACCOUNT_REMAINING_PERCENT in its environment, and has 30 seconds."

const helps: Readonly<Record<CommandName, Help>> = {
  usage: {
    about: "Show what is left of every limit, until when, and what helps.",
    argument: "VIEW",
    notes: [
      "With daily, weekly or cumulative it shows how many tokens were used in the last 52 weeks.",
      "--watch reads every minute, more often near a limit and rarely far from it, until Ctrl-C (130) or q. Without a terminal it prints what changes; with --json one object a reading.",
      hookNote
    ],
    examples: [
      "codex-account usage",
      "codex-account usage --json | jq .verdict.state",
      "codex-account usage weekly",
      "codex-account usage --watch --on-reset 'notify-send \"Codex is back\"'"
    ]
  },
  status: {
    about: "Show the account: role, usage, tokens, messages, and acts whose outcome is open.",
    examples: ["codex-account status", "codex-account --demo"]
  },
  redeem: {
    about: "Use a reset credit, after asking.",
    notes: [
      "Exit 0: reset, now or before with the same key. 7: no reset was needed, or there is no credit. 5: sent, and the outcome is not known; the same --key carries it on."
    ],
    examples: ["codex-account redeem", "codex-account redeem --yes --credit rc_1 --json"]
  },
  invite: {
    about: "Send one referral invite under the offer shown, after asking.",
    argument: "EMAIL",
    notes: ["Sent with a single request, never repeated. Exit 4: refused. 5: nobody knows. 7: no offer."],
    examples: ["codex-account invite ada@example.com", "codex-account invite ada@example.com --yes --json"]
  },
  "notify-owner": {
    about: "Ask the workspace owner for credits or a higher limit, after asking you.",
    examples: ["codex-account notify-owner", "codex-account notify-owner --type credits --yes"]
  },
  role: { about: "Show your role in the workspace.", examples: ["codex-account role --json"] },
  guard: {
    about: "Tell a script whether work can go on: exit 0 usable, 8 blocked.",
    notes: [
      "--wait ends as soon as it can, with 0; when the time of --for is over, with 8. It runs --on-blocked once if it has to wait.",
      hookNote
    ],
    examples: [
      "codex-account guard && codex exec 'fix the tests'",
      "codex-account guard --json --timeout 5s",
      "codex-account guard --wait --for 5h && codex exec 'go on'"
    ]
  },
  session: {
    about: "Show who is signed in, how, and until when. No secret.",
    notes: ["Nothing is asked of a server, but whose a personal access token is."],
    examples: ["codex-account session", "codex-account session --codex-home ~/other"]
  },
  logout: {
    about: "Sign out, everywhere or only here.",
    notes: [
      "The session is revoked at the server, which ends it on other machines and in the browser that share it. With --local only the stored sign-in is removed, and nothing is sent. Exit 7: nobody was signed in."
    ],
    examples: ["codex-account logout", "codex-account logout --local"]
  },
  login: {
    about: "Sign in: with the browser, a code on another device, a token or a key.",
    notes: [
      "The session of before stays until the new one is complete, and is not ended at the server. Exit 4: not granted. 6: no answer, or not finished in time."
    ],
    examples: ["codex-account login", "codex-account login --device", "codex-account login --with-api-key < key.txt"]
  },
  journal: {
    about: "Show the acts that can't be undone, and settle one whose outcome is not known.",
    argument: "show|resolve KEY",
    notes: [
      "A redemption is carried on with its own key. An invite or a message is not sent again: you say what you found."
    ],
    examples: [
      "codex-account journal",
      "codex-account journal show KEY",
      "codex-account journal resolve KEY --found arrived"
    ]
  },
  policies: {
    about: "Print the timeouts and attempts of every call, and whether it may be repeated.",
    examples: ["codex-account policies --timeout 5s"]
  },
  backend: {
    about: "Serve a fake backend for tests, until Ctrl-C.",
    examples: ["codex-account backend --port 8080", "codex-account backend --plan plan.json --home /tmp/codex"]
  },
  doctor: {
    about: "Look for what is wrong: home, sign-in, configuration, clock, network.",
    notes: ["Exit 0 without a failed check; else the exit code of the first one."],
    examples: ["codex-account doctor", "codex-account doctor --json"]
  },
  "app-server": {
    about: "Serve the account to other programs, in the protocol of the Codex app-server.",
    notes: [
      "On stdin and stdout it speaks one JSON object a line; on a unix socket and on a port, websockets with one message a frame. It ends when stdin does, or with SIGTERM, after answering what it accepted (up to 10s); Ctrl-C cancels what it accepted."
    ],
    examples: [
      "codex-account app-server",
      "codex-account app-server --listen unix://",
      "codex-account app-server --listen ws://127.0.0.1:4500 --ws-auth capability-token --ws-token-file /run/token"
    ]
  }
}

const ofAll = [
  "codex-account usage --demo      look around without an account",
  "codex-account usage             how much is left, until when, and what helps",
  "codex-account guard && work     go on only while there is usage left"
]

const exits = [
  "0 done",
  "1 unexpected",
  "2 bad usage",
  "3 not signed in",
  "4 refused by the backend",
  "5 outcome unknown",
  "6 unavailable",
  "7 nothing to do",
  "8 blocked (guard)",
  "130 interrupted"
]

/** Names in one column and what they mean in another, or below where there is no room. */
const list = (rows: ReadonlyArray<readonly [name: string, about: string]>, columns: number): ReadonlyArray<string> => {
  const width = Math.max(...rows.map(([name]) => columnsOf(name))) + 4
  if (width + 30 > columns) {
    return rows.flatMap(([name, about]) => [`  ${name}`, ...wrap(about, columns, "      ")])
  }
  return rows.flatMap(([name, about]) => wrap(about, columns, `  ${name.padEnd(width - 2)}`, " ".repeat(width)))
}

/** Items one after another, none of them broken. */
const wrapWhole = (items: ReadonlyArray<string>, columns: number): ReadonlyArray<string> =>
  wrap(items.map((item) => item.replaceAll(" ", "\u00a0")).join(", "), columns, "  ").map((line) =>
    line.replaceAll("\u00a0", " ")
  )

const flagRows = (flags: FlagTable) =>
  Object.entries(flags).map(
    ([name, { about, metavar }]) => [metavar === null ? name : `${name} ${metavar}`, about] as const
  )

const title = (paint: Paint, text: string): ReadonlyArray<string> => ["", paint("bold", text)]

const ofProgram = (columns: number, paint: Paint): ReadonlyArray<string> => [
  ...wrap(`${paint("bold", "codex-account")} ${version}: the account side of Codex.`, columns),
  ...wrap("Usage: codex-account [COMMAND] [FLAGS]. Without a command it shows the status.", columns, "", "  "),
  ...title(paint, "Commands"),
  ...list(
    Object.entries(helps).map(([name, { about, argument }]) => [
      argument === undefined ? name : `${name} ${argument}`,
      about
    ]),
    columns
  ),
  ...title(paint, "Flags, before or after the command"),
  ...list(flagRows(globalFlags), columns),
  ...title(paint, "Exit codes"),
  ...wrapWhole(exits, columns),
  ...title(paint, "Examples"),
  ...ofAll.map((line) => `  ${line}`)
]

const ofCommand = (command: CommandName, columns: number, paint: Paint): ReadonlyArray<string> => {
  const { about, argument, examples, notes = [] } = helps[command]
  const own = flagRows(commands[command])
  const words = ["codex-account", command, ...(argument === undefined ? [] : [`[${argument}]`]), "[FLAGS]"]
  return [
    ...wrap(`${paint("bold", `codex-account ${command}`)}: ${about}`, columns),
    `Usage: ${words.join(" ")}`,
    ...notes.flatMap((note) => wrap(note, columns)),
    ...(own.length === 0 ? [] : [...title(paint, "Flags"), ...list(own, columns)]),
    ...title(paint, "Flags of every command"),
    ...wrapWhole(
      flagRows(globalFlags).map(([name]) => name),
      columns
    ),
    ...title(paint, "Examples"),
    ...examples.map((line) => `  ${line}`)
  ]
}

/** The help of a command, or of the whole program. */
export const helpLines = (
  command: CommandName | null,
  screen: Pick<Screen, "columns" | "color">
): ReadonlyArray<string> => {
  const paint = paintFor(screen.color)
  const columns = Math.min(100, screen.columns)
  return command === null ? ofProgram(columns, paint) : ofCommand(command, columns, paint)
}

/** What a command does, in one sentence. */
export const aboutCommand = (command: CommandName): string => helps[command].about
