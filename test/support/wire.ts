import { Secret } from '../../lib/secret.ts';
import { createLinks } from '../../server/http/links.ts';
import { createOutputs } from '../../server/http/outputs.ts';
import { createWire } from '../../server/http/wire.ts';
import type { Wire } from '../../server/ports/wire.ts';

export const PLACE = { domain: 'apps.example', httpPort: 80, sshPort: 22, rendezvousPort: 7002 };

/** The real words of the API, of a platform at `apps.example`. */
export function wireOf(now: () => Date): Wire {
  const outputs = createOutputs(createLinks(new Secret('a key of the suites')), now);
  return createWire({ place: PLACE, outputs, origin: 'http://api.apps.example' });
}
