import { isIP } from 'node:net';

/** What a build may start from. */
export type Verdict =
  { readonly allowed: true; readonly stack: boolean } | { readonly allowed: false; readonly why: string };

const REFERENCE = /^[a-z0-9][a-z0-9._:/-]*(?:@sha256:[0-9a-f]{64})?$/i;
const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * Judges the name of an image in a Dockerfile. Allowed are `scratch`, the stack, and images of public registries;
 * whatever lives in the platform's own registry, or could be a name of this machine or its networks, is not.
 * `registries` are host names (no ports) under which the platform's registry is known.
 */
export function judgeImage(name: string, registries: readonly string[]): Verdict {
  const refuse = (why: string): Verdict => ({ allowed: false, why });
  if (!REFERENCE.test(name)) return refuse(`"${name.slice(0, 100)}" is no image name that can be used here`);
  if (name.toLowerCase() === 'scratch') return { allowed: true, stack: false };
  const { host, path } = splitName(name);
  if (host === null) return judgeHub(path, { hosted: false });
  if (HUB.has(host)) return judgeHub(path, { hosted: true });
  if (registries.includes(host))
    return refuse("images in the platform's own registry belong to its apps and cannot be built upon");
  if (!isPublicHost(host)) return refuse(`"${host}" is not the name of a public registry`);
  return { allowed: true, stack: false };
}

/** Docker's rule: what stands before the first slash is a host when it has a dot, a port or a capital, or is localhost. */
function splitName(name: string): { host: string | null; path: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  if (!/[.:A-Z]/.test(first) && first !== 'localhost') return { host: null, path: name };
  return { host: first.toLowerCase().replace(/:\d*$/, ''), path: name.slice(slash + 1) };
}

function isPublicHost(host: string): boolean {
  if (isIP(host) !== 0 || !/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(host) || /^[\d.]+$|^0x/.test(host))
    return false;
  return !/\.(?:localhost|local|internal|localdomain|home|lan)$/.test(host);
}

function judgeHub(path: string, { hosted }: { hosted: boolean }): Verdict {
  const [named = ''] = path.split('@', 1);
  const tag = named.indexOf(':', named.lastIndexOf('/') + 1);
  const repository = (tag === -1 ? named : named.slice(0, tag)).toLowerCase();
  if (!/^(?:library\/)?gantry(?:\/|-|$)/.test(repository)) return { allowed: true, stack: false };
  if (!hosted && repository === 'gantry/stack' && !path.includes('@')) return { allowed: true, stack: true };
  return { allowed: false, why: 'of the names that begin with gantry, only gantry/stack can be built upon' };
}
