/** The words of the command line: which commands there are, and which flags take a value. */

/** A flag: what its value is called, if it takes one, and what it is for. */
export interface Flag {
  readonly metavar: string | null
  readonly about: string
}

export type FlagTable = Readonly<Record<string, Flag>>

const flag = (about: string): Flag => ({ metavar: null, about })
const value = (metavar: string, about: string): Flag => ({ metavar, about })

/** The flags of every command. */
export const globalFlags = {
  "--json": flag("Print one JSON object on stdout."),
  "--demo": flag("Use an embedded backend and a throw-away home: nothing leaves this machine."),
  "--yes": flag("Answer every confirmation with yes, and take the first of several choices. Short: -y."),
  "--codex-home": value("DIR", "The folder with auth.json and config.toml, instead of CODEX_HOME."),
  "--base-url": value("URL", "The backend, instead of chatgpt_base_url in config.toml."),
  "--timeout": value("TIME", "The longest that any call may take: 10s, 500ms, 2m."),
  "--no-color": flag("No colours. So does NO_COLOR in the environment."),
  "--log-level": value("LEVEL", "What to log on stderr: debug, info, warning (the default), error, none."),
  "--completions": value("SHELL", "Print a completion script for bash, zsh, fish or sh."),
  "--help": flag("Print this, or the help of the command. Short: -h."),
  "--version": flag("Print the version.")
} as const satisfies FlagTable

export type GlobalFlag = keyof typeof globalFlags

/** Short forms. */
export const aliases: Readonly<Record<string, GlobalFlag>> = { "-y": "--yes", "-h": "--help" }

const hookFlags = {
  "--on-blocked": value("CMD", "Run a command, without a shell, when usage gets blocked."),
  "--on-reset": value("CMD", "The same when a window begins anew, or usage is possible again.")
} as const satisfies FlagTable

/** The commands, each with the flags that only it has. */
export const commands = {
  usage: {
    "--watch": flag("Keep reading, and show what changes, until Ctrl-C."),
    "--interval": value("TIME", "With --watch: the longest time between two readings, from 10s."),
    ...hookFlags
  },
  status: {},
  redeem: {
    "--key": value("KEY", "Name this redemption: the same key never uses a second credit."),
    "--credit": value("ID", "The credit to use; without it you choose."),
    "--again": flag("Use another credit although a reset was made within the last 20 minutes.")
  },
  invite: { "--again": flag("Send although nobody knows what became of an earlier invite to the same address.") },
  "notify-owner": {
    "--type": value("TYPE", "What to ask for, credits or usage_limit; without it the limit that is reached decides."),
    "--again": flag("Ask although nobody knows what became of an earlier message.")
  },
  role: {},
  guard: {
    "--wait": flag("Wait until work can go on."),
    "--for": value("TIME", "With --wait: how long at most, such as 5h; exit 8 when that is over."),
    ...hookFlags
  },
  session: {},
  logout: { "--local": flag("Only remove the stored sign-in, and send nothing.") },
  login: {
    "--device": flag("Sign in with a code on another device."),
    "--no-browser": flag("Only print the address of the sign-in page."),
    "--with-access-token": flag("Read a personal access token from standard input."),
    "--with-api-key": flag("Read an API key from standard input.")
  },
  journal: {
    "--found": value("WHAT", "With resolve: whether it arrived or is missing, as you found out.")
  },
  policies: {},
  backend: {
    "--port": value("N", "The port; without it any free one."),
    "--plan": value("FILE", "What goes wrong: a fault plan as JSON."),
    "--home": value("DIR", "Write a home for a client of it into this new or empty folder.")
  },
  doctor: {},
  "app-server": {
    "--listen": value("URL", "Where clients come in: stdio:// (the default), unix://[PATH], ws://IP:PORT or off."),
    "--stdio": flag("The same as --listen stdio://."),
    "--delegate": value("CMD", "Another app-server, such as 'codex app-server', for what is not of the account."),
    "--session-source": value(
      "SOURCE",
      "What this is part of, for the threads it makes: cli, vscode, exec or appServer."
    ),
    "--ws-auth": value("MODE", "What a websocket client shows: capability-token or signed-bearer-token."),
    "--ws-token-file": value("FILE", "The capability token, in a file named by its absolute path."),
    "--ws-token-sha256": value("HEX", "The SHA-256 digest of the capability token, instead of the file."),
    "--ws-shared-secret-file": value("FILE", "What signs the bearer tokens (HS256), 32 bytes or more."),
    "--ws-issuer": value("NAME", "Who has to have issued a bearer token."),
    "--ws-audience": value("NAME", "Whom a bearer token has to be for."),
    "--ws-max-clock-skew-seconds": value("N", "How wrong the clocks may be that a bearer token is judged by; 30.")
  }
} as const satisfies Readonly<Record<string, FlagTable>>

export type CommandName = keyof typeof commands

export const isCommandName = (word: string): word is CommandName => Object.hasOwn(commands, word)

/** The known word that is nearest to a mistyped one, if any is near. */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.replace(/^-+/, "").length / 3))
    ? best.candidate
    : undefined
}

/** How many letters have to be put in, taken out or changed. */
const distance = (from: string, to: string): number => {
  if (from.length > 64) return from.length
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
