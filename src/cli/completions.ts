/** Completion scripts for shells. */
import type { Flag, Flags } from "./Command.js"
import { commands, globalFlags } from "./commands.js"

const all = Object.entries(commands)
const names = all.map(([command]) => command)
const globals = Object.keys(globalFlags)

/** The flags with values that a shell can offer. Flags of one name take the same values. */
const completed: ReadonlyMap<string, NonNullable<Flag<unknown>["complete"]>> = new Map(
  [globalFlags, ...all.map(([, { flags }]): Flags => flags)].flatMap((flags: Flags) =>
    Object.entries(flags).flatMap(([name, { complete }]) => (complete === null ? [] : [[name, complete] as const]))
  )
)

/** The commands as arms of a `case`: which flags each adds, and which words. */
const arms = (line: (flags: string, words: string) => string): string =>
  all
    .map(([command, { argument, flags }]) => [command, Object.keys(flags).join(" "), argument.complete.join(" ")])
    .filter(([, flags, words]) => flags !== "" || words !== "")
    .map(([command, flags = "", words = ""]) => `    ${command}) ${line(flags, words)} ;;`)
    .join("\n")

/** The flags with values as arms of a `case`. */
const valueArms = (shell: {
  readonly folder: string
  readonly file: string
  readonly words: (words: string) => string
}): string =>
  Array.from(
    completed,
    ([flag, kind]) => `    ${flag}) ${typeof kind === "string" ? shell[kind] : shell.words(kind.join(" "))}; return ;;`
  ).join("\n")

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

const fishValues = ({ complete }: Flag<unknown>): string => {
  if (complete === null) return ""
  if (complete === "folder") return " -a '(__fish_complete_directories)'"
  return complete === "file" ? " -F" : ` -a ${quoted(complete.join(" "))}`
}

const fish = (): string => {
  const line = (condition: string, rest: string) => `complete -c codex-account${condition}${rest}`
  const within = (command: string) => ` -n '__fish_seen_subcommand_from ${command}'`
  const flagLines = (flags: Flags, condition: string) =>
    Object.entries(flags).map(([name, flag]) =>
      line(
        condition,
        ` -l ${name.slice(2)}${flag.metavar === null ? "" : " -r"}${fishValues(flag)} -d ${quoted(flag.summary)}`
      )
    )
  return [
    line("", " -f"),
    ...all.map(([name, { summary }]) => line(" -n __fish_use_subcommand", ` -a ${name} -d ${quoted(summary)}`)),
    ...all
      .filter(([, { argument }]) => argument.complete.length > 0)
      .map(([name, { argument }]) => line(within(name), ` -a ${quoted(argument.complete.join(" "))}`)),
    ...flagLines(globalFlags, ""),
    ...all.flatMap(([name, { flags }]) => flagLines(flags, within(name)))
  ].join("\n")
}

/** The script that a shell loads to complete commands and flags. */
export const completionScript = (shell: "bash" | "zsh" | "fish" | "sh"): string =>
  shell === "fish" ? fish() : shell === "zsh" ? zsh() : bash()
