import { z } from 'zod';
import { Secret } from '../../../lib/secret.ts';
import type { ConfigVars } from '../../domain/release.ts';
import type { Sealer } from '../../ports/sealer.ts';
import { releaseContext } from './seal-contexts.ts';

const pairs = z.array(z.tuple([z.string(), z.string()]));

export function sealConfig(
  sealer: Sealer,
  release: { readonly appId: string; readonly id: string },
  config: ConfigVars,
): Uint8Array<ArrayBuffer> {
  const plain = JSON.stringify([...config].map(([key, value]) => [key, value.reveal()]));
  return sealer.seal(plain, releaseContext(release.appId, release.id));
}

/** Throws `config_unreadable`. */
export function openConfig(
  sealer: Sealer,
  release: { readonly appId: string; readonly id: string; readonly config: Uint8Array },
): ConfigVars {
  const plain = sealer.open(release.config, releaseContext(release.appId, release.id));
  return new Map(pairs.parse(JSON.parse(plain)).map(([key, value]) => [key, new Secret(value)]));
}

/**
 * A config that is opened when somebody first looks into it. The controller reads every app each second and needs the
 * values only when it starts something; and a config that cannot be opened then stops its own app, not the others.
 */
export function openLater(open: () => ConfigVars): ConfigVars {
  let opened: ConfigVars | undefined;
  const config = (): ConfigVars => (opened ??= open());
  return {
    get size() {
      return config().size;
    },
    get: (key) => config().get(key),
    has: (key) => config().has(key),
    keys: () => config().keys(),
    values: () => config().values(),
    entries: () => config().entries(),
    forEach: (visit) => config().forEach(visit),
    [Symbol.iterator]: () => config()[Symbol.iterator](),
  };
}
