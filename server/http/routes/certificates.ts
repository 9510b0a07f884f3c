import { Secret } from '../../../lib/secret.ts';
import {
  addCertificate,
  disableAcm,
  enableAcm,
  listCertificates,
  refreshAcm,
  removeCertificate,
  replaceCertificate,
  showCertificate,
} from '../../contract/endpoints/certificates.ts';
import type { Certificate } from '../../domain/certificate.ts';
import { listAnswer } from '../answer.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { NO_ACM, shapeCertificate } from '../shapes-domains.ts';
import { shapeApp, type Place } from '../shapes.ts';

const FIELDS = { name: (one: Certificate) => one.name, id: (one: Certificate) => one.id };

const broughtBy = (body: { certificate_chain: string; private_key: string }) => ({
  chain: body.certificate_chain,
  key: new Secret(body.private_key),
});

/** The wish is kept for the day when it can be met; until then nobody should have to wait to hear of it. */
const NO_AUTHORITY = { 'Warning-Message': NO_ACM };

export function certificateRoutes(
  { apps, certificates }: Pick<Services, 'apps' | 'certificates'>,
  place: Place,
): readonly Route[] {
  return [
    route(listCertificates, async ({ actor, params, range, signal }) => {
      const { app, certificates: all } = await certificates.list(actor, params.app, signal);
      return listAnswer(range, all, FIELDS, (one) => shapeCertificate(app, one));
    }),

    route(addCertificate, async ({ actor, params, body, signal }) => {
      const { app, certificate } = await certificates.add(actor, params.app, broughtBy(body), signal);
      return { body: shapeCertificate(app, certificate) };
    }),

    route(showCertificate, async ({ actor, params, signal }) => {
      const { app, certificate } = await certificates.find(actor, params.app, params.sni_endpoint, signal);
      return { body: shapeCertificate(app, certificate) };
    }),

    route(replaceCertificate, async ({ actor, params, body, signal }) => {
      const which = params.sni_endpoint;
      const { app, certificate } = await certificates.replace(
        actor,
        params.app,
        which,
        broughtBy(body),
        signal,
      );
      return { body: shapeCertificate(app, certificate) };
    }),

    route(removeCertificate, async ({ actor, params, signal }) => {
      const { app, certificate } = await certificates.remove(actor, params.app, params.sni_endpoint, signal);
      return { body: shapeCertificate(app, certificate) };
    }),

    route(enableAcm, async ({ actor, params, signal }) => ({
      headers: NO_AUTHORITY,
      body: shapeApp(await apps.setAcm(actor, params.app, true, signal), place),
    })),

    route(disableAcm, async ({ actor, params, signal }) => ({
      body: shapeApp(await apps.setAcm(actor, params.app, false, signal), place),
    })),

    // Nothing asks an authority yet, so there is nothing to hurry.
    route(refreshAcm, async ({ actor, params, signal }) => ({
      headers: NO_AUTHORITY,
      body: shapeApp(await apps.operable(actor, params.app, signal), place),
    })),
  ];
}
