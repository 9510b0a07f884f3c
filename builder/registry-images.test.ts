import { describe, expect, it } from 'vitest';
import type { AskRegistry } from './registry-call.ts';
import { createRegistryImages } from './registry-images.ts';

const patient = new AbortController().signal;
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** A registry that knows one manifest. */
function registryWith(manifest: unknown, status = 200): { ask: AskRegistry; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: ({ method, path, token, accept }) => {
      asked.push(`${method} ${path} ${token} ${accept ?? ''}`);
      return Promise.resolve(new Response(JSON.stringify(manifest), { status }));
    },
  };
}

describe('what an image takes in the registry', () => {
  it('is what its layers take together, and not what they unpack to', async () => {
    const layers = [{ size: 30_000_000 }, { size: 1_234 }, { size: 0 }];
    const { ask, asked } = registryWith({ config: { size: 7_000 }, layers, mediaType: 'x' });
    expect(await createRegistryImages(ask).storedBytes('apps/x', DIGEST, 'pull', patient)).toBe(30_001_234);
    expect(asked).toEqual([
      `GET /v2/apps/x/manifests/${DIGEST} pull application/vnd.docker.distribution.manifest.v2+json`,
    ]);
  });

  it('is not known of an image that is not there, or of one without layers', async () => {
    const missing = registryWith({ errors: [] }, 404);
    const asked = createRegistryImages(missing.ask).storedBytes('apps/x', DIGEST, 'pull', patient);
    await expect(asked).rejects.toThrow(`would not show apps/x@${DIGEST}: 404`);
    for (const nonsense of [{ manifests: [] }, { layers: [{ size: -1 }] }, { layers: [{}] }]) {
      const { ask } = registryWith(nonsense);
      await expect(
        createRegistryImages(ask).storedBytes('apps/x', DIGEST, 'pull', patient),
      ).rejects.toThrow();
    }
  });
});
