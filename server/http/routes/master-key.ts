import { rotateMasterKey, showMasterKey } from '../../contract/endpoints/master-key.ts';
import type { MasterKeyResource } from '../../contract/master-key-resources.ts';
import type { MasterKeyState } from '../../services/master-keys.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';

export function masterKeyRoutes(masterKeys: Services['masterKeys']): readonly Route[] {
  return [
    route(showMasterKey, async ({ actor, signal }) => ({
      body: shape(await masterKeys.show(actor, signal)),
    })),
    route(rotateMasterKey, async ({ actor, signal }) => ({
      body: shape(await masterKeys.rotate(actor, signal)),
    })),
  ];
}

function shape({ former, ...rest }: MasterKeyState): MasterKeyResource {
  return { ...rest, state: former.length === 0 ? 'current' : 'rotating', former: [...former] };
}
