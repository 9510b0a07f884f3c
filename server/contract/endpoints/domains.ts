import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { addDomain as addBody, attachCertificate as attachBody } from '../requests.ts';
import { domain } from '../resources.ts';

export const listDomains = endpoint({
  method: 'GET',
  path: '/apps/:app/domains',
  summary: 'list the hosts that lead to an app, its own address among them',
  needs: 'app:view',
  answer: z.array(domain),
  ranges: ['hostname', 'id'],
});

export const addDomain = endpoint({
  method: 'POST',
  path: '/apps/:app/domains',
  summary: 'add a host of one’s own, or with *. all hosts one label below one',
  needs: 'app:operate',
  body: addBody,
  status: 201,
  answer: domain,
});

export const showDomain = endpoint({
  method: 'GET',
  path: '/apps/:app/domains/:domain',
  summary: 'show a domain, by its id or host name',
  needs: 'app:view',
  answer: domain,
});

export const updateDomain = endpoint({
  method: 'PATCH',
  path: '/apps/:app/domains/:domain',
  summary: 'set the certificate that visitors of a domain are shown; null: the platform’s own',
  needs: 'app:operate',
  body: attachBody,
  answer: domain,
});

export const removeDomain = endpoint({
  method: 'DELETE',
  path: '/apps/:app/domains/:domain',
  summary: 'remove a domain: its host leads nowhere at once',
  needs: 'app:operate',
  answer: domain,
});
