/**
 * The backend as one value: the typed client, the fake server and the OpenAPI document all come from it.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import { ProfileGroup } from "./Profile.js"
import { ReferralsGroup } from "./Referrals.js"
import { ResetCreditsGroup } from "./ResetCredits.js"
import { UsageGroup } from "./Usage.js"
import { WorkspaceGroup } from "./Workspace.js"

/**
 * Paths are those of the ChatGPT style, relative to the base URL; see `PathStyle` for the other.
 *
 * @since 0.1.0
 * @category api
 */
export class CodexBackendApi extends HttpApi.make("CodexBackend")
  .add(UsageGroup)
  .add(ResetCreditsGroup)
  .add(ReferralsGroup)
  .add(WorkspaceGroup)
  .add(ProfileGroup) {}
