/** `length` random bytes. The one place that asks for randomness; rules get it as an argument. */
export const randomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

/** 256 random bits as 43 characters of base64url: a link or token that cannot be guessed. */
export const randomToken = (): string =>
  btoa(String.fromCharCode(...randomBytes(32)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
