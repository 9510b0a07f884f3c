import * as z from 'zod';
import { endpoint } from '../endpoint.ts';

/** What other platforms of this API have and this one has not: clients ask for it all the same, and are told so. */

const nothing = z.array(z.never());
const anything = z.looseObject({});
const refusal = z.never();

export const listSpaces = endpoint({
  method: 'GET',
  path: '/spaces',
  summary: 'list private spaces, of which there are none',
  needs: 'identity',
  answer: nothing,
});

export const listNotifications = endpoint({
  method: 'GET',
  path: '/user/notifications',
  summary: 'list notifications, of which there are none',
  needs: 'identity',
  answer: nothing,
});

export const listFavorites = endpoint({
  method: 'GET',
  path: '/favorites',
  summary: 'list favourites, of which there are none',
  needs: 'identity',
  query: z.object({ type: z.string().max(100).optional() }),
  answer: nothing,
});

export const listClients = endpoint({
  method: 'GET',
  path: '/oauth/clients',
  summary: 'list OAuth clients, of which there are none',
  needs: 'identity',
  answer: nothing,
});

export const createClient = endpoint({
  method: 'POST',
  path: '/oauth/clients',
  summary: 'refused: there are no OAuth clients',
  needs: 'identity',
  status: 201,
  body: anything,
  answer: refusal,
});

export const listTelemetryDrains = endpoint({
  method: 'GET',
  path: '/apps/:app/telemetry-drains',
  summary: 'list telemetry drains, of which there are none',
  needs: 'app:view',
  answer: nothing,
});

export const listAddonServices = endpoint({
  method: 'GET',
  path: '/addon-services',
  summary: 'list the services that add-ons can be had of, of which there are none',
  needs: 'platform:read',
  answer: nothing,
});

export const listAllAddons = endpoint({
  method: 'GET',
  path: '/addons',
  summary: "list the add-ons of the caller's apps, of which there are none",
  needs: 'identity',
  answer: nothing,
});

export const listAddonAttachments = endpoint({
  method: 'GET',
  path: '/addon-attachments',
  summary: "list what add-ons the caller's apps use, which is none",
  needs: 'identity',
  answer: nothing,
});

export const listAppAddonAttachments = endpoint({
  method: 'GET',
  path: '/apps/:app/addon-attachments',
  summary: 'list what add-ons an app uses, which is none',
  needs: 'app:view',
  answer: nothing,
});

export const createAddon = endpoint({
  method: 'POST',
  path: '/apps/:app/addons',
  summary: 'refused: there are no add-ons',
  needs: 'app:operate',
  status: 201,
  body: anything,
  answer: refusal,
});

const part = z.object({ system: z.string(), status: z.literal('green') });

/** Whoever gets this answer has reached the platform, and that is all it says. */
export const currentStatus = endpoint({
  method: 'GET',
  path: '/api/v4/current-status',
  summary: 'say that the platform answers, as clients of the Platform API ask for it',
  needs: 'open',
  answer: z.object({ status: z.array(part), incidents: nothing, scheduled: nothing }),
});
