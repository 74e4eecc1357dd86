import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import {
  DecodeError,
  DeserializeError,
  ioError,
  ServerError,
  TransportError,
  TypedRequestError
} from "../../../src/app-server/client/TypedRequestError.js"
import { rpcError } from "../../../src/rpc/RpcError.js"

const transport = new TransportError({ method: "config/read", cause: ioError("BrokenPipe", "closed") })
const server = ServerError.of("thread/read", rpcError(-32603, "internal"))
const decode = new DeserializeError({
  method: "thread/start",
  cause: new DecodeError({ message: "missing field `thread`" })
})

describe("a request's error", () => {
  it.each([
    [transport, "config/read transport error: closed"],
    [server, "thread/read failed: internal (code -32603)"],
    [decode, "thread/start response decode error: missing field `thread`"]
  ])("says what has failed", (error, message) => {
    assert.strictEqual(error.message, message)
  })

  it("has a cause unless it is the server's answer", () => {
    assert.strictEqual(transport.cause._tag, "IoError")
    assert.strictEqual(decode.cause._tag, "DecodeError")
    assert.isUndefined(server.cause)
  })

  it.each([transport, server, decode])("is data", (error) => {
    const written: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(TypedRequestError)(error)))
    const read = Schema.decodeUnknownSync(TypedRequestError)(written)
    assert.strictEqual(read._tag, error._tag)
    assert.strictEqual(read.message, error.message)
  })
})
