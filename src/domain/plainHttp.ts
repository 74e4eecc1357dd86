/** Which URLs show what is sent to everybody on the way. */

const isLoopback = (hostname: string): boolean =>
  hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname) || /^(.+\.)?localhost\.?$/.test(hostname)

/** Whether a token that is sent there goes over plain http to another machine. */
export const exposesTokens = (url: string): boolean => {
  const { hostname, protocol } = new URL(URL.canParse(url) ? url : "none:")
  return protocol === "http:" && !isLoopback(hostname)
}
