/** Tokens as a client of an app-server makes them. */
import { createHmac } from "node:crypto"

const encoded = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

export const secret = "0123456789abcdef0123456789abcdef"

export const signed = (
  claims: unknown,
  { header = { alg: "HS256", typ: "JWT" }, key = secret }: { readonly header?: unknown; readonly key?: string } = {}
): string => {
  const text = `${encoded(header)}.${encoded(claims)}`
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`
}
