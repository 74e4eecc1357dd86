/** The backend as one value: the typed client, the fake server and the OpenAPI document all come from it. */
import * as HttpApi from "@effect/platform/HttpApi"
import { ProfileGroup, ReferralsGroup, ResetCreditsGroup, UsageGroup, WorkspaceGroup } from "./BackendEndpoints.js"
import { WorkspacesGroup } from "./WorkspaceEndpoints.js"

/**
 * Paths are those of the ChatGPT style, relative to the base URL; `PathStyle` has the other.
 * @since 0.1.0
 * @category api
 */
export class CodexBackendApi extends HttpApi.make("CodexBackend")
  .add(UsageGroup)
  .add(ResetCreditsGroup)
  .add(ReferralsGroup)
  .add(WorkspaceGroup)
  .add(WorkspacesGroup)
  .add(ProfileGroup) {}
