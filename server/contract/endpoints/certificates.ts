import * as z from 'zod';
import { endpoint } from '../endpoint.ts';
import { certificate as certificateBody, refreshAcm as refreshBody } from '../requests.ts';
import { app, sniEndpoint } from '../resources.ts';

export const listCertificates = endpoint({
  method: 'GET',
  path: '/apps/:app/sni-endpoints',
  summary: 'list the certificates of an app',
  needs: 'app:view',
  answer: z.array(sniEndpoint),
  ranges: ['name', 'id'],
});

export const addCertificate = endpoint({
  method: 'POST',
  path: '/apps/:app/sni-endpoints',
  summary: 'add a certificate with its private key; domains show it once it is attached to them',
  needs: 'app:operate',
  body: certificateBody,
  status: 201,
  answer: sniEndpoint,
});

export const showCertificate = endpoint({
  method: 'GET',
  path: '/apps/:app/sni-endpoints/:sni_endpoint',
  summary: 'show a certificate, by its id or name; its private key is never shown',
  needs: 'app:view',
  answer: sniEndpoint,
});

export const replaceCertificate = endpoint({
  method: 'PATCH',
  path: '/apps/:app/sni-endpoints/:sni_endpoint',
  summary: 'replace a certificate by another one that is good for the same domains',
  needs: 'app:operate',
  body: certificateBody,
  answer: sniEndpoint,
});

export const removeCertificate = endpoint({
  method: 'DELETE',
  path: '/apps/:app/sni-endpoints/:sni_endpoint',
  summary: 'remove a certificate; its domains show the platform’s own again',
  needs: 'app:operate',
  answer: sniEndpoint,
});

export const enableAcm = endpoint({
  method: 'POST',
  path: '/apps/:app/acm',
  summary: 'want certificates to be got for the domains of an app',
  needs: 'app:operate',
  answer: app,
});

export const disableAcm = endpoint({
  method: 'DELETE',
  path: '/apps/:app/acm',
  summary: 'want no certificates to be got any more',
  needs: 'app:operate',
  answer: app,
});

export const refreshAcm = endpoint({
  method: 'PATCH',
  path: '/apps/:app/acm',
  summary: 'ask for certificates again',
  needs: 'app:operate',
  body: refreshBody,
  answer: app,
});
