/**
 * Arrows go one way. See ARCHITECTURE.md for the picture.
 *
 * `part(name, mayKnow)` forbids every module of src that is not in the list; a part may always know itself.
 */
const part = (name, mayKnow, comment) => ({
  name: `${name}-knows-only-${mayKnow.length === 0 ? "itself" : mayKnow.join("-")}`,
  comment,
  severity: "error",
  from: { path: `^src/${name}/` },
  to: { path: "^src/", pathNot: `^src/(${[name, ...mayKnow].join("|")})/` }
})

const cliPart = part(
  "cli",
  ["programs", "app-server", "rpc", "services", "domain", "contracts"],
  "The CLI asks programs."
)
const composition = "^src/cli/(bin|compose)[^/]*(\\.ts$|/)"
const testAccount = "^src/testing/(index|TestAccount)\\.ts$"
const demo = "^src/cli/(compose|demo|commands/backend)[^/]*(\\.ts$|/)"

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    part("contracts", [], "What crosses a wire is spelled as it is there, and means nothing yet."),
    part("domain", [], "Meaning does not depend on how it is transported."),
    part("services", ["domain", "contracts"], "A service is a question: an interface over meanings."),
    part("rpc", [], "A JSON-RPC peer and its transports know no method and no account."),
    part("layers", ["services", "domain", "contracts", "rpc"], "A layer answers a service by some technology."),
    part("programs", ["services", "domain"], "A program does not know how its services are answered."),
    part("app-server", ["programs", "services", "domain", "contracts", "rpc"], "A face over programs and services."),
    {
      ...part("testing", ["contracts", "domain", "services"], "The fakes know what crosses the wire, and no layer."),
      from: { path: "^src/testing/", pathNot: testAccount }
    },
    {
      ...part(
        "testing",
        ["contracts", "domain", "services", "layers"],
        "A test account puts the layers over the fakes."
      ),
      from: { path: testAccount }
    },
    {
      name: "cli-imports-fakes-one-by-one",
      comment: "The index of the fakes brings every layer along, which would be loaded at start.",
      severity: "error",
      from: { path: "^src/cli/" },
      to: { path: testAccount }
    },
    {
      ...cliPart,
      from: { path: "^src/cli/", pathNot: [composition, demo] }
    },
    {
      name: "cli-composition",
      comment: "The entry points of the CLI put layers together; they do not know the fakes.",
      severity: "error",
      from: { path: composition, pathNot: demo },
      to: { path: "^src/testing/" }
    },
    {
      name: "cli-demo",
      comment: "The embedded backend is built from the fakes; only the composition builds layers.",
      severity: "error",
      from: { path: demo, pathNot: composition },
      to: { path: "^src/layers/" }
    },
    {
      name: "only-live-composes-layers",
      comment: "The layers are put together in one place; a layer does not know the composition.",
      severity: "error",
      from: { path: "^src/(?!cli/|index\\.ts$|testing/TestAccount\\.ts$)" },
      to: { path: "^src/layers/Live\\.ts$" }
    },
    {
      name: "nothing-imports-the-cli",
      comment: "The CLI is the outermost part.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: "^src/cli/" }
    },
    {
      name: "nothing-imports-the-index",
      comment: "src/index.ts is for users of the package; within it, import the module.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^src/index\\.ts$" }
    },
    {
      name: "index-leaves-the-fakes-out",
      comment: "The fakes have an entry of their own.",
      severity: "error",
      from: { path: "^src/index\\.ts$" },
      to: { path: "^src/testing/" }
    },
    {
      name: "src-stands-alone",
      comment: "What is shipped imports nothing that is not.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench|examples|scripts)/" }
    },
    {
      name: "no-cycles",
      comment: "A cycle is two files that are one idea, or one idea too many.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true }
    },
    {
      name: "no-barrels",
      comment: "Import effect/Effect, not effect: a barrel costs a quarter of a second at start.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "(^|/)node_modules/(effect|@effect/[^/]+)/(dist/(dts|esm|cjs)|src)/index\\.(d\\.ts|js|ts)$" }
    },
    {
      name: "pure-parts-need-no-platform",
      comment: "Contracts, domain, services and programs run anywhere: no Node modules, no database, no socket.",
      severity: "error",
      from: { path: "^src/(contracts|domain|services|programs)/" },
      to: { path: "(^|/)node_modules/(@effect/(platform-node|platform-node-shared|sql|cli)|undici|ws|libsql)/" }
    },
    {
      name: "pure-parts-need-no-node",
      comment: "Contracts, domain, services and programs use no Node module, but for the default of Digest.",
      severity: "error",
      from: { path: "^src/(contracts|domain|services|programs)/", pathNot: "^src/services/Digest\\.ts$" },
      to: { dependencyTypes: ["core"] }
    },
    {
      name: "no-development-packages",
      comment: "A package that only development needs is not there when the library is installed. The CLI is bundled.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm", "npm-peer", "npm-optional", "type-only"] }
    },
    {
      name: "no-unknown-packages",
      comment: "Every import resolves, to a package that package.json names.",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "unknown", "undetermined"] }
    },
    {
      name: "no-unresolvable",
      comment: "Every import resolves.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true }
    }
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
      mainFields: ["module", "main", "types"]
    }
  }
}
