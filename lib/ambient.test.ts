import { expect, it } from 'vitest';
import { createAmbient } from './ambient.ts';

it('is there for all that is done on behalf of the work, and for nobody else', async () => {
  const ambient = createAmbient<string>();
  const later = () =>
    new Promise<string | undefined>((resolve) => setImmediate(() => resolve(ambient.get())));
  const both = [ambient.run('a', later), ambient.run('b', later), later()];
  expect(await Promise.all(both)).toEqual(['a', 'b', undefined]);
});
