import { setMaxListeners } from 'node:events';

/**
 * An AbortController for work of any breadth: Node warns of a leak at the eleventh listener of a signal, and here each
 * of a hundred requests, containers or calls under way is one, which leaves when it is done.
 */
export function abortController(): AbortController {
  const made = new AbortController();
  setMaxListeners(0, made.signal);
  return made;
}
