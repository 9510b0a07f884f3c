/**
 * What each sealed value belongs to, in the words its envelope is bound to: it opens there and nowhere else. To change one
 * is to make everything unreadable that was sealed before.
 */
export const releaseContext = (appId: string, id: string): string => `app ${appId} release ${id}`;
export const certificateContext = (appId: string, id: string): string => `app ${appId} certificate ${id}`;
export const drainContext = (id: string): string => `url of drain ${id}`;
export const totpContext = (userId: string): string => `second factor of ${userId}`;
export const setupContext = (id: string, part: 'order' | 'postdeploy'): string =>
  `${part} of app setup ${id}`;
export const answerContext = (userId: string, requestId: string): string =>
  `answer to ${userId} request ${requestId}`;
export const webhookContext = (id: string, what: string): string => `${what} of webhook ${id}`;
