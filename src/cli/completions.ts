/**
 * Completion scripts for shells.
 *
 * @since 0.1.0
 */
import { commands, type FlagTable, globalFlags, isCommandName } from "./flags.js"
import { aboutCommand } from "./help.js"

/**
 * @since 0.1.0
 * @category models
 */
export type Shell = "bash" | "zsh" | "fish" | "sh"

/**
 * @since 0.1.0
 * @category predicates
 */
export const isShell = (word: string): word is Shell => ["bash", "zsh", "fish", "sh"].includes(word)

const all: ReadonlyArray<readonly [command: string, flags: FlagTable]> = Object.entries(commands)
const names = all.map(([command]) => command)
const globals = Object.keys(globalFlags)

/** What the commands add to the flags, as arms of a `case`. */
const arms = (line: (flags: string) => string): string =>
  all
    .filter(([, flags]) => Object.keys(flags).length > 0)
    .map(([command, flags]) => `    ${command}) ${line(Object.keys(flags).join(" "))} ;;`)
    .join("\n")

const bash = (): string => `_codex_account() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="" flags="${globals.join(" ")}" w
  for w in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$w" in ${names.join("|")}) command="$w"; break ;; esac
  done
  case "$command" in
${arms((flags) => `flags="$flags ${flags}"`)}
  esac
  case "$before" in
    --codex-home|--home) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --plan) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --type) COMPREPLY=($(compgen -W "credits usage_limit" -- "$word")); return ;;
  esac
  if [[ -z "$command" && "$word" != -* ]]; then
    COMPREPLY=($(compgen -W "${names.join(" ")}" -- "$word"))
  else
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  fi
}
complete -F _codex_account codex-account`

const zsh = (): string => `#compdef codex-account
_codex_account() {
  local command="" w
  local -a flags
  flags=(${globals.join(" ")})
  for w in \${words[2,CURRENT-1]}; do
    case "$w" in ${names.join("|")}) command="$w"; break ;; esac
  done
  case "$command" in
${arms((flags) => `flags+=(${flags})`)}
  esac
  case "\${words[CURRENT-1]}" in
    --codex-home|--home) _files -/; return ;;
    --plan) _files; return ;;
    --type) compadd -- credits usage_limit; return ;;
  esac
  if [[ -z "$command" && "$PREFIX" != -* ]]; then
    compadd -- ${names.join(" ")}
  else
    compadd -- $flags
  fi
}
if [[ "$funcstack[1]" = "_codex_account" ]]; then _codex_account "$@"; else compdef _codex_account codex-account; fi`

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`

const fish = (): string => {
  const flagLines = (flags: FlagTable, condition: string) =>
    Object.entries(flags).map(
      ([name, { about, metavar }]) =>
        `complete -c codex-account${condition} -l ${name.slice(2)}${metavar === null ? "" : " -r"} -d ${quoted(about)}`
    )
  return [
    "complete -c codex-account -f",
    ...names
      .filter(isCommandName)
      .map((name) => `complete -c codex-account -n __fish_use_subcommand -a ${name} -d ${quoted(aboutCommand(name))}`),
    ...flagLines(globalFlags, ""),
    ...all.flatMap(([command, flags]) => flagLines(flags, ` -n '__fish_seen_subcommand_from ${command}'`))
  ].join("\n")
}

/**
 * The script that a shell loads to complete commands and flags.
 *
 * @since 0.1.0
 * @category rendering
 */
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
