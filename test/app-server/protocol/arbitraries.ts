/** Generated ids and messages. */
import * as FastCheck from "effect/FastCheck"
import type { Message } from "../../../src/app-server/protocol/Envelope.js"
import type { RequestId } from "../../../src/app-server/protocol/RequestId.js"

const normal = (id: bigint): number | bigint =>
  id >= BigInt(Number.MIN_SAFE_INTEGER) && id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : id

/** Text, and all 64-bit integers with their edges. */
export const arbitraryId: FastCheck.Arbitrary<RequestId> = FastCheck.oneof(
  FastCheck.string(),
  FastCheck.integer(),
  FastCheck.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(normal),
  FastCheck.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).map(normal)
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
