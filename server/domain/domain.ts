/** A host of somebody's own that leads to an app. */
export interface Domain {
  readonly id: string;
  readonly appId: string;
  /** Canonical: lower case, no trailing dot, `*.` once at the front for every host one label below. */
  readonly hostname: string;
  /** The certificate that visitors over TLS are shown; null: the platform's own. */
  readonly certificate: { readonly id: string; readonly name: string } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Heroku's limit. */
export const MOST_DOMAINS = 1000;

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The address that every app has. */
export function ownHost(appName: string, platformDomain: string): string {
  return `${appName}.${platformDomain}`;
}

/**
 * Why an app cannot have this host, as the end of a sentence; undefined when it can. What is below the platform's own
 * domain belongs to the app of that name, and to nobody else.
 */
export function refuseHostname(
  hostname: string,
  app: { readonly name: string },
  platformDomain: string,
): string | undefined {
  const labels = (hostname.startsWith('*.') ? hostname.slice(2) : hostname).split('.');
  if (hostname.length > 253 || !labels.every((label) => LABEL.test(label)))
    return 'must be a host name, such as www.example.com or *.example.com';
  if (labels.length < 2 || /^\d+$/.test(labels.at(-1) ?? ''))
    return 'must be a full host name below a domain, not an address or a single word';
  const own = ownHost(app.name, platformDomain);
  if (hostname === own) return 'is the address that this app has anyway';
  if (hostname.endsWith(`.${own}`)) return undefined;
  if (hostname === platformDomain || hostname.endsWith(`.${platformDomain}`))
    return `is below ${platformDomain}, whose hosts belong to the platform and its apps`;
  return undefined;
}

/** The other way two hosts can meet: a wildcard and what is below it. Both may stand; whose they are must be settled. */
export function relatedHosts(hostname: string): {
  /** The wildcard this host is below. */
  readonly wildcard: string | null;
  /** Ends of the hosts this wildcard stands above, with one label in front. */
  readonly below: string | null;
} {
  if (hostname.startsWith('*.')) return { wildcard: null, below: hostname.slice(1) };
  return { wildcard: `*${hostname.slice(hostname.indexOf('.'))}`, below: null };
}
