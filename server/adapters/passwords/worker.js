// A thread of its own for argon2id, whose work would stand in the way of every other call. Plain JavaScript, because
// threads are started from files, also where the rest runs from its TypeScript sources.
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';

// The package's own entry for modules is not one that Node can load.
const { argon2id, argon2Verify } = createRequire(import.meta.url)('hash-wasm');

parentPort.on('message', async ({ id, hash, options }) => {
  try {
    const answer =
      hash === undefined
        ? await argon2id({ ...options, outputType: 'encoded' })
        : await argon2Verify({ password: options.password, hash });
    parentPort.postMessage({ id, answer });
  } catch (err) {
    parentPort.postMessage({ id, problem: String(err) });
  }
});
