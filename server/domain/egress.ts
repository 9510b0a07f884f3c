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
