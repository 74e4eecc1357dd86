/** What editors ask when they start, as far as it is about more than the account. */
import * as Schema from "effect/Schema"
import { flag, nullable, opt, UInt32 } from "../../../contracts/Tolerant.js"
import { struct } from "../Method.js"

const anything = Schema.Record({ key: Schema.String, value: Schema.Unknown })

export const ConfigReadParams = struct("ConfigReadParams", { includeLayers: flag, cwd: opt(Schema.String) })

/** `config` has the names of `config.toml`, null where nothing is set. */
export const ConfigReadResponse = struct("ConfigReadResponse", {
  config: anything,
  origins: anything,
  layers: nullable(Schema.Array(Schema.Unknown))
})

/** Nobody sets requirements where there is no cloud configuration, and no model has a speed. */
export const ConfigRequirementsReadResponse = struct("ConfigRequirementsReadResponse", {
  requirements: nullable(anything),
  supportsIndependentSpeedModes: Schema.Boolean
})

const page = { cursor: opt(Schema.String), limit: opt(UInt32) }
const folders = Schema.optionalWith(Schema.Array(Schema.String), { exact: true })

export const ModelListParams = struct("ModelListParams", {
  ...page,
  modelProvider: opt(Schema.String),
  includeHidden: opt(Schema.Boolean)
})

export const SkillsListParams = struct("SkillsListParams", { cwds: folders, forceReload: flag })

export const HooksListParams = struct("HooksListParams", { cwds: folders, threadId: opt(Schema.String) })

export const ListMcpServerStatusParams = struct("ListMcpServerStatusParams", {
  ...page,
  detail: opt(Schema.Literal("full", "toolsAndAuthOnly")),
  threadId: opt(Schema.String),
  serverName: opt(Schema.String),
  environmentId: opt(Schema.String)
})

/** Without members. */
export const NoMembers = struct("NoMembers", {})

/** All of it is here: a server that runs no model has nothing to list. */
export const ListResponse = struct("ListResponse", { data: Schema.Array(Schema.Unknown) })

export const PageResponse = struct("PageResponse", {
  data: Schema.Array(Schema.Unknown),
  nextCursor: nullable(Schema.String)
})
