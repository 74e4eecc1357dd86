/** A client's own words on their way back to it, in an error. */

const longest = 64

const secretLike = /@|\bsk-|\beyJ|\brt[-_.]|bearer/i

/**
 * The text where it is short, printable ASCII and looks like neither a token, a key nor an e-mail address; otherwise an
 * ellipsis. Errors end in logs, and a client may have put a secret in the wrong place.
 */
export const echoed = (text: string): string =>
  text.length <= longest && /^[ -~]*$/.test(text) && !secretLike.test(text) ? text : "…"
