import type { Actor } from '../domain/actor.ts';
import type { Thing } from '../domain/webhook-news.ts';
import type { Wire } from '../ports/wire.ts';
import * as contract from '../contract/resources.ts';
import { shapeAccess } from './membership-shapes.ts';
import type { Outputs } from './outputs.ts';
import { shapeCertificate, shapeDomain } from './shapes-domains.ts';
import { shapeApp, shapeBuild, shapeDyno, shapeFormation, shapeRelease, type Place } from './shapes.ts';

interface WireDeps {
  readonly place: Place;
  readonly outputs: Pick<Outputs, 'ofTranscript' | 'ofRelease'>;
  /** Where the API is for those who were never asked by what name they reach it. */
  readonly origin: string;
}

/**
 * The same shapes that answers have. Each goes through the contract of its resource, which keeps what it names: a field is
 * told to nobody before somebody has said so there.
 */
export function createWire(deps: WireDeps): Wire {
  return {
    resourcesOf({ now, was }) {
      // Made once: a link is another each time, and must not look like a change.
      const output = outputOf(now, deps);
      const shape = (thing: Thing) => resourceOf(thing, deps.place, output);
      return { data: shape(now), was: was && shape(was) };
    },
  };
}

function resourceOf(thing: Thing, place: Place, output: string): Readonly<Record<string, unknown>> {
  switch (thing.kind) {
    case 'app':
      return contract.app.parse(shapeApp(thing.app, place));
    case 'release':
      return contract.release.parse(shapeRelease(thing.release, thing.app, output));
    case 'build':
      return contract.build.parse(shapeBuild(thing.build, thing.app, thing.email, output));
    case 'formation':
      return contract.formation.parse(shapeFormation(thing.count, thing.app));
    case 'domain':
      return contract.domain.parse(shapeDomain(thing.app, thing.domain, place));
    case 'certificate':
      return contract.sniEndpoint.parse(shapeCertificate(thing.app, thing.certificate));
    case 'collaborator':
      return contract.collaborator.parse(
        shapeAccess({ ...thing.collaborator, owner: false, byTeam: thing.byTeam }, thing.app),
      );
    case 'instance':
      return contract.dyno.parse(shapeDyno(thing.instance, thing.app, thing.from));
  }
}

/**
 * The link to a transcript opens without credentials, for a day and for as long as the person whose build or release it is
 * may see the app: it is made for them, because the receiver is nobody.
 */
function outputOf(thing: Thing, { outputs, origin }: WireDeps): string {
  if (thing.kind === 'build') {
    const actor = reader(thing.build.userId, thing.email);
    return outputs.ofTranscript({ actor, origin }, thing.app, thing.build.id);
  }
  if (thing.kind !== 'release') return '';
  const { id, user } = thing.release;
  return outputs.ofRelease({ actor: reader(user.id, user.email), origin }, thing.app, id);
}

function reader(userId: string, email: string): Actor {
  return { userId, email, admin: false, scopes: ['read'] };
}
