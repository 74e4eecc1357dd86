/** Generated ids and messages. */
import * as FastCheck from "effect/FastCheck"
import type { Message, RequestId } from "../../src/rpc/Envelope.js"

/** Text, and all safe integers with their edges. */
export const arbitraryId: FastCheck.Arbitrary<RequestId> = FastCheck.oneof(
  FastCheck.string(),
  FastCheck.integer(),
  FastCheck.maxSafeInteger(),
  FastCheck.constantFrom(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
)

/** JSON as it is after a round trip: no minus zero. */
const json = FastCheck.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)))

const name = FastCheck.oneof(FastCheck.constantFrom("account/read", "initialized"), FastCheck.string())

const code = FastCheck.integer()

export const arbitraryMessage: FastCheck.Arbitrary<Message> = FastCheck.oneof(
  FastCheck.record(
    {
      _tag: FastCheck.constant("Request" as const),
      id: arbitraryId,
      method: name,
      params: json,
      trace: FastCheck.record({ traceparent: FastCheck.string() })
    },
    { requiredKeys: ["_tag", "id", "method"] }
  ),
  FastCheck.record(
    {
      _tag: FastCheck.constant("Notification" as const),
      method: name,
      params: json,
      emittedAtMs: FastCheck.maxSafeNat()
    },
    { requiredKeys: ["_tag", "method"] }
  ),
  FastCheck.record({ _tag: FastCheck.constant("Response" as const), id: arbitraryId, result: json }),
  FastCheck.record({
    _tag: FastCheck.constant("ErrorResponse" as const),
    id: arbitraryId,
    error: FastCheck.oneof(
      FastCheck.record({ code, message: FastCheck.string() }),
      FastCheck.record({ code, message: FastCheck.string(), data: json.filter((data) => data !== null) })
    )
  })
)
