/** What editors ask when they start. This server runs no model, so most of it is empty. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AccountConfig } from "../../../services/AccountConfig.js"
import { noGatewaySignIn } from "../../protocol/errors.js"
import type { Handlers } from "../Handler.js"

/** The original writes each of these, null where it is not set. */
const unset = {
  review_model: null,
  model_context_window: null,
  model_auto_compact_token_limit: null,
  model_auto_compact_token_limit_scope: null,
  model_provider: null,
  approval_policy: null,
  approvals_reviewer: null,
  sandbox_mode: null,
  sandbox_workspace_write: null,
  web_search: null,
  client_search_provider: null,
  tools: null,
  instructions: null,
  developer_instructions: null,
  compact_prompt: null,
  model_reasoning_effort: null,
  model_reasoning_summary: null,
  model_verbosity: null,
  service_tier: null,
  analytics: null,
  apps: null,
  browser_use: null,
  computer_use: null,
  desktop: null
}

const emptyList = () => Effect.succeed({ data: [] })
const emptyPage = () => Effect.succeed({ data: [], nextCursor: null })

export const startupHandlers: Handlers<
  | "account/gatewayOAuth/cancel"
  | "account/gatewayOAuth/login"
  | "account/gatewayOAuth/read"
  | "collaborationMode/list"
  | "config/read"
  | "configRequirements/read"
  | "hooks/list"
  | "mcpServerStatus/list"
  | "model/list"
  | "skills/list",
  AccountConfig
> = {
  "account/gatewayOAuth/cancel": () => Effect.succeed({}),
  "account/gatewayOAuth/login": () => Effect.fail(noGatewaySignIn()),
  "account/gatewayOAuth/read": () =>
    Effect.succeed({
      providerId: "openai",
      providerName: "OpenAI",
      required: false,
      supportsDeviceAuth: false,
      status: null,
      error: null
    }),
  "collaborationMode/list": emptyList,
  "config/read": ({ includeLayers }) =>
    Effect.map(AccountConfig, ({ credentialStore, forcedLoginMethod, forcedWorkspaces, model }) => ({
      config: {
        ...unset,
        cli_auth_credentials_store: credentialStore,
        forced_chatgpt_workspace_id: forcedWorkspaces.length === 0 ? null : forcedWorkspaces,
        forced_login_method: Option.getOrNull(forcedLoginMethod),
        model: Option.getOrNull(model)
      },
      origins: {},
      layers: includeLayers === true ? [] : null
    })),
  "configRequirements/read": () => Effect.succeed({ requirements: null, supportsIndependentSpeedModes: false }),
  "hooks/list": emptyList,
  "mcpServerStatus/list": emptyPage,
  "model/list": emptyPage,
  "skills/list": emptyList
}
