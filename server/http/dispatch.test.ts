import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ENDPOINTS } from '../contract/endpoints/all.ts';
import { endpoint, type Endpoint } from '../contract/endpoint.ts';
import { inOrder } from './dispatch.ts';
import { route } from './route.ts';
import { mustBeComplete } from './routes/all.ts';

const at = (path: string, over: Partial<Endpoint> = {}): Endpoint => ({
  ...endpoint({ method: 'GET', path, summary: '', needs: 'identity', answer: z.object({}) }),
  ...over,
});
const serving = (described: Endpoint) => route(described, () => Promise.resolve({ body: {} }));

describe('the order of routes', () => {
  it('puts names before parameters and parameters before the rest of a path, wherever they stand', () => {
    const paths = ['/apps/:app', '/apps/*rest', '/apps/mine', '/users/:user/apps', '/users/~/apps', '/apps'];
    const order = inOrder(paths.map((path) => serving(at(path)))).map((one) => one.endpoint.path);
    const follows = (later: string, sooner: string) => order.indexOf(later) > order.indexOf(sooner);
    expect(follows('/apps/:app', '/apps/mine')).toBe(true);
    expect(follows('/apps/*rest', '/apps/:app')).toBe(true);
    expect(follows('/users/:user/apps', '/users/~/apps')).toBe(true);
    expect(order).toHaveLength(paths.length);
  });
});

describe('the table of routes', () => {
  const [one, other] = [at('/a/:b'), at('/c')];

  it('is complete when every endpoint is served once', () => {
    expect(() => mustBeComplete([serving(one), serving(other)], [one, other])).not.toThrow();
  });

  it.each([
    ['an endpoint that nobody serves', [serving(one)], [one, other], /no route serves GET \/c/],
    ['an endpoint that is served twice', [serving(one), serving(at('/a/:z'))], [one], /two routes serve/],
    ['a route that nobody described', [serving(one), serving(other)], [one], /not described/],
    [
      'an endpoint that does not say what a caller needs',
      [serving(at('/c', { needs: '' as never }))],
      [at('/c', { needs: '' as never })],
      /does not say what a caller needs/,
    ],
  ])('does not start with %s [S-API-01]', (_case, routes, endpoints, problem) => {
    expect(() => mustBeComplete(routes, endpoints)).toThrow(problem);
  });
});

/** These name their app by what belongs to it, or in the body. */
const NAMES_ITS_APP = /^\/(?:account\/app-transfers|pipeline-couplings\/:coupling|pipeline-promotions)$/;

describe('every endpoint', () => {
  it.each(ENDPOINTS.map((one) => [`${one.method} ${one.path}`, one] as const))(
    '%s says what it does',
    (_, one) => {
      expect(one.summary).toMatch(/^[a-z]/);
      // A need that speaks of an app or a team has one in its path; an offer names the app in its body.
      const [kind] = one.needs.split(':');
      if (kind === 'app' && !NAMES_ITS_APP.test(one.path)) expect(one.path).toContain('/:app');
      if (kind === 'team') expect(one.path).toContain('/:team');
    },
  );
});
