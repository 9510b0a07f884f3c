import type { Secret } from '../../lib/secret.ts';

/** Where the log of an app also goes. */
export interface Drain {
  readonly id: string;
  readonly appId: string;
  /** Names it in what it is sent: `d.` and a UUID. */
  readonly token: string;
  /** As it was given: it may hold a password. */
  readonly url: Secret;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const DRAINS_PER_APP = 5;

/** Why an app does not get the same drain twice. */
export const DRAIN_TAKEN = { field: 'url', problem: 'is that of a drain of this app already' };

/** How a drain's receiver is reached. */
export interface DrainTarget {
  readonly by: 'syslog' | 'syslog+tls' | 'http';
  readonly host: string;
  readonly port: number;
  /** Of `http`, without user and password. */
  readonly url: string;
  /** The value of the Authorization header that user and password make. */
  readonly authorization: string | null;
  /** The same for every spelling of the same URL. */
  readonly canonical: string;
}

const SCHEMES = ['syslog:', 'syslog+tls:', 'https:', 'http:'] as const;
const PORTS: Readonly<Record<(typeof SCHEMES)[number], number>> = {
  'syslog:': 514,
  'syslog+tls:': 6514,
  'https:': 443,
  'http:': 80,
};

/** The target of a drain's URL, or what is wrong with it, which completes "url …". */
export function readDrainUrl(text: string): DrainTarget | { readonly problem: string } {
  const url = text.length <= 2_000 && URL.canParse(text) ? new URL(text) : undefined;
  const scheme = SCHEMES.find((one) => one === url?.protocol);
  if (!url || !scheme)
    return { problem: `must begin with ${SCHEMES.map((one) => `${one}//`).join(', ')} and name a host` };
  const host = hostOf(url);
  if (host === undefined) return { problem: 'must name a host' };
  if (url.hash !== '') return { problem: 'must not have a fragment' };
  const port = url.port === '' ? PORTS[scheme] : Number(url.port);
  return scheme === 'https:' || scheme === 'http:' ? web(url, host, port) : syslog(url, scheme, host, port);
}

/** Hosts of schemes that are not of the web are not read as hosts; as those of the web they are. */
function hostOf({ hostname }: URL): string | undefined {
  const asWeb = `http://${hostname}`;
  return hostname !== '' && URL.canParse(asWeb) ? new URL(asWeb).hostname : undefined;
}

function web(url: URL, host: string, port: number): DrainTarget {
  const { username, password, href: canonical } = url;
  const authorization = username === '' && password === '' ? null : basic(username, password);
  [url.username, url.password] = ['', ''];
  return { by: 'http', host, port, url: url.href, authorization, canonical };
}

function syslog(
  { username, password, search, pathname }: URL,
  scheme: 'syslog:' | 'syslog+tls:',
  host: string,
  port: number,
): DrainTarget | { readonly problem: string } {
  if (username + password + search !== '' || !['', '/'].includes(pathname))
    return { problem: `of ${scheme}// must be a host and a port and nothing else` };
  const by = scheme === 'syslog:' ? 'syslog' : 'syslog+tls';
  return { by, host, port, url: '', authorization: null, canonical: `${scheme}//${host}:${port}` };
}

function basic(username: string, password: string): string {
  const text = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that is one
  }
}
