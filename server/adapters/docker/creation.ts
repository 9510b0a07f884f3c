import type { ContainerCreateOptions } from 'dockerode';

/**
 * A new container as the client shall ask for it: only its name in the address. Left to itself the client repeats all of
 * it there, config vars included, and addresses are logged.
 */
export function creation(
  { name, ...body }: ContainerCreateOptions,
  abortSignal: AbortSignal,
): ContainerCreateOptions {
  const request = { _query: name === undefined ? {} : { name }, _body: body, abortSignal };
  return request;
}
