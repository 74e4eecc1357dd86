/**
 * Checks the types, and what Effect's language service knows about Effect code, in one program.
 *
 * The language service is the plugin that editors load, with the severities of tsconfig.json; errors and warnings fail.
 * A file that exists in memory alone holds one floating effect: if that is not reported, nothing can be trusted, and
 * the check fails too.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import ts from "typescript"
import { home } from "./tools.mjs"

const plugin = createRequire(import.meta.url)("@effect/language-service/index.js")
const { errors, fileNames, options, raw } = ts.getParsedCommandLineOfConfigFile(
  join(home, "tsconfig.json"),
  { incremental: false, tsBuildInfoFile: undefined },
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(String(diagnostic.messageText))
    }
  }
)
const config = raw.compilerOptions.plugins.find(({ name }) => name === "@effect/language-service")

const canary = join(home, "src/in-memory-canary.ts")
const canaryText = 'import * as Effect from "effect/Effect"\n\nEffect.log("never runs")\n'
const read = (name) => (name === canary ? canaryText : ts.sys.readFile(name))

const host = {
  ...ts.sys,
  getCompilationSettings: () => options,
  getScriptFileNames: () => [...fileNames, canary],
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) => {
    const text = read(name)
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
  },
  getCurrentDirectory: () => home,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (name) => name === canary || ts.sys.fileExists(name),
  readFile: read,
  useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames
}
const bare = ts.createLanguageService(host)
const project = { log: () => undefined }
const service = plugin({ typescript: ts }).create({ config, languageService: bare, languageServiceHost: host, project })

const found = [...errors, ...bare.getCompilerOptionsDiagnostics()]
for (const name of fileNames)
  found.push(...service.getSyntacticDiagnostics(name), ...service.getSemanticDiagnostics(name))

// A test takes any error, fails with what it likes, and names its own services; a type test leaves services out on
// purpose, which the type checker itself has to notice.
const freeInTests = /effect\((anyUnknownInErrorContext|globalErrorInEffectFailure|deterministicKeys|globalDate)\)/
const isFree = ({ file, messageText, source }) => {
  const path = file?.fileName.slice(home.length + 1) ?? ""
  if (source !== "effect" || path.startsWith("src/")) return false
  const text = ts.flattenDiagnosticMessageText(messageText, "\n")
  return freeInTests.test(text) || (path.startsWith("test/types/") && text.includes("effect(missingEffectContext)"))
}
const wrong = found.filter(
  (diagnostic) =>
    [ts.DiagnosticCategory.Error, ts.DiagnosticCategory.Warning].includes(diagnostic.category) && !isFree(diagnostic)
)
const formatHost = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => home,
  getNewLine: () => "\n"
}
const format = process.stdout.isTTY ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics
if (wrong.length > 0) console.log(format(wrong, formatHost))

const isSound = service.getSemanticDiagnostics(canary).some(({ source }) => source === "effect")
if (!isSound) console.log("error: a floating effect was not found, so the Effect diagnostics do not work")

const { version } = JSON.parse(readFileSync(join(home, "node_modules/effect/package.json"), "utf8"))
console.log(`${wrong.length} problems in ${fileNames.length} files (TypeScript ${ts.version}, effect ${version})`)
process.exitCode = wrong.length === 0 && isSound && fileNames.length > 0 ? 0 : 1
