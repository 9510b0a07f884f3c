import {
  addDomain,
  listDomains,
  removeDomain,
  showDomain,
  updateDomain,
} from '../../contract/endpoints/domains.ts';
import type { DomainResource } from '../../contract/resources.ts';
import type { App } from '../../domain/app.ts';
import { listAnswer } from '../answer.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { shapeDomain, shapeOwnHost } from '../shapes-domains.ts';
import type { Place } from '../shapes.ts';

const FIELDS = { hostname: (one: DomainResource) => one.hostname, id: (one: DomainResource) => one.id };

export function domainRoutes(
  { apps, domains }: Pick<Services, 'apps' | 'domains'>,
  place: Place,
): readonly Route[] {
  const isOwn = (app: App, which: string): boolean => {
    const own = shapeOwnHost(app, place);
    return which === own.id || which.toLowerCase() === own.hostname;
  };
  return [
    route(listDomains, async ({ actor, params, range, signal }) => {
      const { app, domains: custom } = await domains.list(actor, params.app, signal);
      const all = [shapeOwnHost(app, place), ...custom.map((one) => shapeDomain(app, one, place))];
      return listAnswer(range, all, FIELDS, (one) => one);
    }),

    route(addDomain, async ({ actor, params, body, signal }) => {
      const wanted = { hostname: body.hostname, certificate: body.sni_endpoint ?? null };
      const { app, domain } = await domains.add(actor, params.app, wanted, signal);
      return { body: shapeDomain(app, domain, place) };
    }),

    route(showDomain, async ({ actor, params, signal }) => {
      const found = await apps.find(actor, params.app, signal);
      if (isOwn(found, params.domain)) return { body: shapeOwnHost(found, place) };
      const { app, domain } = await domains.find(actor, found.id, params.domain, signal);
      return { body: shapeDomain(app, domain, place) };
    }),

    route(updateDomain, async ({ actor, params, body, signal }) => {
      const which = params.domain;
      const { app, domain } = await domains.attach(actor, params.app, which, body.sni_endpoint, signal);
      return { body: shapeDomain(app, domain, place) };
    }),

    route(removeDomain, async ({ actor, params, signal }) => {
      const { app, domain } = await domains.remove(actor, params.app, params.domain, signal);
      return { body: shapeDomain(app, domain, place) };
    }),
  ];
}
