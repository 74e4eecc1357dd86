/** Completion scripts for shells. */
import { commands, type FlagTable, globalFlags, isCommandName } from "./flags.js"
import { aboutCommand } from "./help.js"

export type Shell = "bash" | "zsh" | "fish" | "sh"

export const isShell = (word: string): word is Shell => ["bash", "zsh", "fish", "sh"].includes(word)

const all: ReadonlyArray<readonly [command: string, flags: FlagTable]> = Object.entries(commands)
const names = all.map(([command]) => command)
const globals = Object.keys(globalFlags)

/** What may stand behind a command, besides flags. */
const wordsOf: Readonly<Partial<Record<string, string>>> = {
  usage: "daily weekly cumulative",
  journal: "show resolve"
}

/** What may stand behind a flag. */
const valuesOf: Readonly<Record<string, "folder" | "file" | { readonly words: string }>> = {
  "--codex-home": "folder",
  "--home": "folder",
  "--plan": "file",
  "--ws-token-file": "file",
  "--ws-shared-secret-file": "file",
  "--type": { words: "credits usage_limit" },
  "--found": { words: "arrived missing" },
  "--log-level": { words: "debug info warning error none" },
  "--completions": { words: "bash zsh fish sh" },
  "--listen": { words: "stdio:// unix:// ws://127.0.0.1:0 off" },
  "--ws-auth": { words: "capability-token signed-bearer-token" }
}

/** The commands as arms of a `case`: which flags each adds, and which words. */
const arms = (line: (flags: string, words: string) => string): string =>
  all
    .map(([command, flags]) => [command, Object.keys(flags).join(" "), wordsOf[command] ?? ""] as const)
    .filter(([, flags, words]) => flags !== "" || words !== "")
    .map(([command, flags, words]) => `    ${command}) ${line(flags, words)} ;;`)
    .join("\n")

/** The flags with values as arms of a `case`. */
const valueArms = (shell: {
  readonly folder: string
  readonly file: string
  readonly words: (words: string) => string
}): string =>
  Object.entries(valuesOf)
    .map(
      ([flag, kind]) => `    ${flag}) ${typeof kind === "string" ? shell[kind] : shell.words(kind.words)}; return ;;`
    )
    .join("\n")

const bash = (): string => `_codex_account() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" flags="${globals.join(" ")}" w
  for w in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$w" in ${names.join("|")}) command="$w"; break ;; esac
  done
  case "$command" in
    "") words="${names.join(" ")}" ;;
${arms((flags, words) => `flags="$flags ${flags}"; words="${words}"`)}
  esac
  case "$before" in
${valueArms({
  folder: 'COMPREPLY=($(compgen -d -- "$word"))',
  file: 'COMPREPLY=($(compgen -f -- "$word"))',
  words: (words) => `COMPREPLY=($(compgen -W "${words}" -- "$word"))`
})}
  esac
  if [[ -n "$words" && "$word" != -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  fi
}
complete -F _codex_account codex-account`

const zsh = (): string => `#compdef codex-account
_codex_account() {
  local command="" w
  local -a flags
  local -a known
  flags=(${globals.join(" ")})
  for w in \${words[2,CURRENT-1]}; do
    case "$w" in ${names.join("|")}) command="$w"; break ;; esac
  done
  case "$command" in
    "") known=(${names.join(" ")}) ;;
${arms((flags, words) => `flags+=(${flags}); known=(${words})`)}
  esac
  case "\${words[CURRENT-1]}" in
${valueArms({ folder: "_files -/", file: "_files", words: (words) => `compadd -- ${words}` })}
  esac
  if [[ \${#known} -gt 0 && "$PREFIX" != -* ]]; then
    compadd -- $known
  else
    compadd -- $flags
  fi
}
if [[ "$funcstack[1]" = "_codex_account" ]]; then _codex_account "$@"; else compdef _codex_account codex-account; fi`

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`

const fishValues = (flag: string): string => {
  const kind = valuesOf[flag]
  if (kind === undefined) return ""
  return kind === "folder"
    ? " -a '(__fish_complete_directories)'"
    : kind === "file"
      ? " -F"
      : ` -a ${quoted(kind.words)}`
}

const fish = (): string => {
  const flagLines = (flags: FlagTable, condition: string) =>
    Object.entries(flags).map(
      ([name, { about, metavar }]) =>
        `complete -c codex-account${condition} -l ${name.slice(2)}${metavar === null ? "" : " -r"}${fishValues(name)} -d ${quoted(about)}`
    )
  return [
    "complete -c codex-account -f",
    ...names
      .filter(isCommandName)
      .map((name) => `complete -c codex-account -n __fish_use_subcommand -a ${name} -d ${quoted(aboutCommand(name))}`),
    ...Object.entries(wordsOf).map(
      ([command, words = ""]) =>
        `complete -c codex-account -n '__fish_seen_subcommand_from ${command}' -a ${quoted(words)}`
    ),
    ...flagLines(globalFlags, ""),
    ...all.flatMap(([command, flags]) => flagLines(flags, ` -n '__fish_seen_subcommand_from ${command}'`))
  ].join("\n")
}

/** The script that a shell loads to complete commands and flags. */
export const completionScript = (shell: Shell): string => {
  switch (shell) {
    case "bash":
    case "sh":
      return bash()
    case "zsh":
      return zsh()
    case "fish":
      return fish()
  }
}
