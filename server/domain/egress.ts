/** The URL, if it may be called at all by what it says; else the reason, which completes "url …". */
export function readTarget(text: string, schemes: readonly string[]): { url: URL } | { problem: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.hostname === '') return { problem: 'must be an absolute URL' };
  if (!schemes.includes(url.protocol))
    return { problem: `must begin with ${schemes.map((s) => `${s}//`).join(' or ')}` };
  if (url.username !== '' || url.password !== '') return { problem: 'must not hold a user name or password' };
  if (text.length > 2_000) return { problem: 'is too long' };
  return { url };
}

/** The port that a web address leads to. */
export function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** What kept a call from being answered, in a word that programs can branch on; `egress_failed` for what has none. */
export function egressFailureClass(reason: unknown): string {
  const text = String(reason);
  return CLASSES.find(([pattern]) => pattern.test(text))?.[1] ?? 'egress_failed';
}

/** By the codes of Node and OpenSSL, and by our own words where there is no code. */
const CLASSES: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'connection_refused'],
  [/^(?:ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/, 'connection_reset'],
  [/^ETIMEDOUT$|^no answer within /, 'timeout'],
  [/^(?:ENOTFOUND|EAI_[A-Z]+|ENODATA)$|^it has no address$/, 'name_not_resolved'],
  [/^(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)$/, 'host_unreachable'],
  [/^(?:EPROTO|ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/, 'tls_failed'],
  [/^(?:HPE_|ERR_HTTP_)/, 'not_http'],
];
