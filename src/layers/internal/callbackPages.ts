/**
 * The pages that the browser is shown when it comes back. They hold nothing that came with the request, load nothing and
 * run nothing.
 */

export interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  connection: "close"
}

const page = (status: number, title: string, text: string): Page => ({
  status,
  headers,
  body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
</head>
<body><h1>${title}</h1><p>${text}</p></body>
</html>
`
})

export const pages = {
  signedIn: page(200, "You are signed in", "You can close this page and go back to the terminal."),
  failed: page(500, "The sign-in did not succeed", "Nothing was stored. The terminal says why."),
  cancelled: page(200, "The sign-in was cancelled", "Nothing was stored. You can close this page."),
  denied: page(
    403,
    "The sign-in was not granted",
    "Nothing was stored. Start again from the terminal if this was a mistake."
  ),
  notEntitled: page(
    403,
    "Codex is not enabled for your workspace",
    "Ask the administrator of your workspace for access to Codex, or sign in to another workspace."
  ),
  noCode: page(400, "The sign-in page came back without a code", "Nothing was stored. Start again from the terminal."),
  stateMismatch: page(400, "State mismatch", "This page does not belong to the sign-in that is waiting here."),
  notAllowed: page(405, "Not allowed", "This address only shows pages."),
  foreign: page(403, "Not from here", "Another site asked for this page."),
  notFound: page(404, "Not found", "There is nothing here.")
} as const

/** To the page of success, under an address without the code. */
export const toSuccess: Page = { status: 302, headers: { ...headers, location: "/success" }, body: "" }
