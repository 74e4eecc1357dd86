/** The protocol as TypeScript declarations, for clients that do without this package. */
import { type Definitions, published, type Published, type Shape } from "./jsonSchema.js"

const indent = (text: string): string => text.replaceAll("\n", "\n  ")

const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

const members = (shape: Shape): string => {
  const properties = Object.entries(shape.properties ?? {}).map(
    ([name, of]) => `readonly ${key(name)}${shape.required?.includes(name) === true ? "" : "?"}: ${typeText(of)}`
  )
  const rest = shape.additionalProperties
  const all = rest === undefined ? properties : [...properties, `readonly [key: string]: ${typeText(rest)}`]
  return all.length === 0 ? "{}" : `{\n  ${all.map(indent).join("\n  ")}\n}`
}

const single = (shape: Shape): string => {
  if (shape.$ref !== undefined) return shape.$ref.slice("#/definitions/".length)
  if (shape.enum !== undefined) return shape.enum.map((word) => JSON.stringify(word)).join(" | ")
  if (shape.anyOf !== undefined) return shape.anyOf.map(typeText).join(" | ")
  if (shape.type === "array") return `ReadonlyArray<${typeText(shape.items ?? {})}>`
  if (shape.type === "object") return members(shape)
  return shape.type === "integer" ? "number" : (shape.type ?? "unknown")
}

const typeText = (shape: Shape): string => {
  const text = single(shape)
  return text.split(" | ").includes("unknown") ? "unknown" : text
}

const declaration = ([name, shape]: readonly [string, Shape]): string =>
  shape.type === "object" && shape.properties !== undefined
    ? `export interface ${name} ${members(shape)}`
    : `export type ${name} = ${typeText(shape)}`

const requests = (name: string, table: Published["clientRequests"]): string => {
  const entries = Object.entries(table).map(
    ([method, { optional, params, result }]) =>
      `readonly ${key(method)}: { readonly params${optional ? "?" : ""}: ${typeText(params)}${optional && params.type !== "null" ? " | null" : ""}; readonly result: ${typeText(result)} }`
  )
  return `export interface ${name} {\n  ${entries.join("\n  ")}\n}`
}

const named = (definitions: Definitions): ReadonlyArray<string> => Object.entries(definitions).map(declaration)

/**
 * The text of a declaration file: `ClientRequests`, `ServerRequests` and `ServerNotifications` by method, and every type
 * that they name.
 */
export const declarations = (): string => {
  const { clientRequests, definitions, serverNotifications, serverRequests } = published()
  const told = Object.entries(serverNotifications).map(
    ([method, params]) => `readonly ${key(method)}: ${typeText(params)}`
  )
  return `${[
    "/** The account side of the Codex app-server protocol. Generated from its table of methods. */",
    "/** An integer beyond 2^53 is exact only as JSON text. */\nexport type RequestId = string | number",
    requests("ClientRequests", clientRequests),
    requests("ServerRequests", serverRequests),
    `export interface ServerNotifications {\n  ${told.join("\n  ")}\n}`,
    ...named(definitions)
  ].join("\n\n")}\n`
}
